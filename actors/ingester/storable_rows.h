// SPDX-License-Identifier: Apache-2.0
// Tells rows that no pack takes from the others, so that they do not keep their neighbours from
// being flushed. Distributors let none of them pass; logs of earlier versions may hold some. Pure.
#pragma once

#include <string>
#include <vector>

#include "actors/common/push_frame.h"
#include "storage/chunk/pack_writer.h"

namespace skald {

struct sifted_rows {
  std::vector<pack_input> storable;  // in the order of the inputs; views into the same columns
  push_frame_ptr refused;            // null when there is none
  error why{errc::internal, {}};     // of the last one refused
};

// Rows are refused that the writer refuses with invalid_argument although they are alone. Errors:
// others of the writer. Cost: each input is written, those with such rows some more times.
result<sifted_rows> sift_rows(const pack_identity& identity, const std::vector<pack_input>& inputs,
                              pack_writer& writer);

}  // namespace skald
