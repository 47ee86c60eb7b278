// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/timestamp_codec.h"

#include <array>

namespace skald {
namespace {

// Many senders give milliseconds or seconds: then all differences share a factor.
constexpr std::array<std::uint64_t, 4> units = {1, 1'000, 1'000'000, 1'000'000'000};

std::size_t largest_common_unit(std::span<const std::uint64_t> deltas) {
  for (std::size_t i = units.size() - 1; i > 0; --i) {
    bool fits = true;
    for (const std::uint64_t delta : deltas) {
      if (delta % units[i] != 0) {
        fits = false;
        break;
      }
    }
    if (fits) return i;
  }
  return 0;
}

struct timestamp_run {
  std::int64_t first = 0;
  std::size_t rows = 0;
};

error malformed(const char* why) {
  return {errc::corrupt, std::string("section TS: ") + why};
}

}  // namespace

void timestamp_encoder::append(std::span<const std::int64_t> timestamps,
                               std::span<const std::uint32_t> run_rows, compressor& zstd,
                               std::string& out) {
  deltas_.clear();
  std::size_t row = 0;
  for (const std::uint32_t rows : run_rows) {
    SKALD_ASSERT(rows > 0 && rows <= timestamps.size() - row);
    for (std::size_t i = row + 1; i < row + rows; ++i) {
      // Unsigned, as the difference of two int64 may need 64 bits.
      deltas_.push_back(static_cast<std::uint64_t>(timestamps[i]) -
                        static_cast<std::uint64_t>(timestamps[i - 1]));
    }
    row += rows;
  }
  SKALD_ASSERT(row == timestamps.size());
  const std::size_t unit = largest_common_unit(deltas_);
  if (unit > 0) {
    for (std::uint64_t& delta : deltas_) delta /= units[unit];
  }
  out.push_back(static_cast<char>(unit));
  append_varint(out, run_rows.size());
  std::uint64_t previous = 0;
  row = 0;
  for (const std::uint32_t rows : run_rows) {
    const auto first = static_cast<std::uint64_t>(timestamps[row]);
    append_varint(out, rows);
    append_varint(out, zigzag(static_cast<std::int64_t>(first - previous)));
    previous = first;
    row += rows;
  }
  planes_.append(deltas_, &zstd, out);
}

result<void> decode_timestamps(std::string_view payload, std::span<std::int64_t> out,
                               std::vector<std::uint32_t>* run_rows) {
  bounded_reader from(payload);
  const std::size_t unit = from.fixed<std::uint8_t>();
  if (unit >= units.size()) return malformed("unknown unit");
  // Each run has one row at least, so that neither count can make this allocate more than the rows
  // asked for.
  std::vector<timestamp_run> runs(from.varint_up_to(out.size()));
  std::uint64_t first = 0;
  std::size_t rows = 0;
  for (timestamp_run& run : runs) {
    run.rows = from.varint_up_to(out.size() - rows);
    first += static_cast<std::uint64_t>(unzigzag(from.varint()));
    run.first = static_cast<std::int64_t>(first);
    if (from.failed() || run.rows == 0) return malformed("malformed runs");
    rows += run.rows;
  }
  if (from.failed() || rows != out.size()) return malformed("runs do not add up to the rows");
  byte_buffer memory((rows - runs.size()) * sizeof(std::uint64_t));
  const auto deltas = memory.as<std::uint64_t>(rows - runs.size());
  if (!decode_planes(from, deltas) || !from.finished()) return malformed("malformed differences");
  if (run_rows != nullptr) {
    run_rows->clear();
    for (const timestamp_run& run : runs) {
      run_rows->push_back(static_cast<std::uint32_t>(run.rows));
    }
  }
  const std::uint64_t* delta = deltas.data();
  std::int64_t* to = out.data();
  for (const timestamp_run& run : runs) {
    auto value = static_cast<std::uint64_t>(run.first);
    *to++ = run.first;
    for (std::size_t i = 1; i < run.rows; ++i) {
      value += *delta++ * units[unit];
      *to++ = static_cast<std::int64_t>(value);
    }
  }
  return {};
}

}  // namespace skald
