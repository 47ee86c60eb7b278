// SPDX-License-Identifier: Apache-2.0
// Memory of decoded pushes that are done with, for the next one: pages that the kernel would have
// to map and clear again cost a good part of decoding. Bounded. One thread at a time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>

#include "runtime/loki_api/decoded_push.h"

namespace skald {

class push_scratch {
 public:
  // More than this is given back to the system after a push: bytes of the body, bytes of an array.
  static constexpr std::size_t kept_text_bytes_max = 4u << 20;
  static constexpr std::size_t kept_array_bytes_max = 1u << 20;

  // An empty push with the arrays of a former one.
  decoded_push take() { return std::exchange(push_, {}); }
  // Its views end here.
  void give_back(decoded_push&& push) {
    clear(push.streams);
    clear(push.entries);
    clear(push.metadata);
    push.buffers.clear();
    push.lease = {};
    push_ = std::move(push);
  }

  // Memory for `bytes`, not zeroed; another's when the last one is still held.
  std::shared_ptr<char[]> text(std::size_t bytes) {
    if (bytes > kept_text_bytes_max) return std::make_shared_for_overwrite<char[]>(bytes);
    if (text_bytes_ < bytes || text_.use_count() > 1) {
      text_bytes_ = std::max(bytes, text_bytes_);
      text_ = std::make_shared_for_overwrite<char[]>(text_bytes_);
    }
    return text_;
  }

 private:
  template <class Array>
  static void clear(Array& array) {
    if (array.capacity() * sizeof(array[0]) > kept_array_bytes_max) Array().swap(array);
    array.clear();
  }

  decoded_push push_;
  std::shared_ptr<char[]> text_;
  std::size_t text_bytes_ = 0;
};

}  // namespace skald
