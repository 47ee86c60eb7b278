// SPDX-License-Identifier: Apache-2.0
#include "actors/scheduler/sharing_scheduler.h"

#include <caf/actor_system_config.hpp>
#include <caf/logger.hpp>
#include <caf/policy/unprofiled.hpp>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "actors/scheduler/job_lane.h"
#include "actors/scheduler/quiet_clock.h"

// The one line of worker::run() that must go. Only here, and only for the policy below: no other
// instance of CAF's templates is made in this file.
#undef CAF_PUSH_AID_FROM_PTR
#define CAF_PUSH_AID_FROM_PTR(some_ptr)

#include <caf/scheduler/coordinator.hpp>

namespace skald {
namespace {

// So many jobs of its own lane a worker runs before it looks at the queue again: two actors that
// send each other messages for ever must not keep the others waiting.
constexpr unsigned lane_turns_max = 16;

// One queue for all workers, and a lane with room for one job at each: the first actor that a job
// makes ready runs next on the same thread, further ones go to whoever is free.
struct sharing_policy : caf::policy::unprofiled {
  struct coordinator_data {
    explicit coordinator_data(caf::scheduler::abstract_coordinator*) {}
    std::mutex mutex;
    std::condition_variable arrived;
    std::deque<caf::resumable*> jobs;
  };
  struct worker_data {
    explicit worker_data(caf::scheduler::abstract_coordinator* scheduler) : lane(scheduler, 1) {}
    job_lane lane;
    unsigned lane_turns = 0;
  };

  template <class Coordinator>
  void to_queue(Coordinator* self, caf::resumable* job) {
    auto& data = d(self);
    {
      const std::lock_guard lock(data.mutex);
      data.jobs.push_back(job);
    }
    // Not under the lock: the thread that wakes up wants it first.
    data.arrived.notify_one();
  }

  template <class Coordinator>
  void central_enqueue(Coordinator* self, caf::resumable* job) {
    job_lane* lane = lane_of_this_thread;
    if (lane == nullptr || !lane->push(self, job)) to_queue(self, job);
  }
  template <class Worker>
  void internal_enqueue(Worker* self, caf::resumable* job) {
    central_enqueue(self->parent(), job);
  }
  template <class Worker>
  void external_enqueue(Worker* self, caf::resumable* job) {
    to_queue(self->parent(), job);
  }
  // It has had its turn: to the end of the queue.
  template <class Worker>
  void resume_job_later(Worker* self, caf::resumable* job) {
    to_queue(self->parent(), job);
  }

  template <class Worker>
  caf::resumable* dequeue(Worker* self) {
    worker_data& own = d(self);
    lane_of_this_thread = &own.lane;
    caf::resumable* next = own.lane.pop();
    if (next != nullptr && own.lane_turns++ < lane_turns_max) return next;
    own.lane_turns = 0;
    auto& data = d(self->parent());
    std::unique_lock lock(data.mutex);
    if (next != nullptr) data.jobs.push_back(next);
    data.arrived.wait(lock, [&] { return !data.jobs.empty(); });
    caf::resumable* job = data.jobs.front();
    data.jobs.pop_front();
    return job;
  }

  // The last job of a worker that ends makes nothing ready, and its lane was empty before.
  template <class Worker>
  void before_shutdown(Worker*) {
    lane_of_this_thread = nullptr;
  }
  template <class Worker, class F>
  void foreach_resumable(Worker*, F) {}
  template <class Coordinator, class F>
  void foreach_central_resumable(Coordinator* self, F f) {
    auto& data = d(self);
    const std::lock_guard lock(data.mutex);
    for (caf::resumable* job : data.jobs) f(job);
    data.jobs.clear();
  }
};

class sharing_scheduler final : public caf::scheduler::coordinator<sharing_policy> {
 public:
  using super = caf::scheduler::coordinator<sharing_policy>;
  explicit sharing_scheduler(caf::actor_system& system) : super(system), clock_(super::clock()) {}
  caf::detail::thread_safe_actor_clock& clock() noexcept override { return clock_; }

 private:
  quiet_clock clock_;
};

}  // namespace

void use_sharing_scheduler(caf::actor_system_config& config) {
  config.module_factories.emplace_back([](caf::actor_system& system) -> caf::actor_system::module* {
    return new sharing_scheduler(system);
  });
}

}  // namespace skald
