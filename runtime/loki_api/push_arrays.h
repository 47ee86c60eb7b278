// SPDX-License-Identifier: Apache-2.0
// Bounds what the arrays of a decoded push may take: a small body can hold very many empty entries,
// and each costs far more in memory than on the wire. Used by the two push decoders.
#pragma once

#include <cstddef>

#include "runtime/base/result.h"
#include "runtime/loki_api/decoded_push.h"

namespace skald {

class push_array_guard {
 public:
  push_array_guard(decoded_push& push, std::size_t bytes_max)
      : push_(push), bytes_max_(bytes_max) {}

  // Call after each entry and each stream; looks closer only once per 64 KiB of array bytes.
  bool within_bounds() {
    const std::size_t bytes = push_.entries.size() * sizeof(pushed_entry) +
                              push_.metadata.size() * sizeof(metadata_pair) +
                              push_.streams.size() * sizeof(pushed_stream);
    return bytes < checked_bytes_ || check(bytes);
  }
  // Why within_bounds() said no.
  const error& why() const { return why_; }

 private:
  static constexpr std::size_t step_bytes = 64 * 1024;

  bool check(std::size_t bytes) {
    if (bytes > bytes_max_) {
      why_ = {errc::resource_exhausted, "message size too large than max (" +
                                            std::to_string(bytes) + " vs " +
                                            std::to_string(bytes_max_) + ")"};
      return false;
    }
    // The first step is free: it is below what a request costs anyway.
    if (checked_bytes_ > step_bytes && !push_.lease.grow(step_bytes)) {
      why_ = {errc::overloaded, "too many bytes in flight, try again later"};
      return false;
    }
    checked_bytes_ += step_bytes;
    return true;
  }

  decoded_push& push_;
  const std::size_t bytes_max_;
  std::size_t checked_bytes_ = step_bytes;
  error why_;
};

}  // namespace skald
