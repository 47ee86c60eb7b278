// SPDX-License-Identifier: Apache-2.0
// Feeds the column decoder with foreign payloads, and the encoder with foreign values: whatever it
// encodes must come back. The first byte chooses the number of rows, the second what to do.
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/base/assert.h"
#include "storage/chunk/column/column_decoder.h"
#include "storage/chunk/column/column_encoder.h"

namespace skald {
namespace {

std::vector<std::int64_t> times_of(std::uint32_t rows) {
  std::vector<std::int64_t> times(rows);
  for (std::uint32_t row = 0; row < rows; ++row) {
    times[row] = 1'795'338'331'123'456'789 + row * 1'000'003;
  }
  return times;
}

void look_at(const decoded_column& column) {
  volatile std::size_t sum = 0;
  for (std::size_t row = 0; row < column.rows; ++row) {
    for (const char byte : column.value(row)) sum = sum + static_cast<unsigned char>(byte);
  }
}

void decode(std::string_view payload, std::uint32_t rows) {
  const auto times = times_of(rows);
  column_decoder decoder;
  const auto all = decoder.decode(payload, rows, times);
  if (all.ok()) look_at(*all);
  const std::vector<std::uint32_t> wanted = {rows / 2};
  const auto one = decoder.decode_some(payload, rows, times, wanted);
  if (one.ok()) look_at(*one);
  std::vector<std::uint32_t> found;
  for (const std::string_view needle : {"1", "0a", "T0"}) {
    static_cast<void>(decoder.find(payload, rows, times, needle, true, found).ok());
  }
  SKALD_ASSERT(std::all_of(found.begin(), found.end(), [&](auto row) { return row < rows; }));
}

// Values are the parts of `text` between newlines.
void encode(std::string_view text, column_type hint) {
  std::vector<std::string_view> values;
  while (true) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    values.push_back(text.substr(0, end));
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  const auto rows = static_cast<std::uint32_t>(values.size());
  const auto times = times_of(rows);
  column_encoder encoder;
  compressor zstd;
  std::string payload;
  encoder.append(values, times, hint, zstd, payload);
  column_decoder decoder;
  const auto decoded = decoder.decode(payload, rows, times);
  SKALD_ASSERT(decoded.ok());
  for (std::uint32_t row = 0; row < rows; ++row) {
    SKALD_ASSERT(decoded->value(row) == values[row]);
    SKALD_ASSERT(encoder.facts().may_equal(values[row]));
  }
}

}  // namespace
}  // namespace skald

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 2, size - 2);
  if (data[1] % 2 == 0) {
    skald::decode(rest, 1 + data[0] * 3U);
  } else {
    skald::encode(rest, static_cast<skald::column_type>(data[0] % 11));
  }
  return 0;
}
