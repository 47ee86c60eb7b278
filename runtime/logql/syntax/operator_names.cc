// SPDX-License-Identifier: Apache-2.0
// The spellings of operators and functions.
#include <array>

#include "runtime/logql/syntax/printer.h"

namespace skald::logql {
namespace {

template <std::size_t Count, class Enum>
std::string_view name_at(const std::array<std::string_view, Count>& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

}  // namespace

std::string_view to_string(line_filter_op op) {
  static constexpr std::array<std::string_view, 6> names{"|=", "!=", "|~", "!~", "|>", "!>"};
  return name_at(names, op);
}

std::string_view to_string(compare_op op) {
  static constexpr std::array<std::string_view, 6> names{"=", "!=", ">", ">=", "<", "<="};
  return name_at(names, op);
}

std::string_view to_string(range_op op) {
  static constexpr std::array<std::string_view, 15> names{"count_over_time",  "rate",
                                                          "rate_counter",     "bytes_over_time",
                                                          "bytes_rate",       "sum_over_time",
                                                          "avg_over_time",    "min_over_time",
                                                          "max_over_time",    "stdvar_over_time",
                                                          "stddev_over_time", "quantile_over_time",
                                                          "first_over_time",  "last_over_time",
                                                          "absent_over_time"};
  return name_at(names, op);
}

std::string_view to_string(vector_op op) {
  static constexpr std::array<std::string_view, 12> names{
      "sum",    "avg",  "min",     "max",         "count", "stddev",
      "stdvar", "topk", "bottomk", "approx_topk", "sort",  "sort_desc"};
  return name_at(names, op);
}

std::string_view to_string(binary_op op) {
  static constexpr std::array<std::string_view, 15> names{
      "or", "and", "unless", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "^"};
  return name_at(names, op);
}

}  // namespace skald::logql
