// SPDX-License-Identifier: Apache-2.0
// The one mapping from errc to HTTP status and Loki's error bodies. Three dialects: the push side
// (plain text with a final newline), the query side (plain text without), and format_query (JSON).
// Pure functions.
#pragma once

#include <cstddef>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/http/http_message.h"

namespace skald {

// The answer to a body that decode_push or inflate_body refused: 400, 413 (resource_exhausted), 503
// with Retry-After (overloaded).
http_response decode_error_response(const error& why);

// The answer of the push path behind the decoder: invalid_argument 400, overloaded 429,
// unauthorized 401, resource_exhausted, unavailable, shutting_down and timeout 503 with
// Retry-After, the rest 500.
http_response push_error_response(const error& why);

// 204 without body.
http_response push_accepted_response();

// 422: a push without any stream.
http_response no_streams_response();

// 413 with Loki's text for a body above the limit.
http_response body_too_large_response(std::size_t bytes, std::size_t bytes_max);

// Query side (query, labels, series, index, patterns, detected fields, tail before the upgrade):
// invalid_argument and unimplemented (valid LogQL without support) 400, unauthorized 401,
// overloaded 429, cancelled 499, timeout 504 (both with Loki's own text), not_found 404,
// unavailable and shutting_down 503 with Retry-After, the rest 500.
http_response query_error_response(const error& why);

// 400 of format_query: {"status":"invalid-query","error":"..."}.
http_response format_query_error_response(const error& why);

// Plain text dialect for operating, delete and rule endpoints: like query_error_response with a
// final newline.
http_response plain_error_response(const error& why);

}  // namespace skald
