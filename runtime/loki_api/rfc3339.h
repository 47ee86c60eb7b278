// SPDX-License-Identifier: Apache-2.0
// Times as RFC 3339 writes them, the way Go's time.RFC3339Nano reads and writes them. Pure
// functions. Unit: nanoseconds since the Unix epoch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace skald {

// "2026-11-22T15:52:55Z", with an optional fraction (more than nine digits are cut) and an offset
// instead of Z. Years outside of what 64-bit nanoseconds hold give nothing, like text that is no
// time.
std::optional<std::int64_t> parse_rfc3339(std::string_view text);

// In UTC, without trailing zeros of the fraction: "2026-11-22T15:52:55.5Z".
std::string format_rfc3339(std::int64_t timestamp_ns);

}  // namespace skald
