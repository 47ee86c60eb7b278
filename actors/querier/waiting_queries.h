// SPDX-License-Identifier: Apache-2.0
// Queries that wait for a place among the running ones: tenants take turns, those of one tenant go
// in order of arrival. Pure; owned by the query frontend.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "actors/querier/querier_interface.h"

namespace skald {

class waiting_queries {
 public:
  // `per_tenant_max` is at least 1.
  explicit waiting_queries(std::size_t per_tenant_max) : per_tenant_max_(per_tenant_max) {}

  // False when the tenant has too many waiting, and none of them has ended; `call` is then left as
  // it was.
  bool push(query_call& call);
  // The next one that has not ended.
  std::optional<query_call> pop();
  // Answers those whose client is gone or whose time is over, and lets go of them.
  void drop_ended();

  std::size_t size() const { return size_; }
  // Answers none: their replies tell by being destroyed.
  void clear();

 private:
  using queue = std::deque<query_call>;
  void drop_ended(queue& waiting);
  const std::size_t per_tenant_max_;
  std::map<std::string, queue, std::less<>> by_tenant_;  // no empty ones
  std::deque<std::string> turns_;                        // their tenants
  std::size_t size_ = 0;
};

}  // namespace skald
