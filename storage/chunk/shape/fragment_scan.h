// SPDX-License-Identifier: Apache-2.0
// Reads the static text from behind one slot of a JSON or logfmt line to the front of the next,
// without any guess.
#pragma once

#include <cstdint>

#include "storage/chunk/shape/key_tree.h"
#include "storage/chunk/shape/value_scan.h"

namespace skald {

// Where a line stands: at its beginning, or behind a slot's value.
struct line_position {
  bool at_start = true;
  std::uint32_t object = shape_set::json_root;  // the open object, or logfmt_root
  slot_kind kind = slot_kind::none;             // of the slot before
};

struct scanned_fragment {
  const char* end = nullptr;         // of the text
  slot_kind kind = slot_kind::none;  // of the slot behind it; none: the line ends here
  std::uint32_t path = 0;            // of the slot
  std::uint32_t object = 0;          // that holds the slot
};

// False when the line is not one that is stored by shape. New keys are added to `keys`.
bool scan_fragment(const line_position& from, const scan_range& rest, key_tree& keys,
                   scanned_fragment& found);

}  // namespace skald
