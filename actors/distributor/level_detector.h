// SPDX-License-Identifier: Apache-2.0
// Finds an entry's log level for the structured metadata `detected_level`: from metadata, from a
// JSON or logfmt field, or from a level word in the line. Pure; made per push from the tenant's
// limits, which must outlive it. Cost: JSON and logfmt lines are read up to the level field, other
// lines up to the first level word.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/limits/tenant_limits.h"
#include "runtime/model/log_block.h"

namespace skald {

inline constexpr std::string_view detected_level_name = "detected_level";
inline constexpr std::string_view unknown_level = "unknown";

// trace, debug, info, warn, error, critical or fatal for one of their spellings in any case; other
// words as they are. The view is of static storage or of `word`.
std::string_view normalized_level(std::string_view word);

// The first level word of a text, or an empty view: whole words in any case.
std::string_view find_level_word(std::string_view line);

class level_detector {
 public:
  explicit level_detector(const tenant_limits& limits);

  // The level of an entry whose stream labels name none. `metadata` has its final names, without
  // detected_level. The result views static storage or `metadata`.
  std::string_view detect(std::string_view line, std::span<const metadata_pair> metadata) const;

  // The level of a line alone: "unknown" when it names none.
  std::string_view from_line(std::string_view line) const;

 private:
  std::string_view json_field(std::string_view object) const;
  bool may_have_logfmt_field(std::string_view line) const;
  std::string_view logfmt_field(std::string_view line) const;
  bool is_field(std::string_view key) const;

  const std::vector<std::string>& fields_;
  std::uint64_t field_lengths_ = 0;     // bit n: some field has n bytes (63: or more)
  std::array<bool, 256> field_ends_{};  // some field ends with this character, in either case
  std::int64_t json_depth_max_;         // <= 0: any
};

}  // namespace skald
