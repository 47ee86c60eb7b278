// SPDX-License-Identifier: Apache-2.0
// A quick look through a lane for records of one type, from header to header, without reading the
// bodies of others: milliseconds where a replay takes a hundred.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "storage/file/file_system.h"
#include "storage/wal/wal_format.h"

namespace skald {

struct wal_found_record {
  std::uint64_t sequence = 0;
  std::string body;
};

// The lane's records of `type` from `from_sequence` on, in order; their checksums are good. Every
// one of them is handed out by wal_replay() too. Not the other way round: in a segment that cannot
// be read, or behind the first header of it that is damaged, nothing is found. So this is knowledge
// in advance, and a replay must notice what it did not tell. Blocks.
std::vector<wal_found_record> find_wal_records(const std::string& directory, std::uint32_t lane,
                                               file_system& files, wal_record_type type,
                                               std::uint64_t from_sequence);

}  // namespace skald
