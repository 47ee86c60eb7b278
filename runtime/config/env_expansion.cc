// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/env_expansion.h"

#include <charconv>
#include <cstdlib>

namespace skald {
namespace {

bool is_name_char(char c, bool first) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (!first && c >= '0' && c <= '9');
}

error bad_form(std::string_view inside) {
  return {errc::invalid_argument,
          "unable to expand environment reference ${" + std::string(inside) + "}"};
}

// ${VAR:2} and ${VAR:2:3}; a word that is no number leaves the value as it is.
std::string cut(const std::string& value, std::string_view range) {
  std::size_t offset = 0;
  const auto [end, failed] = std::from_chars(range.data(), range.data() + range.size(), offset);
  if (failed != std::errc()) return value;
  std::size_t length = std::string::npos;
  if (end != range.data() + range.size() && *end == ':') {
    std::from_chars(end + 1, range.data() + range.size(), length);
  }
  return offset >= value.size() ? "" : value.substr(offset, length);
}

std::string changed_case(std::string value, bool upper) {
  for (char& c : value) {
    if (upper && c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    if (!upper && c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return value;
}

// `inside` is the text between the braces.
result<std::string> expand_one(std::string_view inside, const env_lookup& lookup) {
  const bool length_of = !inside.empty() && inside[0] == '#';
  std::string_view rest = inside.substr(length_of ? 1 : 0);
  std::size_t end = 0;
  while (end < rest.size() && is_name_char(rest[end], end == 0)) ++end;
  if (end == 0) return bad_form(inside);
  const std::optional<std::string> found = lookup(std::string(rest.substr(0, end)));
  const std::string value = found.value_or("");
  const std::string_view form = rest.substr(end);
  if (length_of) {
    if (!form.empty()) return bad_form(inside);
    return std::to_string(value.size());
  }
  if (form.empty()) return value;
  if (form.substr(0, 2) == ":-" || form.substr(0, 2) == ":=") {
    return value.empty() ? std::string(form.substr(2)) : value;
  }
  if (form[0] == '-' || form[0] == '=') return found ? value : std::string(form.substr(1));
  if (form == "^^") return changed_case(value, true);
  if (form == ",,") return changed_case(value, false);
  if (form[0] == ':') return cut(value, form.substr(1));
  return bad_form(inside);
}

}  // namespace

result<std::string> expand_environment(std::string_view text, const env_lookup& lookup) {
  std::string out;
  out.reserve(text.size());
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t dollar = text.find('$', at);
    if (dollar == std::string_view::npos || dollar + 1 == text.size()) {
      out += text.substr(at);
      break;
    }
    out += text.substr(at, dollar - at);
    const char next = text[dollar + 1];
    if (next == '$') {
      out += '$';
      at = dollar + 2;
    } else if (next == '{') {
      const std::size_t close = text.find('}', dollar + 2);
      if (close == std::string_view::npos) {
        return error{errc::invalid_argument, "missing closing brace of an environment reference"};
      }
      SKALD_TRY_ASSIGN(const std::string value,
                       expand_one(text.substr(dollar + 2, close - dollar - 2), lookup));
      out += value;
      at = close + 1;
    } else {
      out += '$';
      at = dollar + 1;
    }
  }
  return out;
}

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

}  // namespace skald
