// SPDX-License-Identifier: Apache-2.0
// Reads encoded columns: all values, those of some rows, or the rows whose value holds a needle.
// Layout: docs/formats/column_types.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "storage/chunk/column/column_facts.h"

namespace skald {

// A decoded column: either distinct values and a code per row, or (codes empty) a value per row.
struct decoded_column {
  std::span<const std::string_view> values;
  std::span<const std::uint32_t> codes;
  std::uint32_t rows = 0;

  std::string_view value(std::size_t row) const { return values[codes.empty() ? row : codes[row]]; }
};

// Owns the memory of what it decoded, which stays valid until clear() or destruction, however many
// columns are decoded; values may also point into the payload, which must live as long. One thread
// at a time. Payloads are foreign bytes: any malformed one gives corrupt, and at most
// section_bytes_max bytes of text are rendered. `rows` is the number of values (the caller bounds
// it); `entry_times_ns` are the timestamps of these rows, of which there must be `rows`.
class column_decoder {
 public:
  column_decoder();
  ~column_decoder();
  column_decoder(const column_decoder&) = delete;
  column_decoder& operator=(const column_decoder&) = delete;

  result<decoded_column> decode(std::string_view payload, std::uint32_t rows,
                                std::span<const std::int64_t> entry_times_ns);

  // The same for some positions only (ascending): the answer's row i is position wanted[i] of the
  // column. What is not wanted is not rendered.
  result<decoded_column> decode_some(std::string_view payload, std::uint32_t rows,
                                     std::span<const std::int64_t> entry_times_ns,
                                     std::span<const std::uint32_t> wanted);

  // Appends to `found`, ascending, the positions in the column whose value holds `needle`. Exact.
  // `ignore_ascii_case` folds A-Z. Memory is freed on return.
  result<void> find(std::string_view payload, std::uint32_t rows,
                    std::span<const std::int64_t> entry_times_ns, std::string_view needle,
                    bool ignore_ascii_case, std::vector<std::uint32_t>& found);

  // As find() in the payload, in what decode() gave for it.
  static void find_in(const decoded_column& column, std::string_view needle, bool ignore_ascii_case,
                      std::vector<std::uint32_t>& found);

  // Frees what was decoded.
  void clear();
  std::size_t memory_bytes() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

}  // namespace skald
