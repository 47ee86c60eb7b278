// SPDX-License-Identifier: Apache-2.0
// ip("..."): an address, an inclusive range A-B or a CIDR, v4 or v6, searched in text the way Loki
// finds candidates. An immutable value.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace skald::logql {

// An address as 16 bytes; v4 stands in the last four.
struct ip_address {
  bool is_v4 = true;
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const ip_address&, const ip_address&) = default;
};

// Dotted v4 without leading zeros, v6 with `::` and an embedded v4 tail. No zones.
std::optional<ip_address> parse_ip_address(std::string_view text);

class ip_matcher {
 public:
  // Errors: invalid_argument, `ip: invalid pattern: "x"`.
  static result<ip_matcher> compile(std::string_view pattern);

  bool contains(const ip_address& address) const;
  // Whether some address in the text is one of ours.
  bool is_in(std::string_view text) const;

 private:
  ip_address first_;
  ip_address last_;  // inclusive
};

}  // namespace skald::logql
