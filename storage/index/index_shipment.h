// SPDX-License-Identifier: Apache-2.0
// The form in which index files travel through the object store: a header with XXH3 and sizes, then
// the file, zstd-compressed. Format: docs/formats/index.md. Works piece by piece: neither the file
// nor the shipment is ever in memory as a whole; what is are a piece of each and zstd's own state
// (below 8 MiB up to compression level 9). Thread-safe.
#pragma once

#include <cstdint>

#include "runtime/base/hash.h"
#include "runtime/base/result.h"
#include "storage/file/file_system.h"
#include "storage/file/piece_source.h"

namespace skald {

struct index_file_digest {
  std::uint64_t bytes = 0;
  hash128 hash;
};
struct index_shipment_written {
  std::uint64_t bytes = 0;
  index_file_digest file;  // of what was read
};

// Writes the shipment of an index file to `out`, which is empty.
result<index_shipment_written> write_index_shipment(const piece_source& index_file,
                                                    int compression_level, file& out);
// Writes the index file of a shipment of `bytes` bytes to `out`, which is empty. Errors: corrupt
// for a wrong magic, version, length or hash (of the stored or of the inflated bytes); what was
// written must not be used then.
result<index_file_digest> read_index_shipment(const piece_source& shipment, std::uint64_t bytes,
                                              file& out);

}  // namespace skald
