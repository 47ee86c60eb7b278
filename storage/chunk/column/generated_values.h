// SPDX-License-Identifier: Apache-2.0
// Columns for tests and benchmarks: values of one kind, drawn from a seed.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace skald {

// A column as the encoder takes it.
struct value_column {
  std::vector<std::string> texts;
  std::vector<std::int64_t> times_ns;

  std::vector<std::string_view> views() const { return {texts.begin(), texts.end()}; }
};

// A column of one value per text, entries a millisecond apart.
value_column column_of(std::vector<std::string> texts);

enum class value_kind {
  level,         // five words
  route,         // 200 paths
  number,        // up to seven digits
  counter,       // rising by little
  duration,      // "12.5ms"
  float_number,  // "0.0312"
  padded,        // "000123"
  trace_id,      // 32 hex digits
  short_id,      // 16 hex digits
  uuid,
  iso_time,   // the entry's time, ms
  nano_time,  // the entry's time, fraction without trailing zeros
  common_log_time,
  epoch_ms,
  order_id,  // "ord-20000123"
  message,   // words and numbers
  mixed,     // numbers, words, empty ones
  binary,    // any bytes
  address,   // "10.42.7.255"
};
inline constexpr int value_kinds = 19;

value_column generate_column(value_kind kind, std::size_t rows, std::mt19937_64& random);

}  // namespace skald
