// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/query_root_actor.h"

#include <algorithm>
#include <caf/all.hpp>

#include "actors/ingester/ingester_interface.h"
#include "actors/io/worker_pool.h"
#include "runtime/logql/plan/query_policy.h"
#include "runtime/loki_api/volume.h"

namespace skald {

// ingester -> root: the unflushed rows of one leaf.
struct leaf_memory {
  std::size_t leaf = 0;
  std::shared_ptr<result<ingester_snapshot>> snapshot;
};

// pool -> root: for which days the store may have data, by leaf.
struct leaf_days {
  std::shared_ptr<result<std::vector<std::vector<std::int64_t>>>> days;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::leaf_memory)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::leaf_days)

namespace skald {

namespace {

using flush_names = std::vector<std::shared_ptr<const std::vector<std::string>>>;  // by leaf

// max_query_bytes_read. `known`: the flushes whose rows are among `memory_bytes`.
result<void> check_bytes(const querier_parts& parts, const query_context& query,
                         const flush_names& known, std::uint64_t memory_bytes) {
  const logql::query_limits& limits = query.plan->limits();
  if (limits.max_query_bytes == 0) return {};
  std::uint64_t bytes = memory_bytes;
  const auto leaves = query.plan->leaves();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    SKALD_TRY_ASSIGN(
        const std::uint64_t stored,
        parts.locator->bytes({query.tenant, leaves[i].matchers, leaves[i].range, *known[i]}));
    bytes += stored;
  }
  return logql::check_query_bytes(bytes, limits);
}

}  // namespace

query_root_actor::query_root_actor(caf::actor_config& config, querier_parts_ptr parts,
                                   query_call call)
    : caf::event_based_actor(config),
      parts_(std::move(parts)),
      call_(std::move(call)),
      query_(std::make_shared<query_context>(
          query_context{call_.tenant, call_.plan, call_.cancel,
                        std::make_shared<logql::answer_bound>(call_.plan->request())})),
      core_(call_.plan, parts_->options.parallel_subranges),
      known_flushes_(call_.plan->leaves().size(),
                     std::make_shared<const std::vector<std::string>>()) {
  set_down_handler([this](caf::down_msg& down) {
    std::erase_if(intervals_, [&](const caf::actor& a) { return a.address() == down.source; });
    if (!down.reason || down.reason == caf::exit_reason::normal) return;
    fail({errc::internal, "a part of the query failed: " + caf::to_string(down.reason)});
  });
}

caf::behavior query_root_actor::make_behavior() {
  ask_memory();
  return {[this](leaf_memory& memory) {
            if (!memory.snapshot->ok()) return fail(std::move(*memory.snapshot).error());
            ingester_snapshot snapshot = std::move(**memory.snapshot);
            known_flushes_[memory.leaf] =
                std::make_shared<const std::vector<std::string>>(std::move(snapshot.flush_names));
            warnings_.insert(snapshot.warnings.begin(), snapshot.warnings.end());
            count_memory(memory.leaf, snapshot.blocks);
            core_.on_memory(memory.leaf, std::move(snapshot.blocks));
            if (--memory_answers_missing_ == 0) on_memory_complete();
          },
          [this](leaf_days& found) {
            if (!found.days->ok()) return fail(std::move(*found.days).error());
            for (std::size_t i = 0; i < (*found.days)->size(); ++i)
              core_.on_days(i, (**found.days)[i]);
            start_intervals();
          },
          [this](interval_done& done) { on_interval(done); },
          [this](cancel_atom) {
            // A passed deadline is the reason to give, not the cancellation that follows from it.
            if (call_.cancel->check().ok()) call_.cancel->cancel();
            fail(call_.cancel->check().error());
          }};
}

void query_root_actor::ask_memory() {
  const auto leaves = call_.plan->leaves();
  if (!parts_->ingester || leaves.empty()) return on_memory_complete();
  memory_answers_missing_ = leaves.size();
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    read_request read{call_.tenant, leaves[i].matchers, leaves[i].range, {}};
    read.reply = one_shot<ingester_snapshot>([self = caf::actor(this),
                                              i](result<ingester_snapshot> snapshot) {
      caf::anon_send(
          self, leaf_memory{i, std::make_shared<result<ingester_snapshot>>(std::move(snapshot))});
    });
    send(parts_->ingester, std::move(read));
  }
}

void query_root_actor::count_memory(std::size_t leaf, const block_list& blocks) {
  if (call_.plan->limits().max_query_bytes == 0) return;
  const time_range range = call_.plan->leaves()[leaf].range;
  for (const auto& block : blocks) {
    for (const row_run& run : block->runs()) {
      memory_bytes_ +=
          inside({run.min_timestamp_ns, run.max_timestamp_ns, run.row_count, run.line_bytes}, range)
              .bytes;
    }
  }
}

void query_root_actor::on_memory_complete() {
  // Only now may the index be asked: what was flushed since is in the snapshot and known by its
  // flush.
  using days_result = result<std::vector<std::vector<std::int64_t>>>;
  const one_shot<std::vector<std::vector<std::int64_t>>> done(
      [self = caf::actor(this)](days_result days) {
        caf::anon_send(self, leaf_days{std::make_shared<days_result>(std::move(days))});
      });
  send(parts_->pool, make_pool_task(call_.tenant, [parts = parts_, query = query_, done,
                                                   known = known_flushes_, bytes = memory_bytes_] {
         if (auto small = check_bytes(*parts, *query, known, bytes); !small.ok()) {
           return done.answer(std::move(small).error());
         }
         std::vector<std::vector<std::int64_t>> days;
         for (const logql::plan_leaf& leaf : query->plan->leaves()) {
           auto found = parts->locator->days(leaf.range);
           if (!found.ok()) return done.answer(std::move(found).error());
           days.push_back(std::move(found).value());
         }
         done.answer(std::move(days));
       }));
}

void query_root_actor::start_intervals() {
  for (query_interval& interval : core_.next()) {
    ++stats_.splits;
    const std::size_t leaf = interval.leaf;
    intervals_.push_back(spawn<interval_actor, caf::monitored>(
        parts_, query_, std::make_shared<query_interval>(std::move(interval)), known_flushes_[leaf],
        caf::actor(this)));
  }
  if (core_.finished()) finish();
}

void query_root_actor::on_interval(interval_done& done) {
  stats_.add(done.answer->stats);
  if (!done.answer->value.ok()) return fail(std::move(done.answer->value).error());
  core_.on_interval_done(done.leaf, std::move(*done.answer->value));
  start_intervals();
}

void query_root_actor::finish() {
  auto leaves = std::make_shared<std::vector<logql::leaf_result>>(core_.take_results());
  send(parts_->pool,
       make_pool_task(call_.tenant, [query = query_, leaves, stats = stats_, reply = call_.reply,
                                     warnings = std::move(warnings_)] {
         auto answer = logql::finish(*query->plan, std::move(*leaves), stats, *query->cancel);
         if (answer.ok()) {
           answer->warnings.insert(answer->warnings.end(), warnings.begin(), warnings.end());
         }
         reply.answer(std::move(answer));
       }));
  call_.reply = {};
  quit();
}

void query_root_actor::fail(error why) {
  call_.cancel->cancel();  // workers of this query stop at their next look
  call_.reply.answer(std::move(why));
  call_.reply = {};
  quit();
}

void query_root_actor::on_exit() {
  for (const caf::actor& interval : intervals_) {
    caf::anon_send_exit(interval, caf::exit_reason::user_shutdown);
  }
  intervals_.clear();
}

}  // namespace skald
