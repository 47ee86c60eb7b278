// SPDX-License-Identifier: Apache-2.0
// Actors that a thread made ready and runs itself next, instead of waking another thread for each:
// a query goes through a dozen actors one after the other, and waking a thread costs more than most
// of their messages. Context: each lane belongs to one thread.
#pragma once

#include <array>
#include <cstddef>

namespace caf {
class resumable;
namespace scheduler {
class abstract_coordinator;
}
}  // namespace caf

namespace skald {

constexpr std::size_t lane_jobs_max = 16;

// First in, first out. Holds the reference that CAF counts for an actor in a scheduler's queue.
class job_lane {
 public:
  // Takes at most `room` jobs of this scheduler.
  job_lane(const caf::scheduler::abstract_coordinator* scheduler, std::size_t room)
      : scheduler_(scheduler), room_(room) {}

  // False when the job is not for this lane, or there is no room: it belongs into the scheduler's
  // queue.
  bool push(const caf::scheduler::abstract_coordinator* scheduler, caf::resumable* job) {
    if (scheduler != scheduler_ || size_ == room_) return false;
    jobs_[(first_ + size_++) % lane_jobs_max] = job;
    return true;
  }
  // Null when empty.
  caf::resumable* pop() {
    if (size_ == 0) return nullptr;
    caf::resumable* job = jobs_[first_];
    first_ = (first_ + 1) % lane_jobs_max;
    --size_;
    return job;
  }

 private:
  const caf::scheduler::abstract_coordinator* scheduler_;
  std::size_t room_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
  std::array<caf::resumable*, lane_jobs_max> jobs_{};
};

// Where this thread's jobs go; null on threads without one.
inline constinit thread_local job_lane* lane_of_this_thread = nullptr;

}  // namespace skald
