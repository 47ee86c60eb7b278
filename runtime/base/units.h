// SPDX-License-Identifier: Apache-2.0
// Durations and byte sizes as Loki's users write them. Three dialects exist because Go programs use
// three parsers: Go's own time.ParseDuration ("1h30m", "1.5s"), Prometheus' ("1d", "2w", whole
// numbers, units in falling order) and humanize's byte sizes ("10MB", "4 KiB", "1.5gb"). All
// functions are pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace skald {

// Go's time.ParseDuration: sign, decimals, units ns us µs ms s m h. Nanoseconds.
// Errors: invalid_argument with Go's text (time: invalid duration "x", time: missing unit in
// duration "3", ...).
result<std::int64_t> parse_go_duration(std::string_view text);

// Prometheus' model.ParseDuration: whole numbers with units y w d h m s ms, each at most once,
// falling; "0" allowed. Nanoseconds. Errors: invalid_argument with Prometheus' text (not a valid
// duration string: "x", empty duration string).
result<std::int64_t> parse_prometheus_duration(std::string_view text);

// humanize.ParseBytes: decimal (kB MB ...) and binary (KiB MiB ...) units, any case, optional
// space, decimals. Bytes. Errors: invalid_argument.
result<std::uint64_t> parse_bytes(std::string_view text);

// Go's Duration.String(): "1h30m0s", "1.5s", "100ms", "0s".
std::string format_go_duration(std::int64_t nanoseconds);

// Prometheus' model.Duration.String(): "1d", "1h30m", "5m", "0s".
std::string format_prometheus_duration(std::int64_t nanoseconds);

}  // namespace skald
