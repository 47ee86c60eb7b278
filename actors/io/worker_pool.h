// SPDX-License-Identifier: Apache-2.0
// A bounded pool of detached actors for work that blocks or takes long: reading packs, evaluating
// query sub-ranges, rendering answers. Tasks of different tenants take turns, so that one tenant's
// broad query does not hold up the others. Context: event actor; the tasks run on the workers' own
// threads.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/metrics/metric_registry.h"

namespace skald {

// One piece of work. A task that is dropped (pool full, pool stopped) is destroyed unrun: whoever
// waits must learn it from that, e.g. from a one_shot that the function holds. Must not throw; if
// it does, the exception is logged.
struct pool_task {
  std::string tenant;
  std::shared_ptr<std::function<void()>> run;
};

template <class F>
pool_task make_pool_task(std::string tenant, F&& run) {
  return {std::move(tenant), std::make_shared<std::function<void()>>(std::forward<F>(run))};
}

struct worker_pool_options {
  // Threads. Default: the machine's cores; set by runtime/node.
  std::size_t workers = 2;
  // Tasks of one tenant that may wait; more are dropped.
  std::size_t waiting_per_tenant_max = 32'000;
  // Workers get threads of their own. False in tests on the deterministic scheduler.
  bool detached = true;
};

// Which waiting task runs next: tenants in turn, each tenant's tasks in order of arrival. Pure.
class fair_queue {
 public:
  explicit fair_queue(std::size_t per_tenant_max) : per_tenant_max_(per_tenant_max) {}
  // False when the tenant's queue is full.
  bool push(pool_task task);
  // Precondition: not empty.
  pool_task pop();
  bool empty() const { return turns_.empty(); }
  std::size_t size() const { return size_; }

 private:
  std::size_t per_tenant_max_;
  std::size_t size_ = 0;
  std::map<std::string, std::deque<pool_task>, std::less<>> waiting_;
  std::deque<std::string> turns_;  // tenants with waiting tasks
};

// Accepts: pool_task.
class worker_pool_actor final : public caf::event_based_actor {
 public:
  static inline const char* actor_name = "worker_pool";
  worker_pool_actor(caf::actor_config& config, worker_pool_options options, gauge waiting = {});
  const char* name() const override { return actor_name; }
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  void start_worker();
  void dispatch();
  worker_pool_options options_;
  gauge waiting_gauge_;
  fair_queue queue_;
  std::vector<caf::actor> workers_;
  std::vector<caf::actor> idle_;  // of these, the ones without a task
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::pool_task)
