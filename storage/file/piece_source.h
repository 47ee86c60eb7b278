// SPDX-License-Identifier: Apache-2.0
// Bytes that come in pieces, so that nobody holds all of them at once.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

#include "runtime/base/result.h"
#include "storage/file/file_system.h"

namespace skald {

// Gives the next piece, which is valid until the next call; an empty one at the end, and after it.
using piece_source = std::function<result<std::string_view>()>;

inline constexpr std::size_t file_piece_bytes = std::size_t{256} << 10;

// A file from its beginning to its end, in pieces of at most file_piece_bytes.
piece_source pieces_of(std::shared_ptr<file> opened);
// The parts one behind the other. They and the span must outlive the source.
piece_source pieces_of(std::span<const std::string_view> parts);

}  // namespace skald
