// SPDX-License-Identifier: Apache-2.0
// XXH3 of bytes that come in pieces: the same values as xxh3_64 and xxh3_128 of all of them. One
// thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "runtime/base/hash.h"

struct XXH3_state_s;

namespace skald {

struct xxh3_state_free {
  void operator()(XXH3_state_s* state) const;
};

class running_hash64 {
 public:
  running_hash64();
  void add(std::string_view bytes);
  std::uint64_t value() const;

 private:
  std::unique_ptr<XXH3_state_s, xxh3_state_free> state_;
};

class running_hash128 {
 public:
  running_hash128();
  void add(std::string_view bytes);
  hash128 value() const;

 private:
  std::unique_ptr<XXH3_state_s, xxh3_state_free> state_;
};

}  // namespace skald
