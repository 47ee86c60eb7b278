// SPDX-License-Identifier: Apache-2.0
// Reads the label text of a push as Loki's push API does, with its error texts, and makes names
// label-safe. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/labels.h"

namespace skald {

// The labels in the order of the text, repeated names kept, labels with an empty value left out.
// Errors: invalid_argument, `1:10: parse error: unexpected end of input inside braces` and the
// like: line and column count from 1.
result<std::vector<label>> scan_push_labels(std::string_view text);

// Whether a structured metadata name may stay as it is: letters, digits, '_' and ':', no digit in
// front.
bool is_safe_metadata_name(std::string_view name);

// What an unsafe name is stored as: each run of other characters becomes one '_', a leading digit
// gets "key_" in front.
std::string make_safe_metadata_name(std::string_view name);

}  // namespace skald
