// SPDX-License-Identifier: Apache-2.0
// What the HTTP routes need of the node. Made by runtime/node, shared read-only by all routes;
// outlives the server.
#pragma once

#include <caf/actor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "runtime/base/clock.h"
#include "runtime/http/byte_budget.h"
#include "runtime/limits/limits_snapshot.h"
#include "runtime/logql/metric/query_memory.h"
#include "runtime/loki_api/result_json.h"
#include "runtime/loki_api/tenant_header.h"
#include "runtime/metrics/metric_registry.h"

namespace skald {

class distributor_core_pool;

// Why the node is not ready, or ready.
struct readiness {
  bool ready = false;
  std::string text;  // of /ready, without the newline
};

struct gateway_context {
  const clock* time = nullptr;
  limits_source* limits = nullptr;
  metric_registry* metrics = nullptr;
  tenant_options tenants;
  std::string path_prefix;  // of every path

  // Write side; null where this node has no distributor.
  caf::actor distributor;
  std::shared_ptr<distributor_core_pool> distributor_cores;
  std::size_t body_bytes_max = 100u << 20;
  std::size_t inflated_bytes_max = 5000ull << 20;
  std::shared_ptr<byte_budget> budget;

  // Read side; null where this node has no query frontend.
  caf::actor frontend;
  // What query_range.parallelise_shardable_queries says. Skald cuts queries up as it likes; with
  // false, categorised answers keep all labels in `stream`, as Loki's then do.
  bool queries_are_sharded = true;
  // Of one query's evaluation, and again of its answer's text. skald.query_memory_limit
  std::uint64_t query_memory_bytes = 1'000'000'000;
  logql::query_memory_ptr all_queries_memory;  // of all queries; may be null
  // skald.query_early_rejection
  bool early_rejection = true;
  // pattern_ingester.enabled: without it, /patterns answers 404.
  bool patterns_enabled = false;
  // Ingester; null where this node has none.
  caf::actor ingester;

  build_info build;
  std::string config_yaml;                // of GET /config
  std::function<readiness()> ready;       // safe from any thread, does not block
  std::function<std::string()> services;  // text of GET /services
  std::function<std::string(std::string)> tenant_limits_yaml;  // of GET /config/tenant/v1/limits
};
using gateway_context_ptr = std::shared_ptr<const gateway_context>;

}  // namespace skald
