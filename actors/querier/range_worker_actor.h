// SPDX-License-Identifier: Apache-2.0
// A query sub-range: one group of blocks of one leaf. Evaluates it on the worker pool, hands the
// result to its interval and ends. Temporary, never restarted: an unexpected end is an error of its
// interval. Context: event actor.
#pragma once

#include <caf/event_based_actor.hpp>
#include <cstddef>
#include <memory>

#include "actors/querier/query_messages.h"

namespace skald {

struct subrange {
  std::size_t leaf = 0;
  std::size_t number = 0;  // unique in its interval
  std::shared_ptr<block_list> blocks;
};

class range_worker_actor final : public caf::event_based_actor {
 public:
  range_worker_actor(caf::actor_config& config, query_context_ptr query, subrange work,
                     caf::actor pool, caf::actor interval);
  const char* name() const override { return "range_worker"; }
  caf::behavior make_behavior() override;

 private:
  query_context_ptr query_;
  subrange work_;
  caf::actor pool_;
  caf::actor interval_;
};

}  // namespace skald
