// SPDX-License-Identifier: Apache-2.0
// The seam between storage and the query engine. A log_block is a handle on some hundred to some
// ten thousand rows of one or more streams, whose columns are read on demand: a segment of a pack,
// or a snapshot of a stream's buffers in memory. The engine plans on what a handle knows without
// reading (runs, times, counts, skip filter), then asks for the columns that the query needs and no
// others.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/cache_use.h"
#include "runtime/model/labels.h"

namespace skald {

// Consecutive rows of one stream inside a block, sorted by time; rows with equal timestamps stand
// in order of arrival.
struct row_run {
  stream_ptr stream;
  std::uint32_t first_row = 0;  // index into the block's columns
  std::uint32_t row_count = 0;
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;  // closed
  std::uint64_t line_bytes = 0;       // sum of the lines' lengths, without newlines
};

// All lines of a block back to back, each followed by '\n' (a line itself may contain one, see
// text_flags).
struct line_column {
  std::string_view bytes;
  std::span<const std::uint32_t>
      starts;  // rows + 1 offsets into bytes; the last equals bytes.size()

  std::size_t rows() const { return starts.empty() ? 0 : starts.size() - 1; }
  std::string_view line(std::size_t row) const {
    return bytes.substr(starts[row], starts[row + 1] - starts[row] - 1);
  }
};

struct metadata_pair {
  std::string_view name;
  std::string_view value;
};

// Structured metadata. Both spans are empty when no row of the block has any.
struct metadata_column {
  std::span<const std::uint32_t> starts;  // rows + 1 offsets into pairs
  std::span<const metadata_pair> pairs;

  bool empty() const { return pairs.empty(); }
  std::span<const metadata_pair> row(std::size_t row) const {
    return starts.empty() ? std::span<const metadata_pair>()
                          : pairs.subspan(starts[row], starts[row + 1] - starts[row]);
  }
};

// Facts about all bytes of a block's lines. The default claims nothing.
struct text_flags {
  bool ascii = false;            // no byte >= 0x80
  bool utf8 = false;             // valid UTF-8
  bool embedded_newline = true;  // some line may contain '\n'
  bool unicode_escape = true;    // some line may contain a backslash followed by 'u'
};

// What a line must hold to reach a query's result; asked of a block's skip filter. Built by the
// planner only where skipping is safe (docs/formats/pack.md, skip filters).
struct skip_probe {
  enum class kind : std::uint8_t {
    always,         // no claim: every block may match
    all_of,         // every child must be possible
    any_of,         // one child must be possible
    text,           // lines contain `text`
    metadata_pair,  // some row has structured metadata `text` = `value`
  };
  kind what = kind::always;
  std::string text;
  std::string value;
  bool ignore_case = false;
  // The text is a value that a json or logfmt parser extracts: bytes that these may rewrite prove
  // nothing.
  bool parsed_value = false;
  std::vector<skip_probe> children;
};

// The values of one label over the rows of a block that stores its lines as columns. A row whose
// value is unknown has to be parsed; every other row has exactly what the parser would extract from
// its line, which the parser takes without error.
struct field_column {
  static constexpr std::uint32_t unknown = 0;      // codes: nothing is known, parse the line
  static constexpr std::uint32_t absent = 1;       // the line does not have the label
  static constexpr std::uint32_t first_value = 2;  // values[code - first_value]

  std::span<const std::uint32_t> codes;      // one per row of the block
  std::span<const std::string_view> values;  // mostly distinct, so that each is tested once
};

inline constexpr std::int64_t nanoseconds_per_minute = 60'000'000'000;

// A whole minute since the epoch in which a run has rows. It includes its end, not its start, as
// the windows of metric queries do.
struct minute_mark {
  static constexpr std::uint32_t minutes_max = (1U << 11) - 1;
  static constexpr std::uint32_t rows_max = (1U << 21) - 1;
  std::uint32_t minute : 11;      // counted from the first one that has rows
  std::uint32_t rows_until : 21;  // rows in it and before it
};

// How the rows of a run spread over time.
struct minute_counts {
  std::int64_t first_end_ns = 0;       // end of the first minute that has rows
  std::span<const minute_mark> marks;  // rising; empty: not known
  std::int64_t end_ns(const minute_mark& mark) const {
    return first_end_ns + static_cast<std::int64_t>(mark.minute) * nanoseconds_per_minute;
  }
};

enum class line_format_kind : std::uint8_t { json, logfmt };

// What reading a block cost, for the query's statistics.
struct block_read_stats {
  std::uint64_t stored_bytes_read = 0;  // compressed bytes fetched
  std::uint64_t inflated_bytes = 0;     // bytes after decompression
  std::uint64_t fetch_count = 0;        // range reads
  cache_use cache;                      // in front of the store: what it had was not fetched
};

// Owned and used by one thread at a time. Spans and views that a call returns stay valid until
// release() or destruction. Column reads may block on storage. Errors: corrupt (named section),
// unavailable, not_found.
class log_block {
 public:
  virtual ~log_block() = default;

  // The rows that the query may use: a block may hold further rows of other streams. Known without
  // reading.
  virtual std::span<const row_run> runs() const = 0;
  // Orders blocks of one stream by arrival: of rows with equal timestamps those of the lower number
  // came first.
  virtual std::uint64_t arrival_order() const = 0;
  // Whether rows come from memory (an ingester's head) rather than from a pack. For statistics.
  virtual bool in_memory() const = 0;

  // False only if no row can satisfy the probe. A damaged or absent filter gives true.
  virtual bool may_match(const skip_probe& probe) = 0;

  // Columns over all rows of the block, indexed by row number.
  virtual result<std::span<const std::int64_t>> timestamps() = 0;
  virtual result<line_column> lines() = 0;
  // lines().starts alone, where the block can tell without reading the lines.
  virtual result<std::span<const std::uint32_t>> line_starts() {
    SKALD_TRY_ASSIGN(const line_column all, lines());
    return all.starts;
  }
  // The lines of some rows (ascending). Only these may be looked at: other rows have no bytes in
  // the answer, not even a newline. The spans live until the next call of lines() or lines_of().
  virtual result<line_column> lines_of(std::span<const std::uint32_t> rows) {
    static_cast<void>(rows);
    return lines();
  }
  // Whether fields, or some lines, cost less than all lines: the block stores lines as columns.
  virtual bool has_fields() const { return false; }
  virtual result<metadata_column> metadata() = 0;
  // Valid at any time; the default claims nothing.
  virtual text_flags flags() const = 0;
  // Of one of runs(), when that is known without reading. Valid until release().
  virtual minute_counts minutes_of(const row_run& run) {
    static_cast<void>(run);
    return {};
  }
  // The values of a label as the given parser names it (flattened, sanitised), or null when this
  // block has no such columns and its lines must be parsed. A label that no row of a block with
  // columns has is answered with a column, not with null. Valid until release().
  virtual result<const field_column*> field(line_format_kind format, std::string_view label) {
    static_cast<void>(format);
    static_cast<void>(label);
    return static_cast<const field_column*>(nullptr);
  }
  // Rows whose line may hold `text`, ascending, none that does is missing; nothing when reading the
  // lines is the cheaper way to find out. `ignore_case` folds ASCII letters only: the caller must
  // not ask for it where other folding counts.
  virtual result<std::optional<std::vector<std::uint32_t>>> rows_with_text(std::string_view text,
                                                                           bool ignore_case) {
    static_cast<void>(text);
    static_cast<void>(ignore_case);
    return std::optional<std::vector<std::uint32_t>>();
  }

  // Also after release(), which may add to them.
  virtual block_read_stats read_stats() const = 0;
  // Frees the columns; they can be read again.
  virtual void release() = 0;
};

using block_list = std::vector<std::unique_ptr<log_block>>;

}  // namespace skald
