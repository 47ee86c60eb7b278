// SPDX-License-Identifier: Apache-2.0
#include "runtime/http/form_values.h"

#include <algorithm>

#include "runtime/base/ascii_case.h"
#include "runtime/model/go_string.h"

namespace skald {
namespace {

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string_view form_values::get(std::string_view name) const {
  for (const auto& [key, value] : pairs_) {
    if (key == name) return value;
  }
  return {};
}

bool form_values::has(std::string_view name) const {
  return std::any_of(pairs_.begin(), pairs_.end(),
                     [&](const auto& pair) { return pair.first == name; });
}

std::vector<std::string_view> form_values::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : pairs_) {
    if (key == name) values.push_back(value);
  }
  return values;
}

void form_values::set(std::string_view name, std::string_view value) {
  std::erase_if(pairs_, [&](const auto& pair) { return pair.first == name; });
  pairs_.emplace_back(name, value);
}

result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '+' && plus_is_space) {
      out += ' ';
    } else if (c != '%') {
      out += c;
    } else {
      const int high = i + 1 < text.size() ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        std::string message = "invalid URL escape ";
        append_go_quoted(message, text.substr(i, 3));
        return error{errc::invalid_argument, std::move(message)};
      }
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  return out;
}

std::string percent_encode_path(std::string_view path) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-_.~$&+,/:;=@!*'()").find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += digits[static_cast<unsigned char>(c) >> 4];
      out += digits[static_cast<unsigned char>(c) & 15];
    }
  }
  return out;
}

result<form_values> parse_form(std::string_view encoded) {
  form_values form;
  while (!encoded.empty()) {
    const std::size_t end = std::min(encoded.find('&'), encoded.size());
    const std::string_view pair = encoded.substr(0, end);
    encoded.remove_prefix(std::min(end + 1, encoded.size()));
    if (pair.empty()) continue;
    if (pair.find(';') != std::string_view::npos) {
      return error{errc::invalid_argument, "invalid semicolon separator in query"};
    }
    const std::size_t equals = std::min(pair.find('='), pair.size());
    SKALD_TRY_ASSIGN(std::string name, percent_decode(pair.substr(0, equals), true));
    const std::string_view raw_value =
        equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
    SKALD_TRY_ASSIGN(std::string value, percent_decode(raw_value, true));
    form.append(std::move(name), std::move(value));
  }
  return form;
}

result<form_values> request_form(const http_request& request) {
  form_values form;
  const bool body_counts =
      request.method == "POST" || request.method == "PUT" || request.method == "PATCH";
  if (body_counts &&
      media_type(request.header("Content-Type")) == "application/x-www-form-urlencoded") {
    SKALD_TRY_ASSIGN(form, parse_form(request.body));
  }
  SKALD_TRY_ASSIGN(const form_values url, parse_form(request.query));
  for (const auto& [name, value] : url) form.append(name, value);
  return form;
}

std::string clean_path(std::string_view path) {
  std::string out;
  bool trailing_slash = false;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    const std::string_view segment = path.substr(0, end);
    trailing_slash = end < path.size() || segment == "." || segment == "..";
    path.remove_prefix(std::min(end + 1, path.size()));
    if (segment.empty() || segment == ".") continue;
    if (segment == "..") {
      out.resize(out.empty() ? 0 : out.rfind('/'));
      continue;
    }
    out += '/';
    out += segment;
  }
  if (out.empty() || trailing_slash) out += '/';
  return out;
}

std::string media_type(std::string_view content_type) {
  return ascii_lower_case(trim(content_type.substr(0, content_type.find(';'))));
}

bool list_accepts(std::string_view list, std::string_view item) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find(','), list.size());
    std::string_view element = list.substr(0, end);
    list.remove_prefix(std::min(end + 1, list.size()));
    const std::size_t semicolon = std::min(element.find(';'), element.size());
    const std::string_view parameters = element.substr(semicolon);
    element = trim(element.substr(0, semicolon));
    if (!equal_header_names(element, item)) continue;
    // Only an explicit zero (q=0, q=0.0, q=0.000) refuses.
    const std::size_t quality = parameters.find("q=");
    if (quality == std::string_view::npos) return true;
    return parameters.substr(quality + 2).find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

}  // namespace skald
