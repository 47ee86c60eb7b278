// SPDX-License-Identifier: Apache-2.0
// Sets of stream ordinals: roaring bitmaps in memory, one value per 65,536 ordinals in the file.
// This pair of files and its users are the only ones that include roaring. Format:
// docs/formats/index.md.
#pragma once

#include <roaring/roaring.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace skald {

struct roaring_free {
  void operator()(roaring_bitmap_t* bitmap) const { roaring_bitmap_free(bitmap); }
};
using ordinal_set = std::unique_ptr<roaring_bitmap_t, roaring_free>;

inline ordinal_set make_ordinal_set() {
  return ordinal_set(roaring_bitmap_create());
}

// The ordinals of one container; `set` holds no others.
std::string encode_posting(std::uint16_t container, roaring_bitmap_t& set);
// Adds the ordinals of a stored container. False when the bytes are malformed.
bool decode_posting(std::uint16_t container, std::string_view bytes, roaring_bitmap_t& out);

}  // namespace skald
