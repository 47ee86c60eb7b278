// SPDX-License-Identifier: Apache-2.0
// Bytes whose length is known from elsewhere: as they are, or one zstd frame if that pays. Layout:
// docs/formats/column_types.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "storage/chunk/byte_codec.h"
#include "storage/chunk/column/column_arena.h"
#include "storage/chunk/section_codec.h"

namespace skald {

void append_blob(std::string_view bytes, compressor& zstd, std::string& out);

// The `size` bytes of a blob: a part of the payload, or inflated into `memory`. Nothing when
// malformed or larger than section_bytes_max.
std::optional<std::string_view> take_blob(bounded_reader& from, std::uint64_t size,
                                          column_arena& memory);

}  // namespace skald
