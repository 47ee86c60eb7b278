// SPDX-License-Identifier: Apache-2.0
#include "runtime/http/byte_budget.h"

namespace skald {

bool byte_budget::take(std::uint64_t bytes) {
  std::uint64_t used = used_.load(std::memory_order_relaxed);
  do {
    if (bytes > bytes_max_ || used > bytes_max_ - bytes) return false;
  } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
  return true;
}

bool byte_budget::reserve(std::uint64_t bytes, byte_lease& lease) {
  if (!take(bytes)) return false;
  lease = byte_lease(shared_from_this(), bytes);
  return true;
}

bool byte_lease::grow(std::uint64_t more) {
  if (budget_ == nullptr) return true;
  if (!budget_->take(more)) return false;
  bytes_ += more;
  return true;
}

void byte_lease::release() {
  if (budget_ != nullptr) budget_->used_.fetch_sub(bytes_, std::memory_order_relaxed);
  budget_.reset();
  bytes_ = 0;
}

}  // namespace skald
