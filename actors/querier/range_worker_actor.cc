// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/range_worker_actor.h"

#include <caf/all.hpp>

#include "actors/io/worker_pool.h"

namespace skald {

range_worker_actor::range_worker_actor(caf::actor_config& config, query_context_ptr query,
                                       subrange work, caf::actor pool, caf::actor interval)
    : caf::event_based_actor(config),
      query_(std::move(query)),
      work_(std::move(work)),
      pool_(std::move(pool)),
      interval_(std::move(interval)) {}

caf::behavior range_worker_actor::make_behavior() {
  // Settled by destruction too: a task that the pool drops still answers.
  const one_shot<leaf_answer_ptr> done([self = caf::actor(this)](result<leaf_answer_ptr> answer) {
    auto value = answer.ok() ? std::move(answer).value() : std::make_shared<leaf_answer>();
    if (!answer.ok()) value->value = std::move(answer).error();
    caf::anon_send(self, subrange_evaluated{std::move(value)});
  });
  send(pool_, make_pool_task(query_->tenant, [query = query_, work = work_, done] {
         auto answer = std::make_shared<leaf_answer>();
         answer->value = logql::run_leaf(*query->plan, work.leaf, *work.blocks, *query->cancel,
                                         answer->stats, query->bound.get());
         work.blocks->clear();
         done.answer(std::move(answer));
       }));
  work_.blocks.reset();
  return {[this](subrange_evaluated& evaluated) {
    send(interval_, subrange_done{work_.number, std::move(evaluated.answer)});
    quit();
  }};
}

}  // namespace skald
