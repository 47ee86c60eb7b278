// SPDX-License-Identifier: Apache-2.0
// The status line and headers of an answer as bytes. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/http/http_message.h"

namespace skald {

struct response_head_options {
  bool keep_alive = true;
  bool http_1_0 = false;
  bool gzip = false;              // the body is gzip-compressed already
  std::int64_t unix_seconds = 0;  // for the Date header
};

// Everything up to and including the empty line. Header names and values that hold line breaks are
// left out: they could smuggle a second answer. 204 and 304 carry no Content-Length.
std::string render_response_head(const http_response& response,
                                 const response_head_options& options);

// "OK", "Not Found"; for unknown codes "Status".
std::string_view reason_phrase(int status);

// "Sun, 06 Nov 1994 08:49:37 GMT".
std::string http_date(std::int64_t unix_seconds);

}  // namespace skald
