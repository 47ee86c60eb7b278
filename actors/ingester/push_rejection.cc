// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/push_rejection.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>

namespace skald {
namespace {

struct civil_time {
  int year;
  unsigned month, day;
  int hour, minute, second;
  std::int64_t nanoseconds;
};

civil_time to_civil(std::int64_t timestamp_ns) {
  namespace chr = std::chrono;
  const chr::sys_time<chr::nanoseconds> time{chr::nanoseconds{timestamp_ns}};
  const auto days = chr::floor<chr::days>(time);
  const chr::year_month_day date{days};
  const chr::hh_mm_ss clock{time - days};
  return {static_cast<int>(date.year()),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          static_cast<int>(clock.hours().count()),
          static_cast<int>(clock.minutes().count()),
          static_cast<int>(clock.seconds().count()),
          clock.subseconds().count()};
}

std::uint64_t bytes_of(const stream_slice& slice) {
  return slice.line_bytes();
}

std::uint64_t listed(const rejection_context& context, std::uint64_t failed) {
  return context.listed_max == 0 ? failed : std::min<std::uint64_t>(failed, context.listed_max);
}

void append_entry(std::string& text, std::int64_t timestamp_ns, std::string_view reason) {
  text += fmt::format("entry with timestamp {} ignored, reason: '{}',\n",
                      format_go_time(timestamp_ns), reason);
}

void append_total(std::string& text, const rejection_context& context, std::uint64_t failed) {
  text += fmt::format("user '{}', total ignored: {} out of {} for stream: {}", context.tenant,
                      failed, context.lines_in_slice, context.labels);
}

}  // namespace

std::string format_go_time(std::int64_t timestamp_ns) {
  const auto t = to_civil(timestamp_ns);
  auto text = fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}", t.year, t.month, t.day, t.hour,
                          t.minute, t.second);
  if (t.nanoseconds != 0) {
    auto fraction = fmt::format(".{:09}", t.nanoseconds);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text += fraction;
  }
  return text + " +0000 UTC";
}

std::string format_rfc3339_seconds(std::int64_t timestamp_ns) {
  const auto t = to_civil(timestamp_ns);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.year, t.month, t.day, t.hour,
                     t.minute, t.second);
}

std::string format_byte_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 7> units = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  if (bytes < 10) return fmt::format("{}B", bytes);
  const auto power = std::min<std::size_t>(
      units.size() - 1, static_cast<std::size_t>(
                            std::floor(std::log(static_cast<double>(bytes)) / std::log(1000.0))));
  const double scaled =
      std::floor(static_cast<double>(bytes) / std::pow(1000.0, static_cast<double>(power)) * 10 +
                 0.5) /
      10;
  return scaled < 10 ? fmt::format("{:.1f}{}", scaled, units[power])
                     : fmt::format("{:.0f}{}", scaled, units[power]);
}

stream_rejection reject_late(const rejection_context& context, const std::vector<late_entry>& late,
                             std::uint64_t bytes) {
  std::string text;
  for (std::uint64_t i = 0; i < listed(context, late.size()); ++i) {
    append_entry(text, late[i].timestamp_ns,
                 fmt::format("entry too far behind, entry timestamp is: {}, oldest acceptable "
                             "timestamp is: {}",
                             format_rfc3339_seconds(late[i].timestamp_ns),
                             format_rfc3339_seconds(late[i].oldest_acceptable_ns)));
  }
  append_total(text, context, late.size());
  return {std::string(context.labels), 400, "too_far_behind", std::move(text), late.size(), bytes};
}

stream_rejection reject_rate_limited(const rejection_context& context, const stream_slice& slice,
                                     std::uint64_t limit_bytes_per_second) {
  std::string text;
  for (std::uint64_t i = 0; i < listed(context, slice.rows()); ++i) {
    append_entry(
        text, slice.timestamps[i],
        fmt::format("Per stream rate limit exceeded (limit: {}/sec) while attempting to ingest for "
                    "stream '{}' totaling {}, consider splitting a stream via additional labels or "
                    "contact your Loki administrator to see if the limit can be increased",
                    format_byte_size(limit_bytes_per_second), context.labels,
                    format_byte_size(slice.lines.line(i).size())));
  }
  append_total(text, context, slice.rows());
  return {std::string(context.labels),
          429,
          "per_stream_rate_limit",
          std::move(text),
          slice.rows(),
          bytes_of(slice)};
}

stream_rejection reject_stream_limit(const rejection_context& context, const stream_slice& slice) {
  auto text = fmt::format(
      "maximum active stream limit exceeded when trying to create stream {}, reduce the number of "
      "active streams (reduce labels or reduce label values), or contact your Loki administrator "
      "to see if the limit can be increased, user: '{}'",
      context.labels, context.tenant);
  return {std::string(context.labels),
          429,
          "stream_limit",
          std::move(text),
          slice.rows(),
          bytes_of(slice)};
}

stream_rejection reject_labels(const rejection_context& context, const stream_slice& slice) {
  auto text = fmt::format("labels {} do not belong to their fingerprint", context.labels);
  return {std::string(context.labels),
          400,
          "invalid_labels",
          std::move(text),
          slice.rows(),
          bytes_of(slice)};
}

stream_rejection reject_quarantined(const rejection_context& context, const stream_slice& slice) {
  auto text = fmt::format("stream {} failed repeatedly and accepts no entries now", context.labels);
  return {std::string(context.labels),
          503,
          "stream_unavailable",
          std::move(text),
          slice.rows(),
          bytes_of(slice)};
}

}  // namespace skald
