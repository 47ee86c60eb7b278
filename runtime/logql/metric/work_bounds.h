// SPDX-License-Identifier: Apache-2.0
// What ends the evaluation of an expression: the client is gone or the time over, or what it makes
// takes too much memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "runtime/base/cancellation.h"
#include "runtime/base/result.h"
#include "runtime/logql/metric/query_memory.h"
#include "runtime/logql/metric/series_matrix.h"

namespace skald::logql {

struct work_bounds {
  const cancellation* cancelled = nullptr;
  query_memory_ptr memory;  // may be null
};

// Of one node of an expression while it makes its output. `bounds` must outlive it.
class bounded_work {
 public:
  explicit bounded_work(const work_bounds& bounds) : bounds_(bounds), share_(bounds.memory) {}

  // The output has so many bytes more. Errors: resource_exhausted.
  result<void> add(std::uint64_t bytes) {
    share_.hold(bytes_ += bytes);
    return share_.check();
  }
  // `work` is about the number of values looked at; the bounds are looked at now and then.
  result<void> spend(std::size_t work) {
    constexpr std::size_t work_per_check = 1 << 16;
    work_ += work;
    if (work_ < work_per_check || bounds_.cancelled == nullptr) return {};
    work_ = 0;
    return bounds_.cancelled->check();
  }

 private:
  const work_bounds& bounds_;
  memory_share share_;
  std::uint64_t bytes_ = 0;
  std::size_t work_ = 0;
};

}  // namespace skald::logql
