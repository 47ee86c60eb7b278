// SPDX-License-Identifier: Apache-2.0
// Settings of the query path. A restart is needed to change any of them.
#pragma once

#include <chrono>
#include <cstddef>

namespace skald {

struct querier_options {
  // Sub-ranges of one query that are evaluated at once. More helps one query and hurts its
  // neighbours. 1 to 64; default: the number of evaluation workers, set by runtime/node.
  std::size_t parallel_subranges = 2;
  // Rows that one sub-range aims at: a few hundred make the actors' cost visible, a million makes
  // cancellation slow.
  std::size_t rows_per_subrange = 64 * 1024;
  // Queries that run at once, over all tenants; further ones wait. Loki: querier.max_concurrent,
  // times shards.
  std::size_t running_queries_max = 32;
  // Requests for labels, series and statistics that run at once; further ones get 429.
  std::size_t running_series_max = 256;
  // Queries of one tenant that may wait; further ones get 429. Loki:
  // query_scheduler.max_outstanding_requests_per_tenant.
  std::size_t waiting_queries_per_tenant_max = 2048;
  // How often running queries are looked at for cancellation and deadlines. Their workers look by
  // themselves, between blocks; this ends what waits. Cancelled queries are to be gone within 100
  // ms; often costs every short query a timer.
  std::chrono::milliseconds sweep_interval{50};
  // How old the list of index objects in the store may be.
  std::chrono::seconds index_resync{60};
};

}  // namespace skald
