// SPDX-License-Identifier: Apache-2.0
#include "storage/index/running_hash.h"

#include <xxhash.h>

#include <new>

namespace skald {
namespace {

XXH3_state_t* make_state() {
  XXH3_state_t* state = XXH3_createState();
  if (state == nullptr) throw std::bad_alloc();
  return state;
}

}  // namespace

void xxh3_state_free::operator()(XXH3_state_s* state) const {
  XXH3_freeState(state);
}

running_hash64::running_hash64() : state_(make_state()) {
  XXH3_64bits_reset(state_.get());
}
void running_hash64::add(std::string_view bytes) {
  XXH3_64bits_update(state_.get(), bytes.data(), bytes.size());
}
std::uint64_t running_hash64::value() const {
  return XXH3_64bits_digest(state_.get());
}

running_hash128::running_hash128() : state_(make_state()) {
  XXH3_128bits_reset(state_.get());
}
void running_hash128::add(std::string_view bytes) {
  XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
}
hash128 running_hash128::value() const {
  const XXH128_hash_t h = XXH3_128bits_digest(state_.get());
  return {h.high64, h.low64};
}

}  // namespace skald
