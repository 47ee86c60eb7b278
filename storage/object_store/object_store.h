// SPDX-License-Identifier: Apache-2.0
// Named immutable blobs: a directory, S3 and the like. Packs and shipped index files live here.
// Context: implementations are safe to use from many threads at once; all calls may block.
// Errors everywhere: not_found, invalid_argument (a key that is not allowed, a range outside the
// object), unavailable, timeout, resource_exhausted, unauthorized.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "storage/file/piece_source.h"

namespace skald {

struct object_info {
  std::string key;
  std::uint64_t bytes = 0;
  friend bool operator==(const object_info&, const object_info&) = default;
};

// The end of an object, and how large the whole of it is.
struct object_tail {
  std::string bytes;
  std::uint64_t object_bytes = 0;
};

class object_store {
 public:
  virtual ~object_store() = default;

  // Stores all parts, one behind the other, as one object. Readers see the old object or the new
  // one, whole. Durable when it returns without error.
  virtual result<void> put(const std::string& key, std::span<const std::string_view> parts) = 0;
  // put() of `bytes` bytes that come in pieces. Stores that cannot write piece by piece gather them
  // first. Errors: also that of `pieces`; invalid_argument when they are not `bytes` in all.
  virtual result<void> put_pieces(const std::string& key, std::uint64_t bytes,
                                  const piece_source& pieces);
  virtual result<std::string> get(const std::string& key) = 0;
  // Exactly `length` bytes from `offset`. Only for objects that are never replaced: a store may
  // keep them open.
  virtual result<std::string> get_range(const std::string& key, std::uint64_t offset,
                                        std::uint64_t length) = 0;
  // The same into the caller's memory.
  virtual result<void> read_range(const std::string& key, std::uint64_t offset, char* out,
                                  std::uint64_t length);
  // The last `length` bytes, or all when there are fewer. Only for objects that are never replaced.
  virtual result<object_tail> get_tail(const std::string& key, std::uint64_t length);
  virtual result<object_info> head(const std::string& key) = 0;
  // Objects whose key begins with `prefix`, sorted by key. An empty list when there are none.
  virtual result<std::vector<object_info>> list(const std::string& prefix) = 0;
  // not_found when it is not there.
  virtual result<void> remove(const std::string& key) = 0;

  // put() of one part.
  result<void> put(const std::string& key, std::string_view bytes);
};

// A key is 1 to 1,024 bytes: parts separated by '/', each of 1 to 200 bytes, none of them "." or
// "..", no control bytes, no backslash. Errors: invalid_argument saying what is wrong.
result<void> check_object_key(std::string_view key);

}  // namespace skald
