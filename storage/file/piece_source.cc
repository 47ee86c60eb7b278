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

}  // namespace skald
