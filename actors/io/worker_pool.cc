// SPDX-License-Identifier: Apache-2.0
#include "actors/io/worker_pool.h"

#include <algorithm>
#include <caf/all.hpp>

#include "actors/scheduler/ready_actors.h"
#include "runtime/base/log.h"

namespace skald {
namespace {

using idle_atom = caf::atom_constant<caf::atom("poolidle")>;

class pool_worker_actor final : public caf::event_based_actor {
 public:
  pool_worker_actor(caf::actor_config& config, caf::actor_addr pool)
      : caf::event_based_actor(config), pool_(std::move(pool)) {}
  const char* name() const override { return "pool_worker"; }
  caf::behavior make_behavior() override {
    return {[this](pool_task& task) {
      // What waits for the task's outcome is mostly a few short messages away from the next task.
      ready_actors ready(system());
      try {
        (*task.run)();
      } catch (const std::exception& e) {
        log_error("worker_pool", "task failed", {{"reason", e.what()}});
      }
      task.run.reset();  // frees what the task held before the next one is asked for
      if (auto pool = caf::actor_cast<caf::actor>(pool_)) send(pool, idle_atom::value);
      ready.run(context());
    }};
  }

 private:
  caf::actor_addr pool_;
};

}  // namespace

bool fair_queue::push(pool_task task) {
  auto& queue = waiting_[task.tenant];
  if (queue.size() >= per_tenant_max_) return false;
  if (queue.empty()) turns_.push_back(task.tenant);
  queue.push_back(std::move(task));
  ++size_;
  return true;
}

pool_task fair_queue::pop() {
  const std::string tenant = std::move(turns_.front());
  turns_.pop_front();
  const auto at = waiting_.find(tenant);
  pool_task task = std::move(at->second.front());
  at->second.pop_front();
  --size_;
  if (at->second.empty()) {
    waiting_.erase(at);
  } else {
    turns_.push_back(tenant);
  }
  return task;
}

worker_pool_actor::worker_pool_actor(caf::actor_config& config, worker_pool_options options,
                                     gauge waiting)
    : caf::event_based_actor(config),
      options_(options),
      waiting_gauge_(waiting),
      queue_(options.waiting_per_tenant_max) {
  set_down_handler([this](caf::down_msg& down) {
    log_error("worker_pool", "worker ended, starting another",
              {{"reason", caf::to_string(down.reason)}});
    const auto is_dead = [&](const caf::actor& a) { return a.address() == down.source; };
    std::erase_if(idle_, is_dead);
    std::erase_if(workers_, is_dead);
    start_worker();
    dispatch();
  });
}

caf::behavior worker_pool_actor::make_behavior() {
  for (std::size_t i = 0; i < options_.workers; ++i) start_worker();
  return {[this](pool_task& task) {
            const std::string tenant = task.tenant;
            if (!queue_.push(std::move(task))) {
              log_warn("worker_pool", "task dropped, tenant's queue is full", {{"tenant", tenant}});
            }
            dispatch();
          },
          [this](idle_atom) {
            idle_.push_back(caf::actor_cast<caf::actor>(current_sender()));
            dispatch();
          }};
}

void worker_pool_actor::on_exit() {
  for (const caf::actor& worker : workers_) {
    caf::anon_send_exit(worker, caf::exit_reason::user_shutdown);
  }
  workers_.clear();
  idle_.clear();
  while (!queue_.empty()) queue_.pop();
}

void worker_pool_actor::start_worker() {
  auto worker =
      options_.detached
          ? spawn<pool_worker_actor, caf::detached + caf::monitored>(
                caf::actor_cast<caf::actor_addr>(this))
          : spawn<pool_worker_actor, caf::monitored>(caf::actor_cast<caf::actor_addr>(this));
  workers_.push_back(worker);
  idle_.push_back(std::move(worker));
}

void worker_pool_actor::dispatch() {
  while (!idle_.empty() && !queue_.empty()) {
    auto worker = std::move(idle_.back());
    idle_.pop_back();
    send(worker, queue_.pop());
  }
  waiting_gauge_.set(static_cast<double>(queue_.size()));
}

}  // namespace skald
