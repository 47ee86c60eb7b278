// SPDX-License-Identifier: Apache-2.0
// All rows of a pack as plain values, for tests that compare what went in with what comes out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"

namespace skald {

struct pack_row {
  std::int64_t timestamp = 0;
  std::string line;
  stream_rows::pairs metadata;
  friend bool operator==(const pack_row&, const pack_row&) = default;
};
using rows_by_stream = std::map<std::string, std::vector<pack_row>>;  // by canonical labels

rows_by_stream rows_of(const std::vector<stream_rows>& streams);

// Reads all columns of the blocks, and checks that runs say the truth about their rows. Errors:
// those of the blocks; internal for a run that is wrong.
result<rows_by_stream> read_rows(const block_list& blocks);
// The same for all chunks of a pack.
result<rows_by_stream> read_rows(const pack_reader& pack);

}  // namespace skald
