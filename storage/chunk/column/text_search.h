// SPDX-License-Identifier: Apache-2.0
// Finds a needle in values, with or without regard to the case of ASCII letters.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace skald {

// One thread at a time: keeps scratch memory.
class text_search {
 public:
  text_search(std::string_view needle, bool ignore_ascii_case);

  // As it is searched for: folded to lower case when case is ignored.
  std::string_view needle() const { return needle_; }
  bool in(std::string_view text);
  // Appends the positions of the values that hold the needle. The values lie one directly behind
  // the other in memory, so that they are searched as one text.
  void in_values(std::span<const std::string_view> values, std::vector<std::uint32_t>& found);

 private:
  std::string_view folded(std::string_view text);

  std::string needle_;
  bool ignore_case_;
  std::string text_;
};

}  // namespace skald
