// SPDX-License-Identifier: Apache-2.0
// How the json and logfmt parsers of the query language name the label of a key: nested names
// joined with '_', every byte that a label may not have replaced.
#pragma once

#include <string>
#include <string_view>

#include "storage/chunk/shape/shape_set.h"

namespace skald {

// Whether label_name() tells a key's part of a name for certain: keys with bytes >= 0x80 are left
// to the parsers.
bool has_plain_name(std::string_view key);
// Appends the part of a key to the name of the object that holds it, which may be empty.
void append_label_name(std::string_view key, std::string& name);

// The label of a column's values; empty for those that get none. Nothing is claimed when a key on
// the way has no plain name.
struct label_name_of_path {
  bool known = true;
  std::string name;
};
label_name_of_path label_name(const shape_set& shapes, std::uint32_t path);

}  // namespace skald
