// SPDX-License-Identifier: Apache-2.0
// Go's reference layouts, cut into literal text and elements.
#pragma once

#include <string_view>

namespace skald::logql {

enum class layout_element {
  none,  // the rest of the layout is literal
  long_month,
  month,
  number_month,
  zero_month,
  long_weekday,
  weekday,
  day,
  under_day,
  zero_day,
  under_year_day,
  zero_year_day,
  hour,
  hour12,
  zero_hour12,
  minute,
  zero_minute,
  second,
  zero_second,
  long_year,
  year,
  upper_pm,
  lower_pm,
  zone_name,
  z_hours,          // Z07
  z_hours_minutes,  // Z0700
  z_colon,          // Z07:00
  z_seconds,        // Z070000
  z_colon_seconds,  // Z07:00:00
  hours,            // -07
  hours_minutes,    // -0700
  colon,            // -07:00
  hours_seconds,    // -070000
  colon_seconds,    // -07:00:00
  fraction_zeros,   // .000
  fraction_nines    // .999
};

struct layout_chunk {
  std::string_view literal;  // in front of the element
  layout_element element = layout_element::none;
  int digits = 0;         // of fractions
  char separator = '.';   // of fractions
  std::string_view rest;  // behind the element
};

layout_chunk next_chunk(std::string_view layout);

// Elements that stand for a numeric zone offset.
bool is_numeric_zone(layout_element element);

}  // namespace skald::logql
