// SPDX-License-Identifier: Apache-2.0
#include "testing/reference/plain_text.h"

#include <arpa/inet.h>
#include <re2/re2.h>

#include <cctype>

#include "runtime/model/go_string.h"

namespace skald::logql::reference {
namespace {

constexpr char32_t replacement = 0xFFFD;

struct code_point {
  char32_t value = 0;
  std::string bytes;
};

std::vector<code_point> code_points(const std::string& text) {
  std::vector<code_point> out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    const char32_t value = decode_utf8(std::string_view(text).substr(at), length);
    out.push_back({value, text.substr(at, length)});
    at += length;
  }
  return out;
}

bool is_space(char32_t c) {
  return c == ' ' || (c >= 9 && c <= 13) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

}  // namespace

std::string repair_utf8(const std::string& text) {
  return replace_fffd(text, "\xEF\xBF\xBD");
}

std::string replace_fffd(const std::string& text, const std::string& with) {
  std::string out;
  for (const code_point& c : code_points(text)) out += c.value == replacement ? with : c.bytes;
  return out;
}

bool has_fffd(const std::string& text) {
  for (const code_point& c : code_points(text)) {
    if (c.value == replacement) return true;
  }
  return false;
}

std::string joined_name(const std::string& prefix, const std::string& key) {
  std::vector<code_point> points = code_points(key);
  while (!points.empty() && is_space(points.back().value)) points.pop_back();
  while (!points.empty() && is_space(points.front().value)) points.erase(points.begin());
  if (points.empty()) return prefix;
  const bool starts_with_digit = points[0].value >= '0' && points[0].value <= '9';
  std::string name = prefix;
  if (!prefix.empty() || starts_with_digit) name += '_';
  for (const code_point& c : points) {
    const bool is_word =
        c.value < 128 && (std::isalnum(static_cast<int>(c.value)) != 0 || c.value == '_');
    name += is_word ? static_cast<char>(c.value) : '_';
  }
  return name;
}

std::vector<pattern_part> pattern_parts(const std::string& pattern) {
  static const re2::RE2 capture("^<([A-Za-z_][A-Za-z0-9_]*)>");
  std::vector<pattern_part> parts;
  for (std::size_t at = 0; at < pattern.size();) {
    std::string name;
    if (re2::RE2::PartialMatch(pattern.substr(at), capture, &name)) {
      parts.push_back({true, name});
      at += name.size() + 2;
      continue;
    }
    if (parts.empty() || parts.back().is_capture) parts.push_back({false, ""});
    parts.back().text += pattern[at++];
  }
  return parts;
}

bool pattern_filter_matches(const std::string& pattern, const std::string& line) {
  if (pattern.empty()) return line.empty();
  if (line.empty()) return false;
  const std::vector<pattern_part> parts = pattern_parts(pattern);
  std::size_t at = 0;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].is_capture) continue;
    // A wildcard in front must cover a byte; a leading literal may stand anywhere.
    const std::size_t found = line.find(parts[i].text, at);
    if (found == std::string::npos) return false;
    if (i > 0 && found == at) return false;
    at = found + parts[i].text.size();
  }
  return parts.back().is_capture ? at < line.size() : at == line.size();
}

std::optional<address> read_address(const std::string& text) {
  unsigned char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) return address(bytes, bytes + 4);
  if (inet_pton(AF_INET6, text.c_str(), bytes) == 1) return address(bytes, bytes + 16);
  return std::nullopt;
}

namespace {

struct address_range {
  address first;
  address last;
};

std::optional<address_range> read_range(const std::string& pattern) {
  if (const auto single = read_address(pattern)) return address_range{*single, *single};
  const std::size_t dash = pattern.find('-');
  if (dash != std::string::npos) {
    const auto first = read_address(pattern.substr(0, dash));
    const auto last = read_address(pattern.substr(dash + 1));
    if (!first || !last || first->size() != last->size()) return std::nullopt;
    return address_range{*first, *last};
  }
  const std::size_t slash = pattern.find('/');
  if (slash == std::string::npos) return std::nullopt;
  const auto base = read_address(pattern.substr(0, slash));
  const std::string digits = pattern.substr(slash + 1);
  if (!base || digits.empty() || digits.size() > 3) return std::nullopt;
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const std::size_t bits = std::stoul(digits);
  if (bits > base->size() * 8) return std::nullopt;
  address_range range{*base, *base};
  for (std::size_t bit = bits; bit < base->size() * 8; ++bit) {
    const auto mask = static_cast<unsigned char>(0x80 >> (bit % 8));
    range.first[bit / 8] &= static_cast<unsigned char>(~mask);
    range.last[bit / 8] |= mask;
  }
  return range;
}

bool is_hex(char c) {
  return std::isxdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool starts_v4(const std::string& text, std::size_t at) {
  if (!is_digit(text[at]) || at + 3 >= text.size()) return false;
  return text[at + 1] == '.' || text[at + 2] == '.' || text[at + 3] == '.';
}

bool starts_v6(const std::string& text, std::size_t at) {
  static const re2::RE2 start("^(?:::[0-9A-Fa-f]|[0-9A-Fa-f]{1,4}:)");
  return re2::RE2::PartialMatch(text.substr(at), start);
}

}  // namespace

bool is_valid_ip_pattern(const std::string& pattern) {
  return read_range(pattern).has_value();
}

bool has_address(const std::string& pattern, const std::string& text) {
  const auto range = read_range(pattern);
  if (!range) return false;
  for (std::size_t at = 0; at < text.size();) {
    const bool v4 = starts_v4(text, at);
    if (!v4 && !starts_v6(text, at)) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (
        end < text.size() &&
        (text[end] == '.' || (v4 ? is_digit(text[end]) : is_hex(text[end]) || text[end] == ':'))) {
      ++end;
    }
    const auto found = read_address(text.substr(at, end - at));
    if (found && found->size() == range->first.size() && range->first <= *found &&
        *found <= range->last) {
      return true;
    }
    at = end + 1;
  }
  return false;
}

}  // namespace skald::logql::reference
