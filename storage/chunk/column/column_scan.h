// SPDX-License-Identifier: Apache-2.0
// A first look at the values of a column: what they have in common, and which types a sample of
// them allows. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "storage/chunk/column/column_facts.h"
#include "storage/chunk/column/time_text.h"

namespace skald {

// Bytes that all values begin and end with; together no more than the shortest value.
struct column_affix {
  std::uint32_t prefix = 0;
  std::uint32_t suffix = 0;

  bool empty() const { return prefix == 0 && suffix == 0; }
  std::string_view core(std::string_view value) const {
    return {value.data() + prefix, value.size() - prefix - suffix};
  }
  friend bool operator==(const column_affix&, const column_affix&) = default;
};

struct column_scan {
  bool all_equal = false;
  std::uint32_t bytes_min = 0;
  std::uint32_t bytes_max = 0;
  std::uint64_t bytes = 0;  // of all values
  column_affix affix;       // cut so that no number is cut
};

column_scan scan_values(std::span<const std::string_view> values);

// Types that all sampled values allow, to be tried in the order of the enumeration.
struct column_candidates {
  column_affix affix;  // to be taken off
  bool integer = false;
  bool fixed = false;
  bool decimal = false;
  bool hex = false;
  bool uuid = false;
  bool address = false;

  bool none() const { return !integer && !fixed && !decimal && !hex && !uuid && !address; }
};

column_candidates find_candidates(std::span<const std::string_view> values,
                                  const column_scan& scan);

// A form of time that all sampled values may have, after taking off `affix`.
struct time_candidate {
  bool found = false;
  column_affix affix;
  time_form form;
};

time_candidate find_time_candidate(std::span<const std::string_view> values,
                                   std::span<const std::int64_t> entry_times_ns,
                                   const column_scan& scan);

}  // namespace skald
