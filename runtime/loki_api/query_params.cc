// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/query_params.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/base/ascii_case.h"
#include "runtime/base/go_number.h"
#include "runtime/base/units.h"
#include "runtime/loki_api/rfc3339.h"
#include "runtime/model/go_string.h"

namespace skald {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;
constexpr std::int64_t default_since_ns = 3600 * ns_per_second;
constexpr std::int64_t points_max = 11'000;
constexpr std::int64_t default_points = 250;
constexpr std::uint32_t default_limit = 100;
constexpr std::uint32_t default_line_limit = 100;
constexpr std::uint32_t default_field_limit = 1000;
constexpr std::size_t seconds_digits_max = 10;

constexpr std::string_view end_before_start =
    "end timestamp must not be before or equal to start time";
constexpr std::string_view bad_step =
    "zero or negative query resolution step widths are not accepted. Try a positive integer";
constexpr std::string_view too_many_points =
    "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of "
    "the step parameter";
constexpr std::string_view bad_limit = "limit must be a positive value";

error invalid(std::string_view message) {
  return {errc::invalid_argument, std::string(message)};
}

std::int64_t saturated(double nanoseconds) {
  constexpr double bound = 9.2e18;
  return static_cast<std::int64_t>(std::clamp(nanoseconds, -bound, bound));
}

std::int64_t saturated_seconds(std::int64_t seconds) {
  std::int64_t ns = 0;
  if (!__builtin_mul_overflow(seconds, ns_per_second, &ns)) return ns;
  return seconds < 0 ? std::numeric_limits<std::int64_t>::min()
                     : std::numeric_limits<std::int64_t>::max();
}

std::int64_t saturated_difference(std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  if (!__builtin_sub_overflow(a, b, &out)) return out;
  return a < b ? std::numeric_limits<std::int64_t>::min()
               : std::numeric_limits<std::int64_t>::max();
}

result<std::int64_t> time_or(const form_values& form, std::string_view name,
                             std::int64_t fallback) {
  const std::string_view text = form.get(name);
  if (text.empty()) return fallback;
  auto time = parse_api_time(text);
  if (time) return *time;
  return invalid("could not parse '" + std::string(name) + "' parameter: " + time.error().message);
}

// strconv.Atoi with its name in the error.
result<std::int64_t> parse_atoi(std::string_view text) {
  auto number = parse_go_int(text, 10);
  if (number) return *number;
  std::string message = number.error().message;
  constexpr std::string_view from = "strconv.ParseInt";
  if (message.starts_with(from)) message.replace(0, from.size(), "strconv.Atoi");
  return invalid(message);
}

result<std::uint32_t> parse_limit(std::string_view text, std::uint32_t fallback) {
  if (text.empty()) return fallback;
  SKALD_TRY_ASSIGN(const std::int64_t limit, parse_atoi(text));
  if (limit <= 0) return invalid(bad_limit);
  if (limit > std::numeric_limits<std::uint32_t>::max()) {
    return invalid("limit value " + std::to_string(limit) + " is out of range [0, 4294967295]");
  }
  return static_cast<std::uint32_t>(limit);
}

result<query_direction> parse_direction(std::string_view text) {
  const std::string lower = ascii_lower_case(text);
  if (lower.empty() || lower == "backward") return query_direction::backward;
  if (lower == "forward") return query_direction::forward;
  return invalid("invalid direction '" + std::string(text) + "'");
}

// The step, given or such that a range has about 250 points.
result<std::int64_t> parse_step(const form_values& form, const time_bounds& bounds) {
  const std::int64_t length = saturated_difference(bounds.end_ns, bounds.start_ns);
  const std::string_view text = form.get("step");
  if (text.empty()) {
    return std::max<std::int64_t>(length / ns_per_second / default_points, 1) * ns_per_second;
  }
  SKALD_TRY_ASSIGN(const std::int64_t step, parse_api_duration(text));
  if (step <= 0) return invalid(bad_step);
  return step;
}

result<void> check_points(const time_bounds& bounds, std::int64_t step_ns) {
  if (saturated_difference(bounds.end_ns, bounds.start_ns) / step_ns > points_max) {
    return invalid(too_many_points);
  }
  return {};
}

// Between commas as they stand: " b" of "a, b" is a name that no stream has.
std::vector<std::string> split_names(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    names.emplace_back(text.substr(0, comma));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
    if (text.empty()) names.emplace_back();
  }
  return names;
}

std::string without_blanks(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    while (!item.empty() && item.back() == ' ') item.remove_suffix(1);
    if (!item.empty()) items.emplace_back(item);
  }
  return items;
}

}  // namespace

result<std::int64_t> parse_api_time(std::string_view text) {
  if (double seconds = 0; text.find('.') != std::string_view::npos &&
                          try_parse_go_float(text, seconds) && std::isfinite(seconds)) {
    double whole = 0;
    const double fraction = std::modf(seconds, &whole);
    const double rounded = std::round(fraction * 1000) / 1000;
    return saturated(whole * 1e9) + static_cast<std::int64_t>(rounded * 1e9);
  }
  auto number = parse_go_int(text, 10);
  if (number) return text.size() <= seconds_digits_max ? saturated_seconds(*number) : *number;
  if (const auto time = parse_rfc3339(text)) return *time;
  return std::move(number).error();
}

result<std::int64_t> parse_api_duration(std::string_view text) {
  if (double seconds = 0; try_parse_go_float(text, seconds)) {
    const double ns = seconds * 1e9;
    if (!(ns > -9.2e18 && ns < 9.2e18)) {
      std::string message = "cannot parse ";
      append_go_quoted(message, text);
      return invalid(message + " to a valid duration. It overflows int64");
    }
    return static_cast<std::int64_t>(ns);
  }
  if (auto duration = parse_prometheus_duration(text); duration) return *duration;
  std::string message = "cannot parse ";
  append_go_quoted(message, text);
  return invalid(message + " to a valid duration");
}

result<time_bounds> parse_time_bounds(const form_values& form, std::int64_t now_ns) {
  std::int64_t since_ns = default_since_ns;
  if (const std::string_view since = form.get("since"); !since.empty()) {
    auto parsed = parse_prometheus_duration(since);
    if (!parsed) return invalid("could not parse 'since' parameter: " + parsed.error().message);
    since_ns = *parsed;
  }
  time_bounds bounds;
  SKALD_TRY_ASSIGN(bounds.end_ns, time_or(form, "end", now_ns));
  const std::int64_t base = std::min(bounds.end_ns, now_ns);
  SKALD_TRY_ASSIGN(bounds.start_ns, time_or(form, "start", saturated_difference(base, since_ns)));
  return bounds;
}

result<range_query_params> parse_range_query(const form_values& form, std::int64_t now_ns) {
  range_query_params params;
  params.query = form.get("query");
  SKALD_TRY_ASSIGN(const time_bounds bounds, parse_time_bounds(form, now_ns));
  params.start_ns = bounds.start_ns;
  params.end_ns = bounds.end_ns;
  if (bounds.end_ns < bounds.start_ns) return invalid(end_before_start);
  SKALD_TRY_ASSIGN(params.limit, parse_limit(form.get("limit"), default_limit));
  SKALD_TRY_ASSIGN(params.direction, parse_direction(form.get("direction")));
  SKALD_TRY_ASSIGN(params.step_ns, parse_step(form, bounds));
  SKALD_TRY(check_points(bounds, params.step_ns));
  if (const std::string_view interval = form.get("interval"); !interval.empty()) {
    SKALD_TRY_ASSIGN(params.interval_ns, parse_api_duration(interval));
    if (params.interval_ns < 0) return invalid("interval must be >= 0");
  }
  return params;
}

result<instant_query_params> parse_instant_query(const form_values& form, std::int64_t now_ns) {
  instant_query_params params;
  params.query = form.get("query");
  SKALD_TRY_ASSIGN(params.limit, parse_limit(form.get("limit"), default_limit));
  const std::string_view time = form.get("time");
  params.time_ns = now_ns;
  if (!time.empty()) {
    SKALD_TRY_ASSIGN(params.time_ns, parse_api_time(time));
  }
  SKALD_TRY_ASSIGN(params.direction, parse_direction(form.get("direction")));
  return params;
}

result<label_query_params> parse_label_query(const form_values& form, std::int64_t now_ns) {
  SKALD_TRY_ASSIGN(const time_bounds bounds, parse_time_bounds(form, now_ns));
  return label_query_params{std::string(form.get("query")), bounds.start_ns, bounds.end_ns};
}

result<label_query_params> parse_detected_labels(const form_values& form, std::int64_t now_ns) {
  SKALD_TRY_ASSIGN(auto params, parse_label_query(form, now_ns));
  if (params.end_ns < params.start_ns) return invalid(end_before_start);
  return params;
}

result<label_query_params> parse_patterns_query(const form_values& form, std::int64_t now_ns) {
  SKALD_TRY_ASSIGN(auto params, parse_label_query(form, now_ns));
  const time_bounds bounds{params.start_ns, params.end_ns};
  SKALD_TRY_ASSIGN(const std::int64_t step_ns, parse_step(form, bounds));
  SKALD_TRY(check_points(bounds, step_ns));
  return params;
}

result<series_query_params> parse_series_query(const form_values& form, std::int64_t now_ns) {
  SKALD_TRY_ASSIGN(const time_bounds bounds, parse_time_bounds(form, now_ns));
  series_query_params params{{}, bounds.start_ns, bounds.end_ns};
  for (const auto& [name, value] : form) {
    if ((name == "match" || name == "match[]") && !value.empty()) params.matches.push_back(value);
  }
  std::sort(params.matches.begin(), params.matches.end());
  params.matches.erase(std::unique(params.matches.begin(), params.matches.end()),
                       params.matches.end());
  const bool everything =
      params.matches.size() == 1 && without_blanks(params.matches.front()) == "{}";
  if (everything) params.matches.clear();
  for (const std::string& match : params.matches) {
    if (without_blanks(match) == "{}") return invalid("0 matchers in group: " + match);
  }
  return params;
}

result<volume_query_params> parse_volume_query(const form_values& form, std::int64_t now_ns,
                                               bool with_step) {
  volume_query_params params;
  params.query = form.get("query");
  // 0 stands for the default here; the other parameters are checked as those of the query
  // endpoints are, used or not.
  form_values checked = form;
  if (!form.get("limit").empty()) {
    SKALD_TRY_ASSIGN(const std::int64_t limit, parse_atoi(form.get("limit")));
    if (limit == 0) checked.set("limit", "");
  }
  if (with_step) {
    SKALD_TRY_ASSIGN(const range_query_params range, parse_range_query(checked, now_ns));
    params.limit = range.limit;
    params.step_ns = range.step_ns;
  } else {
    SKALD_TRY_ASSIGN(const instant_query_params instant, parse_instant_query(checked, now_ns));
    params.limit = instant.limit;
  }
  params.target_labels = split_names(form.get("targetLabels"));
  const std::string_view aggregate = form.get("aggregateBy");
  params.aggregate_by_labels = aggregate == "labels";
  if (!aggregate.empty() && aggregate != "series" && aggregate != "labels") {
    return invalid("invalid aggregation option");
  }
  SKALD_TRY_ASSIGN(const time_bounds bounds, parse_time_bounds(form, now_ns));
  params.start_ns = bounds.start_ns;
  params.end_ns = bounds.end_ns;
  if (bounds.end_ns < bounds.start_ns) return invalid(end_before_start);
  return params;
}

result<detected_fields_params> parse_detected_fields(const form_values& form, std::int64_t now_ns) {
  SKALD_TRY_ASSIGN(const time_bounds bounds, parse_time_bounds(form, now_ns));
  detected_fields_params params;
  params.query = form.get("query");
  params.start_ns = bounds.start_ns;
  params.end_ns = bounds.end_ns;
  if (bounds.end_ns < bounds.start_ns) return invalid(end_before_start);
  SKALD_TRY_ASSIGN(params.line_limit, parse_limit(form.get("line_limit"), default_line_limit));
  const std::string_view limit = form.has("limit") ? form.get("limit") : form.get("field_limit");
  SKALD_TRY_ASSIGN(params.limit, parse_limit(limit, default_field_limit));
  SKALD_TRY_ASSIGN(params.step_ns, parse_step(form, bounds));
  SKALD_TRY(check_points(bounds, params.step_ns));
  return params;
}

encoding_flags parse_encoding_flags(const http_request& request) {
  encoding_flags flags;
  flags.names = split_list(request.header("X-Loki-Response-Encoding-Flags"));
  flags.categorize_labels =
      std::find(flags.names.begin(), flags.names.end(), "categorize-labels") != flags.names.end();
  return flags;
}

}  // namespace skald
