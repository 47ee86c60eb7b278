// SPDX-License-Identifier: Apache-2.0
// The JSON form of a push. Used by push_codec only. Strings without escapes are viewed in place;
// those with escapes are unescaped in place, so that decoding allocates per stream and not per
// entry.
#pragma once

#include <string>

#include "runtime/base/result.h"
#include "runtime/loki_api/decoded_push.h"

namespace skald {

// `push` owns the body afterwards. Invalid UTF-8 is replaced by U+FFFD, as Loki's answers do when
// such a line is read. Errors: invalid_argument (malformed, wrong types), resource_exhausted
// (arrays above array_bytes_max), overloaded.
result<void> decode_push_json(std::string body, std::size_t array_bytes_max, decoded_push& push);

}  // namespace skald
