// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/ip_matcher.h"

#include <arpa/inet.h>

#include <charconv>
#include <cstring>

namespace skald::logql {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// The longest run from `at` of bytes that `accepts`.
template <class Predicate>
std::string_view run_of(std::string_view text, std::size_t at, Predicate accepts) {
  std::size_t end = at;
  while (end < text.size() && accepts(text[end])) ++end;
  return text.substr(at, end - at);
}

bool starts_v4(std::string_view text, std::size_t at) {
  if (!is_digit(text[at]) || at + 3 >= text.size()) return false;
  return text[at + 1] == '.' || text[at + 2] == '.' || text[at + 3] == '.';
}

bool starts_v6(std::string_view text, std::size_t at) {
  if (text[at] == ':') {
    return at + 2 < text.size() && text[at + 1] == ':' && is_hex(text[at + 2]);
  }
  const std::size_t digits = run_of(text, at, is_hex).size();
  return digits >= 1 && digits <= 4 && at + digits < text.size() && text[at + digits] == ':';
}

// The text at `at` that may be an address; empty when none starts there.
std::string_view candidate_at(std::string_view text, std::size_t at) {
  if (starts_v4(text, at)) {
    return run_of(text, at, [](char c) { return is_digit(c) || c == '.'; });
  }
  if (starts_v6(text, at)) {
    return run_of(text, at, [](char c) { return is_hex(c) || c == ':' || c == '.'; });
  }
  return {};
}

// First and last address of a prefix.
void apply_prefix(ip_address& first, ip_address& last, unsigned bits) {
  const unsigned skip = first.is_v4 ? 96 : 0;
  for (unsigned bit = skip + bits; bit < 128; ++bit) {
    const auto mask = static_cast<std::uint8_t>(0x80u >> (bit % 8));
    first.bytes[bit / 8] = static_cast<std::uint8_t>(first.bytes[bit / 8] & ~mask);
    last.bytes[bit / 8] = static_cast<std::uint8_t>(last.bytes[bit / 8] | mask);
  }
}

std::optional<unsigned> parse_prefix_bits(std::string_view text, bool is_v4) {
  unsigned bits = 0;
  const auto [end, why] = std::from_chars(text.data(), text.data() + text.size(), bits);
  if (text.empty() || why != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  if (bits > (is_v4 ? 32u : 128u)) return std::nullopt;
  return bits;
}

// `fe80::1%eth0`, as Go reads it.
bool is_zoned_address(std::string_view text) {
  const std::size_t zone = text.find('%');
  if (zone == text.npos || zone + 1 == text.size()) return false;
  const std::optional<ip_address> address = parse_ip_address(text.substr(0, zone));
  return address.has_value() && !address->is_v4;
}

}  // namespace

std::optional<ip_address> parse_ip_address(std::string_view text) {
  char buffer[64];
  if (text.empty() || text.size() >= sizeof buffer) return std::nullopt;
  std::memcpy(buffer, text.data(), text.size());
  buffer[text.size()] = '\0';
  if (std::strlen(buffer) != text.size()) return std::nullopt;
  ip_address address;
  if (text.find(':') == std::string_view::npos) {
    // inet_pton refuses leading zeros, short forms and hex, as Go does.
    if (inet_pton(AF_INET, buffer, address.bytes.data() + 12) != 1) return std::nullopt;
    return address;
  }
  address.is_v4 = false;
  if (inet_pton(AF_INET6, buffer, address.bytes.data()) != 1) return std::nullopt;
  return address;
}

result<ip_matcher> ip_matcher::compile(std::string_view pattern) {
  const skald::error bad{errc::invalid_argument,
                         "ip: invalid pattern: \"" + std::string(pattern) + "\""};
  ip_matcher matcher;
  if (is_zoned_address(pattern)) {
    // Valid, but no address in a line has a zone: the range is empty.
    matcher.first_.is_v4 = matcher.last_.is_v4 = false;
    matcher.first_.bytes.fill(0xFF);
    return matcher;
  }
  const std::size_t dash = pattern.find('-');
  const std::size_t slash = pattern.find('/');
  const std::optional<ip_address> first =
      parse_ip_address(pattern.substr(0, std::min(dash, slash)));
  if (!first.has_value()) return bad;
  matcher.first_ = matcher.last_ = *first;
  if (dash != std::string_view::npos) {
    const std::optional<ip_address> last = parse_ip_address(pattern.substr(dash + 1));
    if (!last.has_value() || last->is_v4 != first->is_v4 || *last < *first) return bad;
    matcher.last_ = *last;
  } else if (slash != std::string_view::npos) {
    const auto bits = parse_prefix_bits(pattern.substr(slash + 1), first->is_v4);
    if (!bits.has_value()) return bad;
    apply_prefix(matcher.first_, matcher.last_, *bits);
  }
  return matcher;
}

bool ip_matcher::contains(const ip_address& address) const {
  return address.is_v4 == first_.is_v4 && first_ <= address && address <= last_;
}

bool ip_matcher::is_in(std::string_view text) const {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::string_view candidate = candidate_at(text, at);
    if (candidate.empty()) {
      ++at;
      continue;
    }
    const std::optional<ip_address> address = parse_ip_address(candidate);
    if (address.has_value() && contains(*address)) return true;
    at += candidate.size() + 1;
  }
  return false;
}

}  // namespace skald::logql
