// SPDX-License-Identifier: Apache-2.0
#include "runtime/node/node.h"

#include <algorithm>
#include <caf/all.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "actors/distributor/distributor_actor.h"
#include "actors/gateway/distributor_core_pool.h"
#include "actors/gateway/gateway_actor.h"
#include "actors/ingester/ingester_actor.h"
#include "actors/io/worker_pool.h"
#include "actors/querier/query_frontend_actor.h"
#include "actors/scheduler/sharing_scheduler.h"
#include "runtime/base/log.h"
#include "runtime/config/config_loader.h"
#include "runtime/config/targets.h"
#include "runtime/logql/metric/query_memory.h"
#include "runtime/metrics/metric_names.h"
#include "runtime/metrics/metric_registry.h"
#include "runtime/node/node_root_actor.h"
#include "runtime/node/option_mapping.h"
#include "runtime/node/readiness_board.h"
#include "runtime/node/shutdown_watchdog.h"
#include "runtime/node/storage_parts.h"
#include "runtime/node/version.h"

namespace skald {
namespace {

constexpr auto actor_end_timeout = std::chrono::seconds(5);

// Blocks the calling thread (never an actor's) until a one_shot is answered, or the time is over.
template <class T, class Send>
result<T> wait_for(Send&& send, std::chrono::nanoseconds timeout) {
  struct shared {
    std::mutex mutex;
    std::condition_variable ready;
    std::optional<result<T>> value;
  };
  auto state = std::make_shared<shared>();
  send(one_shot<T>([state](result<T> value) {
    const std::lock_guard lock(state->mutex);
    state->value = std::move(value);
    state->ready.notify_all();
  }));
  std::unique_lock lock(state->mutex);
  if (!state->ready.wait_for(lock, timeout, [&] { return state->value.has_value(); })) {
    return error{errc::timeout, "no answer in time"};
  }
  return std::move(*state->value);
}

caf::actor_system_config make_actor_config(const node_config& config, const machine_size& machine) {
  caf::actor_system_config out;
  use_sharing_scheduler(out);
  out.set("scheduler.max-throughput", 50u);
  out.set("scheduler.max-threads", config.skald.scheduler_threads > 0
                                       ? static_cast<std::size_t>(config.skald.scheduler_threads)
                                       : std::max<std::size_t>(1, machine.cores));
  return out;
}

}  // namespace

class node::implementation {
 public:
  explicit implementation(node_config config)
      : config_(std::move(config)),
        machine_{std::max(1u, std::thread::hardware_concurrency()), config_.skald.memory_limit > 0
                                                                        ? config_.skald.memory_limit
                                                                        : detected_memory_bytes()},
        incarnation_(static_cast<std::uint64_t>(clock_.wall_now_ns())),
        limits_(std::make_shared<const limits_snapshot>(config_.limits)),
        board_(std::make_shared<readiness_board>()),
        actor_config_(make_actor_config(config_, machine_)) {}

  ~implementation() { stop(); }

  result<void> start();
  void stop();

  // Armed by stop(); the first member, so that it also watches over the end of the actor system.
  std::unique_ptr<shutdown_watchdog> watchdog_;
  const node_config config_;
  const system_clock clock_;
  const machine_size machine_;
  const std::uint64_t incarnation_;
  metric_registry metrics_;
  limits_source limits_;
  std::shared_ptr<readiness_board> board_;
  std::unique_ptr<storage_parts> storage_;
  caf::actor_system_config actor_config_;
  std::unique_ptr<caf::actor_system> actors_;
  std::uint16_t port_ = 0;
  bool running_ = false;

 private:
  void spawn_parts();
  gateway_context_ptr make_gateway_context();
  void end_actors();

  caf::actor pool_, ingester_, distributor_, frontend_, gateway_, root_;
  std::shared_ptr<byte_budget> budget_;

 public:
  std::shared_ptr<std::atomic<bool>> failed_ = std::make_shared<std::atomic<bool>>(false);
};

result<void> node::implementation::start() {
  SKALD_TRY(resolve_targets(config_.target));
  register_process_metrics(metrics_, version);
  SKALD_TRY_ASSIGN(storage_, open_storage(config_, incarnation_, clock_));
  register_cache_metrics(metrics_, *storage_);
  actors_ = std::make_unique<caf::actor_system>(actor_config_);
  running_ = true;
  metrics_.before_render([this, alive = metrics_.get_gauge(metric_names::actors_running)] {
    alive.set(static_cast<double>(actors_->registry().running()));
  });
  spawn_parts();
  const auto port = wait_for<std::uint16_t>(
      [&](one_shot<std::uint16_t> reply) { caf::anon_send(gateway_, serve_request{reply}); },
      std::chrono::seconds(10));
  if (!port.ok()) return port.error();
  port_ = *port;
  return {};
}

void node::implementation::spawn_parts() {
  pool_ = actors_->spawn<worker_pool_actor>(worker_pool_options{machine_.cores});
  ingester_dependencies parts;
  parts.files = &storage_->files;
  parts.store = storage_->store.get();
  parts.index = storage_->catalog.get();
  parts.limits = &limits_;
  parts.time = &clock_;
  parts.metrics = &metrics_;
  ingester_ = spawn_ingester(*actors_, ingester_options_of(config_, machine_, incarnation_), parts);

  distributor_ = actors_->spawn<distributor_actor>(ingester_);

  auto reading = std::make_shared<querier_parts>();
  reading->options = querier_options_of(config_, machine_);
  reading->locator = storage_->locator.get();
  reading->ingester = ingester_;
  reading->pool = pool_;
  frontend_ = actors_->spawn<query_frontend_actor>(querier_parts_ptr(reading), &metrics_);

  http_server_options http = http_options_of(config_, machine_);
  budget_ = http.budget;
  gateway_ = actors_->spawn<gateway_actor, caf::detached>(make_gateway_context(), std::move(http));

  node_root_parts watched;
  watched.ingester = ingester_;
  watched.children = {{"worker_pool", pool_},
                      {"ingester", ingester_},
                      {"distributor", distributor_},
                      {"query_frontend", frontend_},
                      {"gateway", gateway_}};
  watched.board = board_;
  watched.failed = failed_;
  root_ = actors_->spawn<node_root_actor>(std::move(watched), clock_, &metrics_);
}

gateway_context_ptr node::implementation::make_gateway_context() {
  auto context = std::make_shared<gateway_context>();
  context->time = &clock_;
  context->limits = &limits_;
  context->metrics = &metrics_;
  context->tenants = {config_.auth_enabled, config_.no_auth_tenant,
                      config_.querier.multi_tenant_queries_enabled};
  context->path_prefix =
      config_.http_prefix.empty() ? config_.server.http_path_prefix : config_.http_prefix;
  context->distributor = distributor_;
  context->distributor_cores = std::make_shared<distributor_core_pool>(
      distributor_options_of(config_), std::make_shared<rate_limiter>());
  context->body_bytes_max = config_.distributor.max_recv_msg_size;
  context->inflated_bytes_max = config_.distributor.max_decompressed_size;
  context->budget = budget_;
  context->frontend = frontend_;
  context->queries_are_sharded = config_.frontend.parallelise_shardable_queries;
  context->query_memory_bytes = query_memory_bytes_of(config_, machine_);
  context->all_queries_memory = std::make_shared<logql::query_memory>(
      std::max(context->query_memory_bytes, machine_.memory_bytes / 2));
  context->early_rejection = config_.skald.query_early_rejection;
  context->patterns_enabled = config_.pattern_ingester_enabled;
  context->ingester = ingester_;
  context->build.revision = revision;
  context->build.branch = branch;
  context->build.go_version = "g++ " __VERSION__;
  context->config_yaml = dump_config(config_);
  context->ready = [board = board_] { return board->get(); };
  context->services = [] {
    std::string out;
    for (const role r : all_roles()) out += std::string(to_string(r)) + " => Running\n";
    return out;
  };
  context->tenant_limits_yaml = [this](const std::string& tenant) {
    return dump_limits(limits_.get()->for_tenant(tenant));
  };
  return context;
}

void node::implementation::stop() {
  if (!running_) return;
  running_ = false;
  board_->set_stopping();
  const auto ingester_timeout =
      ingester_options_of(config_, machine_, incarnation_).shutdown_timeout;
  watchdog_ = std::make_unique<shutdown_watchdog>(config_.server.graceful_shutdown_timeout +
                                                  ingester_timeout + std::chrono::seconds(15));
  caf::anon_send(root_, expect_ends_atom::value);
  // 1. No new requests; running ones end.
  const auto served = wait_for<bool>(
      [&](one_shot<bool> reply) { caf::anon_send(gateway_, stop_serving_request{reply}); },
      config_.server.graceful_shutdown_timeout + std::chrono::seconds(2));
  if (!served.ok()) log_warn("node", "requests were cut off", {log_field(served.error())});
  // 2. Durable state. From here nothing can be lost.
  const auto stored = wait_for<bool>(
      [&](one_shot<bool> reply) {
        caf::anon_send(ingester_, shutdown_request{false, reply});
      },
      ingester_timeout + std::chrono::seconds(2));
  if (!stored.ok()) {
    log_warn("node", "the ingester did not stop in order; the write-ahead log has its data",
             {log_field(stored.error())});
  }
  end_actors();
}

void node::implementation::end_actors() {
  caf::scoped_actor self{*actors_};
  std::vector<caf::actor> all = {root_, gateway_, frontend_, distributor_, ingester_, pool_};
  root_ = gateway_ = frontend_ = distributor_ = ingester_ = pool_ = nullptr;
  for (caf::actor& a : all) {
    self->monitor(a);
    caf::anon_send_exit(a, caf::exit_reason::user_shutdown);
  }
  const auto deadline = std::chrono::steady_clock::now() + actor_end_timeout;
  bool ended = true;
  for (std::size_t i = 0; i < all.size() && ended; ++i) {
    const auto left =
        std::max(std::chrono::nanoseconds(0),
                 std::chrono::nanoseconds(deadline - std::chrono::steady_clock::now()));
    self->receive([](caf::down_msg&) {}, caf::after(left) >> [&] { ended = false; });
  }
  all.clear();
  if (!ended) log_warn("node", "some actors did not end in time");
  actors_->await_actors_before_shutdown(false);
}

node::node(node_config config)
    : implementation_(std::make_unique<implementation>(std::move(config))) {}
node::~node() = default;
result<void> node::start() {
  return implementation_->start();
}
std::uint16_t node::http_port() const {
  return implementation_->port_;
}
void node::stop() {
  implementation_->stop();
}
bool node::has_failed() const {
  return implementation_->failed_->load();
}
void node::set_limits(limits_snapshot_ptr limits) {
  implementation_->limits_.set(std::move(limits));
}

}  // namespace skald
