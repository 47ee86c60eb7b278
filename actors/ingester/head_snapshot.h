// SPDX-License-Identifier: Apache-2.0
// What a chunk buffer holds at one moment, for readers and for the flush.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "actors/ingester/slice_ref.h"
#include "runtime/model/labels.h"

namespace skald {

// The rows of one buffer at one moment: copied into columns, or where they came in. Immutable; safe
// from any thread.
struct head_snapshot {
  stream_ptr stream;
  std::int64_t day = 0;              // of all timestamps
  std::uint64_t first_sequence = 0;  // WAL sequence of the first entry: orders buffers by arrival
  std::uint32_t rows = 0;
  std::uint32_t duplicates = 0;  // rows left out
  bool sorted = true;            // timestamps never fall
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;  // closed
  std::uint32_t text_bytes = 0;       // of the lines, newlines included

  // Either: the rows as they stand in push frames, each slice behind the former in time, each in
  // order and without duplicates.
  std::vector<slice_ref> slices;

  // Or: columns.
  std::shared_ptr<const std::int64_t[]> timestamps;
  // Ends of the lines in `lines`, behind the '\n'; row 0 begins at 0.
  std::shared_ptr<const std::uint32_t[]> line_ends;
  std::shared_ptr<const char[]> lines;
  // Null when no row has metadata. Ends of the rows' encoded pairs; row 0 begins at 0. A row is
  // pairs one behind the other: name length and value length as uint32, name, value.
  std::shared_ptr<const std::uint32_t[]> metadata_ends;
  std::shared_ptr<const char[]> metadata;

  bool is_by_reference() const { return !slices.empty(); }
  std::uint64_t line_bytes() const { return text_bytes - rows; }
};

using head_snapshot_ptr = std::shared_ptr<const head_snapshot>;

// How a reader gets rows that stand in push frames.
enum class reader_form : std::uint8_t {
  in_frames,  // where they are: pins the whole frames, which other readers share
  copied,     // in columns of exact size
};

// The same rows. Frames that nobody but readers holds any more do not count as held, since pushes
// would wait for a slow query then; they count as held by readers.
head_snapshot_ptr for_reader(head_snapshot_ptr taken, reader_form form);

}  // namespace skald
