// SPDX-License-Identifier: Apache-2.0
#include "storage/file/piece_source.h"

#include <string>

namespace skald {

piece_source pieces_of(std::shared_ptr<file> opened) {
  return [opened = std::move(opened), buffer = std::make_shared<std::string>(),
          offset = std::uint64_t{0}]() mutable -> result<std::string_view> {
    buffer->resize(file_piece_bytes);
    SKALD_TRY_ASSIGN(const std::size_t got,
                     opened->read_at(offset, buffer->data(), buffer->size()));
    offset += got;
    return std::string_view(*buffer).substr(0, got);
  };
}

piece_source pieces_of(std::span<const std::string_view> parts) {
  return [parts]() mutable -> result<std::string_view> {
    // An empty piece would be the end.
    while (!parts.empty() && parts.front().empty()) parts = parts.subspan(1);
    if (parts.empty()) return std::string_view();
    const std::string_view piece = parts.front();
    parts = parts.subspan(1);
    return piece;
  };
}

}  // namespace skald
