// SPDX-License-Identifier: Apache-2.0
// HTTP content codings with an upper bound on what they inflate to. Pure functions. Units: bytes.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/http/byte_budget.h"

namespace skald {

enum class content_coding {
  identity,
  gzip,
  deflate
};  // deflate: raw, without zlib header, as Loki reads it

struct inflate_limits {
  std::size_t bytes_max = 0;    // of the inflated body
  byte_lease* lease = nullptr;  // grown as the output grows, when set
};

// Undoes gzip (several members allowed) or raw deflate.
// Errors: invalid_argument "unexpected EOF" for a cut body, "gzip: invalid header", "flate: corrupt
// input", "gzip: invalid checksum"; resource_exhausted when the result would pass bytes_max;
// overloaded when the lease's budget is exhausted.
result<std::string> inflate_body(content_coding coding, std::string_view body,
                                 const inflate_limits& limits);

// gzip with a low compression level, for responses. Empty when it failed (no memory).
std::string gzip_compress(std::string_view body);

}  // namespace skald
