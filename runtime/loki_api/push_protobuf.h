// SPDX-License-Identifier: Apache-2.0
// The protobuf form of a push: block snappy, then logproto.PushRequest. Used by push_codec only.
#pragma once

#include <string_view>

#include "runtime/base/result.h"
#include "runtime/loki_api/decoded_push.h"
#include "runtime/loki_api/push_codec.h"

namespace skald {

// Decodes into `push`, which owns the inflated bytes afterwards. Errors: those of decode_push.
result<void> decode_push_snappy(std::string_view compressed, const push_decode_options& options,
                                decoded_push& push);

// Reads one PushRequest; the views point into `message`, which must outlive `push`.
result<void> decode_push_protobuf(std::string_view message, std::size_t array_bytes_max,
                                  decoded_push& push);

}  // namespace skald
