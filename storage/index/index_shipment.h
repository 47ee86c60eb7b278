// SPDX-License-Identifier: Apache-2.0
// The form in which index files travel through the object store: a header with XXH3 and sizes, then
// the compacted file, zstd-compressed. Format: docs/formats/index.md. Pure functions on bytes;
// thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace skald {

// Bytes behind the header are one zstd frame.
result<std::string> encode_index_shipment(std::string_view file_bytes, int compression_level);
// Errors: corrupt for a wrong magic, version, length or hash (of the stored or of the inflated
// bytes).
result<std::string> decode_index_shipment(std::string_view shipment);

}  // namespace skald
