// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/push_codec.h"

#include "runtime/http/content_coding.h"
#include "runtime/http/form_values.h"
#include "runtime/loki_api/push_json.h"
#include "runtime/loki_api/push_protobuf.h"
#include "runtime/model/go_string.h"

namespace skald {
namespace {

result<content_coding> outer_coding(std::string_view content_encoding) {
  const std::string name = media_type(content_encoding);
  // Snappy is part of the protobuf format and means nothing for JSON, so the header changes
  // nothing.
  if (name.empty() || name == "snappy" || name == "identity") return content_coding::identity;
  if (name == "gzip") return content_coding::gzip;
  if (name == "deflate") return content_coding::deflate;
  std::string message = "Content-Encoding ";
  append_go_quoted(message, content_encoding);
  message += " not supported";
  return error{errc::invalid_argument, std::move(message)};
}

error missing_content_type() {
  return {errc::invalid_argument, "mime: no media type"};
}

}  // namespace

result<decoded_push> decode_push(std::string_view content_type, std::string_view content_encoding,
                                 std::string body, const push_decode_options& options) {
  return decode_push_in(content_type, content_encoding, body, options);
}

result<decoded_push> decode_push_in(std::string_view content_type,
                                    std::string_view content_encoding, std::string& body,
                                    const push_decode_options& options) {
  const std::string type = media_type(content_type);
  SKALD_TRY_ASSIGN(const content_coding coding, outer_coding(content_encoding));
  decoded_push push = options.scratch == nullptr ? decoded_push() : options.scratch->take();
  push.format = push_format::protobuf;
  push.body_bytes = body.size();
  byte_lease outer_lease;
  if (coding != content_coding::identity) {
    if (options.budget != nullptr && !options.budget->reserve(0, outer_lease)) {
      return error{errc::overloaded, "too many bytes in flight, try again later"};
    }
    SKALD_TRY_ASSIGN(body, inflate_body(coding, body, {options.inflated_bytes_max, &outer_lease}));
  }
  if (type == "application/json") {
    push.format = push_format::json;
    push.inflated_bytes = body.size();
    if (options.budget != nullptr && outer_lease.bytes() == 0 &&
        !options.budget->reserve(0, outer_lease)) {
      return error{errc::overloaded, "too many bytes in flight, try again later"};
    }
    push.lease = std::move(outer_lease);
    SKALD_TRY(decode_push_json(std::move(body), options.inflated_bytes_max, push));
    return push;
  }
  if (const auto decoded = decode_push_snappy(body, options, push); !decoded) {
    // Loki refuses every push without a content type; one that is plainly snappy protobuf is let
    // in.
    if (type.empty() && decoded.error().code == errc::invalid_argument) {
      return missing_content_type();
    }
    return decoded.error();
  }
  return push;
}

}  // namespace skald
