// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/flush_actor.h"

#include <caf/send.hpp>
#include <map>

#include "actors/ingester/flush_rounds.h"
#include "actors/ingester/flusher_actor.h"
#include "actors/leaf/leaf_actor.h"
#include "actors/supervision/supervisor_actor.h"
#include "runtime/base/log.h"

namespace skald {

// To itself: a step has succeeded or failed, or its wait is over.
struct flush_step_done {
  std::uint32_t shard = 0;
  std::uint64_t flush_id = 0;
  flush_step step = flush_step::idle;
  result<bool> outcome = true;
};
struct flush_step_retry {
  std::uint32_t shard = 0;
  std::uint64_t flush_id = 0;
};
struct flush_unshipped_known {
  result<std::vector<std::string>> keys = std::vector<std::string>{};
};
struct flush_checkpoint_done {
  result<bool> outcome = true;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_step_done)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_step_retry)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_unshipped_known)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_checkpoint_done)

namespace skald {
namespace {

constexpr std::uint64_t flusher_child = 0;

constexpr std::pair<flush_reason, const char*> reason_labels[] = {
    {flush_reason::budget, "budget"},
    {flush_reason::age, "age"},
    {flush_reason::forced, "forced"},
    {flush_reason::pressure, "pressure"}};

// The flushed record on its way into the log.
class flushed_entry final : public wal_entry {
 public:
  flushed_entry(std::string body, one_shot<bool> reply)
      : body_(std::move(body)), part_(body_), reply_(std::move(reply)) {}
  wal_record_type type() const override { return wal_record_type::flushed; }
  std::span<const std::string_view> parts() const override { return {&part_, 1}; }
  std::span<const std::uint32_t> shards() const override { return {}; }
  void durable(std::uint64_t) override { reply_.answer(true); }
  void failed(const error& why) override { reply_.answer(why); }

 private:
  std::string body_;
  std::string_view part_;
  one_shot<bool> reply_;
};

class flush_actor final : public supervisor_actor {
 public:
  const char* name() const override { return "flush"; }

  flush_actor(caf::actor_config& config, flush_setup setup)
      : supervisor_actor(config, {}, *setup.time, setup.metrics),
        setup_(std::move(setup)),
        progress_(setup_.progress),
        rounds_(setup_.options.shards),
        shards_(setup_.options.shards) {
    if (setup_.metrics == nullptr) return;
    for (const auto& [reason, label] : reason_labels) {
      flushes_[reason] =
          setup_.metrics->get_counter(metric_names::ingester_flushes, {{"reason", label}});
    }
    failures_ = setup_.metrics->get_counter(metric_names::ingester_flush_failures);
    duration_ = setup_.metrics->get_histogram(metric_names::ingester_flush_duration);
  }

  caf::behavior make_behavior() override {
    start_flusher();
    return {
        [this](flush_request& request) {
          waiting_next_.push_back(std::move(request.reply));
          want_round(flush_reason::forced);
        },
        [this](flush_due due) { want_round(due.reason); },
        [this](flush_shard_up& up) { on_up(std::move(up)); },
        [this](flush_shard_down down) { on_down(down.shard); },
        [this](shard_sealed& message) { on_sealed(message); },
        [this](packs_built& message) { on_built(message); },
        [this](flush_step_done& message) { on_step_done(message); },
        [this](flush_step_retry retry) { on_retry(retry); },
        [this](flush_unshipped_known& message) { on_unshipped(message.keys); },
        [this](flush_checkpoint_done& message) { on_checkpoint(message.outcome); },
        [this](flush_finish& request) { on_finish(std::move(request)); },
    };
  }

  void on_exit() override {
    if (flusher_) caf::anon_send_exit(flusher_, caf::exit_reason::user_shutdown);
    flusher_ = nullptr;
    setup_.root = nullptr;
    setup_.wal = nullptr;
    setup_.index = nullptr;
    shards_.clear();
  }

 private:
  struct shard_state {
    caf::actor handle;
    std::uint64_t life = 0;
    sealed_set_ptr set;
    flushed_record record;
    std::shared_ptr<const std::vector<pack_rows>> rows;
    ingester_options::duration wait{0};  // before the next attempt at the step
    bool release_wanted = false;         // the root waits to restart the shard
  };

  void start_flusher() {
    flusher_ = spawn_flusher(system(), {setup_.options, setup_.store, setup_.files, setup_.time,
                                        setup_.metrics, setup_.hooks});
    watch(flusher_child, flusher_, "flusher");
    tell_spawned(setup_.hooks, "flusher", flusher_);
  }

  void on_child_down(child_id, const caf::error&, restart_verdict verdict) override {
    if (verdict != restart_verdict::restart) {
      quit(caf::exit_reason::unhandled_exception);
      return;
    }
    start_flusher();
    for (std::uint32_t shard = 0; shard < rounds_.shards(); ++shard) {
      if (rounds_.step(shard) == flush_step::building) run_step(shard);
    }
  }

  bool may(std::string_view step) {
    if (setup_.hooks && setup_.hooks->before_step && !setup_.hooks->before_step(step)) {
      stopped_ = true;
    }
    return !stopped_;
  }

  // --- shards

  void on_up(flush_shard_up up) {
    auto& shard = shards_[up.shard];
    shard.handle = std::move(up.handle);
    shard.life = up.life;
    rounds_.shard_up(up.shard);
    try_begin();
  }

  void on_down(std::uint32_t number) {
    auto& shard = shards_[number];
    shard.handle = nullptr;
    shard.release_wanted = true;
    if (rounds_.is_active()) clean_ = false;
    if (!rounds_.shard_down(number)) return;
    release(number);
    shard.set = nullptr;
    finish_round_if_complete();
  }

  void release(std::uint32_t number) {
    auto& shard = shards_[number];
    if (!std::exchange(shard.release_wanted, false)) return;
    tell(setup_.root, context(),
         flush_shard_released{number, flushed_through(number), rounds_.id(), progress_});
  }

  std::uint64_t flushed_through(std::uint32_t shard) const {
    return std::max(progress_.flushed_by_all(), progress_.get(setup_.options.shards, shard));
  }

  // --- steps

  // The first reason counts.
  void want_round(flush_reason why) {
    if (!rounds_.is_wanted()) next_reason_ = why;
    rounds_.request();
    try_begin();
  }

  void try_begin() {
    if (stopped_ || checkpointing_ || !rounds_.try_begin()) return;
    setup_.node->flush_wanted.store(false);
    begun_ = time().now();
    sealed_bytes_ = 0;
    clean_ = true;
    tell(setup_.root, context(), flush_round_begun{});
    reason_ = next_reason_;
    for (auto& reply : std::exchange(waiting_next_, {})) waiting_now_.push_back(std::move(reply));
    tell(setup_.wal, context(), wal_mark_request{rounds_.id()});
  }

  void on_sealed(shard_sealed& message) {
    auto& shard = shards_[message.shard];
    if (message.life != shard.life) return;
    if (!rounds_.advance(message.shard, message.set->flush_id, flush_step::sealing)) return;
    shard.set = std::move(message.set);
    sealed_bytes_ += shard.set->bytes;
    shard.wait = ingester_options::duration::zero();
    run_step(message.shard);
  }

  // Does what the shard's step asks for, for the first time or again.
  void run_step(std::uint32_t number) {
    auto& shard = shards_[number];
    if (stopped_) return;
    const auto step = rounds_.step(number);
    switch (step) {
      case flush_step::building:
        tell(flusher_, context(),
             build_packs{number, shard.set, caf::actor_cast<caf::actor>(this)});
        break;
      case flush_step::recording:
        if (may("record")) {
          tell(setup_.wal, context(),
               wal_append{std::make_shared<flushed_entry>(encode_flushed(shard.record),
                                                          reply_for(number))});
        }
        break;
      case flush_step::indexing:
        if (may("index")) tell(setup_.index, context(), index_add{shard.rows, reply_for(number)});
        break;
      case flush_step::done:
        finish_shard(number);
        break;
      default:
        break;
    }
  }

  // Brings the outcome of the shard's present step back here.
  one_shot<bool> reply_for(std::uint32_t number) {
    return one_shot<bool>([self = caf::actor_cast<caf::actor>(this), number, id = rounds_.id(),
                           step = rounds_.step(number)](result<bool> outcome) {
      caf::anon_send(self, flush_step_done{number, id, step, std::move(outcome)});
    });
  }

  void on_built(packs_built& message) {
    if (!message.outcome.ok()) {
      on_step_failed(message.shard, message.flush_id, message.outcome.error());
      return;
    }
    if (!rounds_.advance(message.shard, message.flush_id, flush_step::building)) return;
    auto& shard = shards_[message.shard];
    shard.record = std::move(message.record);
    shard.rows = std::move(message.rows);
    shard.wait = ingester_options::duration::zero();
    run_step(message.shard);
  }

  void on_step_done(const flush_step_done& message) {
    if (!message.outcome.ok()) {
      on_step_failed(message.shard, message.flush_id, message.outcome.error());
      return;
    }
    if (!rounds_.advance(message.shard, message.flush_id, message.step)) return;
    shards_[message.shard].wait = ingester_options::duration::zero();
    if (message.step == flush_step::recording) {
      progress_.set(setup_.options.shards, message.shard, shards_[message.shard].record.sequence);
    }
    run_step(message.shard);
  }

  void on_step_failed(std::uint32_t number, std::uint64_t id, const error& why) {
    if (id != rounds_.id() || !rounds_.is_active()) return;
    failures_.add();
    clean_ = false;
    auto& shard = shards_[number];
    shard.wait =
        std::clamp(shard.wait * 2, setup_.options.flush_retry_min, setup_.options.flush_retry_max);
    log_error(
        name(), "flush step failed, it will be tried again",
        {{"shard", number},
         {"flush", id},
         {"wait_ms", std::chrono::duration_cast<std::chrono::milliseconds>(shard.wait).count()},
         log_field(why)});
    for (const auto& reply : std::exchange(waiting_now_, {})) reply.answer(why);
    delayed_send(this, shard.wait, flush_step_retry{number, id});
  }

  void on_retry(flush_step_retry retry) {
    if (rounds_.is_active() && retry.flush_id == rounds_.id()) run_step(retry.shard);
  }

  // The rows are in the index: readers that ask from now on find the packs.
  void finish_shard(std::uint32_t number) {
    auto& shard = shards_[number];
    if (!may("drop")) return;
    if (shard.handle) tell(shard.handle, context(), shard_drop_sealed{rounds_.id()});
    shard.set = nullptr;
    shard.rows = nullptr;
    shard.record = {};
    release(number);
    finish_round_if_complete();
  }

  // --- end of a round

  void finish_round_if_complete() {
    if (!rounds_.is_complete() || checkpointing_ || stopped_) return;
    tell(setup_.root, context(),
         flush_round_over{clean_ ? sealed_bytes_ : 0, time().now() - begun_});
    // Without a log nobody adds the rows again after a crash: ship them now.
    write_checkpoint(!setup_.options.wal_enabled);
  }

  void write_checkpoint(bool ship) {
    checkpointing_ = true;
    const one_shot<std::vector<std::string>> reply(
        [self = caf::actor_cast<caf::actor>(this)](result<std::vector<std::string>> keys) {
          caf::anon_send(self, flush_unshipped_known{std::move(keys)});
        });
    if (ship) {
      tell(setup_.index, context(), index_ship{true, reply});
    } else {
      tell(setup_.index, context(), index_unshipped{reply});
    }
  }

  void on_unshipped(const result<std::vector<std::string>>& keys) {
    if (!keys.ok()) {
      // The former checkpoint stays: the WAL is released later.
      on_checkpoint(keys.error());
      return;
    }
    if (!may("checkpoint")) return;
    progress_.prune();
    const one_shot<bool> reply([self = caf::actor_cast<caf::actor>(this)](result<bool> outcome) {
      caf::anon_send(self, flush_checkpoint_done{std::move(outcome)});
    });
    tell(setup_.wal, context(),
         wal_checkpoint_request{encode_checkpoint({progress_, *keys}),
                                progress_.flushed_by_all() + 1, reply});
  }

  void on_checkpoint(const result<bool>& outcome) {
    checkpointing_ = false;
    if (!outcome.ok()) {
      failures_.add();
      log_error(name(), "checkpoint failed, the write-ahead log is kept until the next flush",
                {log_field(outcome.error())});
    }
    if (rounds_.is_complete()) {
      flushes_[reason_].add();
      duration_.observe(std::chrono::duration<double>(time().now() - begun_).count());
      const bool all = rounds_.end();
      auto waiting = std::exchange(waiting_now_, {});
      if (all) {
        for (const auto& reply : waiting) reply.answer(true);
      } else {
        waiting_next_.insert(waiting_next_.end(), waiting.begin(), waiting.end());
      }
    }
    if (finishing_ == finish_phase::shipping) {
      finishing_ = finish_phase::none;
      finish_reply_.answer(outcome);
      return;
    }
    if (finishing_ == finish_phase::flushing && !rounds_.is_wanted()) {
      ship_and_finish();
      return;
    }
    try_begin();
  }

  // --- shutdown

  void on_finish(flush_finish request) {
    finish_reply_ = std::move(request.reply);
    finishing_ = finish_phase::flushing;
    if (request.flush) {
      want_round(flush_reason::forced);
    } else if (!rounds_.is_active()) {
      ship_and_finish();
    }
  }

  void ship_and_finish() {
    finishing_ = finish_phase::shipping;
    write_checkpoint(true);
  }

  enum class finish_phase : std::uint8_t { none, flushing, shipping };

  flush_setup setup_;
  flush_progress progress_;
  flush_rounds rounds_;
  std::vector<shard_state> shards_;
  caf::actor flusher_;
  std::vector<one_shot<bool>> waiting_next_;
  std::vector<one_shot<bool>> waiting_now_;
  std::chrono::steady_clock::time_point begun_{};
  std::int64_t sealed_bytes_ = 0;  // of the round under way
  bool clean_ = true;              // it
  bool checkpointing_ = false;
  bool stopped_ = false;  // a test stopped it
  finish_phase finishing_ = finish_phase::none;
  one_shot<bool> finish_reply_;
  flush_reason reason_ = flush_reason::budget;  // of the round under way
  flush_reason next_reason_ = flush_reason::budget;
  std::map<flush_reason, counter> flushes_;
  counter failures_;
  histogram duration_;
};

}  // namespace

caf::actor spawn_flush_actor(caf::actor_system& system, flush_setup setup) {
  return system.spawn<flush_actor>(std::move(setup));
}

}  // namespace skald
