// SPDX-License-Identifier: Apache-2.0
// Bodies of POST /loki/api/v1/push: snappy protobuf (logproto.PushRequest) and JSON, with outer
// gzip or deflate. Pure functions, safe from any thread. Units: bytes. Cost: one pass; protobuf
// keeps views into the inflated buffer.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/http/byte_budget.h"
#include "runtime/loki_api/decoded_push.h"
#include "runtime/loki_api/push_scratch.h"

namespace skald {

struct push_decode_options {
  std::size_t inflated_bytes_max =
      5'000ull * 1024 * 1024;  // Loki: distributor.max_decompressed_size
  // Inflated bytes are taken from here when set; the decoded push holds the lease.
  std::shared_ptr<byte_budget> budget;
  // Whose memory to use, when set. Must not be used by another thread during the call; give the
  // push back to it when it is done with.
  push_scratch* scratch = nullptr;
};

// A request without streams is decoded, not refused. Errors, for decode_error_response of
// error_body.h:
//   invalid_argument   malformed body, unknown coding or missing content type (400)
//   resource_exhausted the inflated size is above the limit (413)
//   overloaded         the byte budget is exhausted (503 with Retry-After)
// Pass the body by move: JSON is decoded in place.
result<decoded_push> decode_push(std::string_view content_type, std::string_view content_encoding,
                                 std::string body, const push_decode_options& options);
// The same; when it did not need the body's memory, the body is still there.
result<decoded_push> decode_push_in(std::string_view content_type,
                                    std::string_view content_encoding, std::string& body,
                                    const push_decode_options& options);

}  // namespace skald
