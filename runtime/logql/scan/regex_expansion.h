// SPDX-License-Identifier: Apache-2.0
// Replacement texts of regular expressions: `$1`, `$name`, `${name}` and `$$`, with Go's rules.
#pragma once

#include <re2/re2.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace skald::logql {

// A replacement text, cut into literal parts and groups once for any number of matches.
class regex_expansion {
 public:
  // A reference to a group that `regex` lacks stands for nothing.
  regex_expansion(const re2::RE2& regex, std::string_view text);

  // `groups` are those of one match, the whole match first. Ends early once `out` is longer than
  // `bytes_max`, as many references to a long group would fill the memory.
  void append(std::string& out, const std::vector<re2::StringPiece>& groups,
              std::size_t bytes_max = std::string::npos) const;

 private:
  struct part {
    std::string text;
    int group = -1;  // -1: none behind the text
  };

  std::vector<part> parts_;
};

}  // namespace skald::logql
