// SPDX-License-Identifier: Apache-2.0
// Case of ASCII letters; other bytes stay as they are. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace skald {

constexpr char ascii_lower_case(char c) {
  return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

inline std::string ascii_lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = ascii_lower_case(c);
  return out;
}

}  // namespace skald
