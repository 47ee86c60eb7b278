// SPDX-License-Identifier: Apache-2.0
// Refusals of entries by the ingester, with the texts that Loki's clients see. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/ingester/ingester_interface.h"

namespace skald {

// Entries of one slice that are too far behind their stream.
struct late_entry {
  std::int64_t timestamp_ns = 0;
  std::int64_t oldest_acceptable_ns = 0;
};

struct rejection_context {
  std::string_view tenant;
  std::string_view labels;
  std::uint64_t lines_in_slice = 0;
  std::uint32_t listed_max = 10;  // 0: all
};

// 400. `late` must not be empty; `bytes` are those of the refused lines.
stream_rejection reject_late(const rejection_context& context, const std::vector<late_entry>& late,
                             std::uint64_t bytes);
// 429: the whole slice. Views of its timestamps and line lengths.
stream_rejection reject_rate_limited(const rejection_context& context, const stream_slice& slice,
                                     std::uint64_t limit_bytes_per_second);
// 429: a new stream over the tenant's limit.
stream_rejection reject_stream_limit(const rejection_context& context, const stream_slice& slice);
// 400: label text that is not canonical or does not belong to its fingerprint; a distributor of
// ours never sends it.
stream_rejection reject_labels(const rejection_context& context, const stream_slice& slice);
// 503: the stream failed too often.
stream_rejection reject_quarantined(const rejection_context& context, const stream_slice& slice);

// Go's time.Time.String() of a UTC time: "2026-11-22 12:51:57.157413373 +0000 UTC".
std::string format_go_time(std::int64_t timestamp_ns);
// RFC 3339 in whole seconds: "2026-11-22T12:51:57Z".
std::string format_rfc3339_seconds(std::int64_t timestamp_ns);
// Decimal units without a space: "100B", "3.1MB".
std::string format_byte_size(std::uint64_t bytes);

}  // namespace skald
