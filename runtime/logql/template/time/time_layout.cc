// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/time/time_layout.h"

#include <utility>

namespace skald::logql {
namespace {

using element = layout_element;

bool is_digit_at(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= '0' && text[at] <= '9';
}

bool is_lower_at(std::string_view text, std::size_t at) {
  return at < text.size() && text[at] >= 'a' && text[at] <= 'z';
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

using found_element = std::pair<element, std::size_t>;  // the element and its length
constexpr found_element nothing{element::none, 0};

found_element find_digit_element(std::string_view text) {
  switch (text[0]) {
    case '0':
      if (text.size() >= 2 && text[1] >= '1' && text[1] <= '6') {
        static constexpr element elements[] = {element::zero_month,  element::zero_day,
                                               element::zero_hour12, element::zero_minute,
                                               element::zero_second, element::year};
        return {elements[text[1] - '1'], 2};
      }
      return starts_with(text, "002") ? found_element{element::zero_year_day, 3} : nothing;
    case '1':
      return starts_with(text, "15") ? found_element{element::hour, 2}
                                     : found_element{element::number_month, 1};
    case '2':
      return starts_with(text, "2006") ? found_element{element::long_year, 4}
                                       : found_element{element::day, 1};
    case '3':
      return {element::hour12, 1};
    case '4':
      return {element::minute, 1};
    case '5':
      return {element::second, 1};
    default:
      return nothing;
  }
}

found_element find_zone_element(std::string_view text) {
  static constexpr std::pair<std::string_view, std::pair<element, element>> forms[] = {
      {"070000", {element::z_seconds, element::hours_seconds}},
      {"07:00:00", {element::z_colon_seconds, element::colon_seconds}},
      {"0700", {element::z_hours_minutes, element::hours_minutes}},
      {"07:00", {element::z_colon, element::colon}},
      {"07", {element::z_hours, element::hours}},
  };
  for (const auto& [digits, elements] : forms) {
    if (starts_with(text.substr(1), digits)) {
      return {text[0] == 'Z' ? elements.first : elements.second, digits.size() + 1};
    }
  }
  return nothing;
}

found_element find_word_element(std::string_view text) {
  if (starts_with(text, "January")) return {element::long_month, 7};
  if (starts_with(text, "Jan") && !is_lower_at(text, 3)) return {element::month, 3};
  if (starts_with(text, "Monday")) return {element::long_weekday, 6};
  if (starts_with(text, "Mon") && !is_lower_at(text, 3)) return {element::weekday, 3};
  if (starts_with(text, "MST")) return {element::zone_name, 3};
  if (starts_with(text, "PM")) return {element::upper_pm, 2};
  if (starts_with(text, "pm")) return {element::lower_pm, 2};
  return nothing;
}

// Digits of a fraction behind a point or comma at the start of `text`, or 0.
std::size_t fraction_digits(std::string_view text) {
  if (text.size() < 2 || (text[1] != '0' && text[1] != '9')) return 0;
  std::size_t end = 1;
  while (end < text.size() && text[end] == text[1]) ++end;
  return is_digit_at(text, end) ? 0 : end - 1;
}

}  // namespace

layout_chunk next_chunk(std::string_view layout) {
  for (std::size_t i = 0; i < layout.size(); ++i) {
    const std::string_view text = layout.substr(i);
    found_element found = nothing;
    std::size_t literal = i;
    switch (text[0]) {
      case 'J':
      case 'M':
      case 'P':
      case 'p':
        found = find_word_element(text);
        break;
      case '-':
      case 'Z':
        found = find_zone_element(text);
        break;
      case '_':
        if (starts_with(text, "_2006")) {
          literal = i + 1;
          found = {element::long_year, 4};
        } else if (starts_with(text, "_2")) {
          found = {element::under_day, 2};
        } else if (starts_with(text, "__2")) {
          found = {element::under_year_day, 3};
        }
        break;
      case '.':
      case ',':
        if (const std::size_t digits = fraction_digits(text); digits > 0) {
          layout_chunk chunk{layout.substr(0, i),
                             text[1] == '0' ? element::fraction_zeros : element::fraction_nines,
                             static_cast<int>(digits), text[0], text.substr(digits + 1)};
          return chunk;
        }
        break;
      default:
        found = find_digit_element(text);
        break;
    }
    if (found.first != element::none) {
      return {layout.substr(0, literal), found.first, 0, '.',
              layout.substr(literal + found.second)};
    }
  }
  return {layout, element::none, 0, '.', {}};
}

bool is_numeric_zone(layout_element e) {
  return e >= element::z_hours && e <= element::colon_seconds;
}

}  // namespace skald::logql
