// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/waiting_queries.h"

#include <algorithm>
#include <utility>

namespace skald {

bool waiting_queries::push(query_call& call) {
  if (const auto at = by_tenant_.find(call.tenant); at != by_tenant_.end()) {
    queue& waiting = at->second;
    if (waiting.size() >= per_tenant_max_) drop_ended(waiting);
    if (waiting.size() >= per_tenant_max_) return false;
    waiting.push_back(std::move(call));  // has its turn, even if it was empty now
  } else {
    turns_.push_back(call.tenant);
    by_tenant_[call.tenant].push_back(std::move(call));
  }
  ++size_;
  return true;
}

std::optional<query_call> waiting_queries::pop() {
  while (!turns_.empty()) {
    std::string tenant = std::move(turns_.front());
    turns_.pop_front();
    const auto at = by_tenant_.find(tenant);
    query_call call = std::move(at->second.front());
    at->second.pop_front();
    --size_;
    if (at->second.empty()) {
      by_tenant_.erase(at);
    } else {
      turns_.push_back(std::move(tenant));
    }
    auto live = call.cancel->check();
    if (live.ok()) return call;
    call.reply.answer(std::move(live).error());
  }
  return std::nullopt;
}

void waiting_queries::drop_ended() {
  for (auto& [tenant, waiting] : by_tenant_) drop_ended(waiting);
  std::erase_if(by_tenant_, [](const auto& one) { return one.second.empty(); });
  std::erase_if(turns_, [this](const std::string& tenant) { return !by_tenant_.contains(tenant); });
}

void waiting_queries::drop_ended(queue& waiting) {
  size_ -= std::erase_if(waiting, [](const query_call& call) {
    auto live = call.cancel->check();
    if (!live.ok()) call.reply.answer(std::move(live).error());
    return !live.ok();
  });
}

void waiting_queries::clear() {
  by_tenant_.clear();
  turns_.clear();
  size_ = 0;
}

}  // namespace skald
