// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/shard_actor.h"

#include <caf/send.hpp>
#include <cmath>
#include <map>
#include <unordered_map>

#include "actors/ingester/head_block.h"
#include "actors/ingester/ingester_messages.h"
#include "actors/ingester/stream_actor.h"
#include "actors/leaf/leaf_actor.h"
#include "actors/supervision/supervisor_actor.h"
#include "runtime/base/log.h"

namespace skald {
namespace {

constexpr std::uint32_t ticks_per_sweep = 60;

std::int64_t stream_limit_of(const tenant_limits& limits, double share) {
  const auto global = static_cast<std::int64_t>(
      std::floor(static_cast<double>(limits.max_global_streams_per_user) * share));
  if (limits.max_global_streams_per_user <= 0) return limits.max_streams_per_user;
  if (limits.max_streams_per_user <= 0) return std::max<std::int64_t>(global, 1);
  return std::max<std::int64_t>(1, std::min(limits.max_streams_per_user, global));
}

class shard_actor final : public supervisor_actor {
 public:
  const char* name() const override { return "shard"; }

  shard_actor(caf::actor_config& config, shard_setup setup)
      : supervisor_actor(config, setup.options.stream_supervision, *setup.time, setup.metrics),
        setup_(std::move(setup)),
        core_(setup_.options, setup_.node, shard_origin(setup_.options, setup_.shard)),
        backlog_(std::make_shared<std::atomic<std::int64_t>>(0)) {
    core_.set_flushed(setup_.flushed_through, setup_.flushes_done);
  }

  caf::behavior make_behavior() override {
    delayed_send(this, setup_.options.tick, shard_tick{});
    return {
        [this](wal_durable& message) { on_durable(std::move(message)); },
        [this](admit_push& message) { on_admit(message.job); },
        [this](shard_read& message) { on_read(std::move(message)); },
        [this](shard_streams& message) { on_streams(std::move(message)); },
        [this](wal_mark mark) { on_mark(mark); },
        [this](shard_parts_arrived& message) { on_parts(message); },
        [this](shard_drop_sealed message) { core_.drop_sealed(message.flush_id); },
        [this](replay_begun message) { core_.set_flushed(message.flushed_through, 0); },
        [this](replay_entries& message) { on_replay(message); },
        [this](shard_opened& message) {
          setup_.wal = std::move(message.wal);
          core_.set_flushed(message.flushed_through, 0);
          on_replay_finished(true);
        },
        [this](replay_finished& message) { on_replay_finished(message.outcome); },
        [this](restored_run& message) { on_restored(message); },
        [this](restore_finished& message) { on_restore_finished(message); },
        [this](restore_stalled message) { on_stalled(message); },
        [this](stream_kept message) { on_kept(message); },
        [this](shard_tick) { on_tick(); },
        [this](wal_attached message) {
          tell(setup_.root, context(), shard_attached{setup_.shard, setup_.life, message.sequence});
        },
    };
  }

  // Root and shards hold handles of each other.
  void on_exit() override {
    streams_.clear();
    early_.clear();
    deferred_reads_.clear();
    deferred_streams_.clear();
    setup_.root = nullptr;
    setup_.wal = nullptr;
    setup_.recovery = nullptr;
  }

 private:
  struct stream_slot {
    caf::actor handle;
    std::uint32_t life = 0;
    std::uint64_t resealed_for = 0;  // flush for which this life was asked again
    bool stalled = false;            // its entries cannot be read from the log for now
  };

  // --- writes

  void on_admit(const push_job_ptr& job) {
    if (replaying_) {
      job->refuse({errc::unavailable, "ingester is replaying its write-ahead log"});
      return;
    }
    if (backlog_->load(std::memory_order_relaxed) >
        static_cast<std::int64_t>(setup_.options.backlog_bytes_max)) {
      job->refuse({errc::unavailable, "streams cannot keep up with their entries"});
      return;
    }
    auto& part = job->part_of(setup_.shard);
    const auto snapshot = setup_.limits->get();
    const auto& limits = snapshot->for_tenant(job->frame()->tenant());
    const auto share = setup_.stream_share ? setup_.stream_share() : 1.0;
    part.admitted = core_.admit(*job->frame(), part.slices, limits, stream_limit_of(limits, share),
                                time().now());
    count_refused(job->frame()->tenant(), part.admitted.rejected);
    if (job->admitted() == push_job::next_step::log) {
      tell(setup_.wal, context(), wal_append{job});
    }
  }

  void count_refused(std::string_view tenant, const std::vector<stream_rejection>& rejected) {
    if (rejected.empty() || setup_.metrics == nullptr) return;
    struct total {
      std::uint64_t lines = 0;
      std::uint64_t bytes = 0;
    };
    std::map<std::string_view, total> by_reason;
    for (const auto& one : rejected) {
      auto& sum = by_reason[one.reason];
      sum.lines += one.lines;
      sum.bytes += one.bytes;
    }
    for (const auto& [reason, sum] : by_reason) {
      const metric_labels labels = {{"tenant", std::string(tenant)},
                                    {"reason", std::string(reason)}};
      setup_.metrics->get_counter(metric_names::discarded_samples, labels)
          .add(static_cast<double>(sum.lines));
      setup_.metrics->get_counter(metric_names::discarded_bytes, labels)
          .add(static_cast<double>(sum.bytes));
    }
  }

  void on_durable(wal_durable message) {
    if (replaying_) {
      // These come behind what the replay brings.
      early_.push_back(std::move(message));
      return;
    }
    const auto now = time().now();
    std::vector<row_index> ready;
    for (const auto& record : message.records) {
      auto& job = static_cast<push_job&>(*record.entry);
      const auto& part = job.part_of(setup_.shard);
      core_.commit(std::make_shared<const durable_frame>(
                       durable_frame{job.frame(), record.sequence, job.hold(), nullptr}),
                   part.slices, part.admitted.rows, part.admitted.drops, now, ready);
      job.committed();
    }
    for (const auto row : ready) hand_over(row);
    want_flush_if_due();
  }

  void hand_over(row_index row) {
    auto slices = core_.take_pending(row);
    if (!slices.empty()) send_run(row, std::move(slices));
  }

  void send_run(row_index row, std::vector<slice_ref> slices) {
    auto hold = hold_copied(slices);
    tell(stream_of(row), context(), stream_run{std::move(slices), std::move(hold)});
  }

  // Null when nothing will be copied.
  std::shared_ptr<const byte_hold> hold_copied(const std::vector<slice_ref>& slices) const {
    std::int64_t bytes = 0;
    for (const auto& slice : slices) {
      if (!slice.source->is_dense()) bytes += static_cast<std::int64_t>(slice.stored_bytes());
    }
    return bytes > 0 ? std::make_shared<const byte_hold>(backlog_, bytes) : nullptr;
  }

  const caf::actor& stream_of(row_index row) {
    if (row >= streams_.size()) streams_.resize(row + 1);
    auto& stream = streams_[row].handle;
    if (!stream) {
      stream = spawn_stream(system(), core_.stream(row), setup_.hooks);
      watch(row, stream, "stream");
      tell_spawned(setup_.hooks, "stream", stream);
    }
    return stream;
  }

  void want_flush_if_due() {
    const auto streams = setup_.node->streams.load(std::memory_order_relaxed);
    if (setup_.node->live_bytes() < flush_trigger_bytes(setup_.options, streams)) return;
    if (!setup_.node->flush_wanted.exchange(true)) tell(setup_.root, context(), flush_due{});
  }

  void on_tick() {
    delayed_send(this, setup_.options.tick, shard_tick{});
    for (const auto row : core_.take_dirty()) hand_over(row);
    const auto now = time().now();
    if (!replaying_ && core_.oldest_live() != shard_core::time_point::max() &&
        now - core_.oldest_live() >= setup_.options.flush_age &&
        !setup_.node->flush_wanted.exchange(true)) {
      tell(setup_.root, context(), flush_due{flush_reason::age});
    }
    if (++ticks_ % ticks_per_sweep != 0) return;
    for (const auto row : core_.sweep(now)) {
      if (row >= streams_.size() || !streams_[row].handle) continue;
      forget(streams_[row].handle);
      streams_[row].handle = nullptr;  // nobody else holds it: it ends
      pardon(row);
    }
  }

  // --- reads

  // A read whose message is dropped is answered with an error: entries cannot be read for now.
  void on_read(shard_read message) {
    if (replaying_) {
      if (!replay_stalled_) deferred_reads_.push_back(std::move(message));
      return;
    }
    const auto& request = *message.request;
    const auto rows = core_.select(request.tenant, request.matchers, request.range);
    bool wait = false;
    for (const auto row : rows) {
      if (core_.phase(row) != row_phase::restoring && !core_.awaits_pieces(row)) continue;
      if (streams_[row].stalled) return;
      wait = true;
    }
    if (wait) {
      deferred_reads_.push_back(std::move(message));
      return;
    }
    auto kept = std::make_shared<std::vector<head_snapshot_ptr>>();
    const auto target = snapshot_gather::make(
        [kept, message, first_flush = core_.first_flush_here(),
         warnings = core_.unreadable(request.tenant, request.matchers, request.range),
         self = caf::actor_cast<caf::actor>(this)](snapshot_gather::outcome outcome) {
          if (outcome.failed > 0) {
            // A stream died under way: ask again once it is restored.
            caf::anon_send(self, message);
            return;
          }
          ingester_snapshot answer;
          answer.flush_names = {first_flush};
          answer.warnings = warnings;
          for (auto* pieces : {kept.get(), &outcome.parts}) {
            for (auto& piece : *pieces) {
              if (piece->rows > 0) answer.blocks.push_back(std::make_unique<head_block>(piece));
            }
          }
          message.ticket.settle(std::move(answer));
        });
    const auto form = form_for(rows);
    for (const auto row : rows) {
      for (const auto& piece : core_.sealed_pieces(row)) {
        if (request.range.overlaps(piece->min_timestamp_ns, piece->max_timestamp_ns)) {
          kept->push_back(for_reader(piece, form));
        }
      }
      if (!core_.has_live(row)) continue;
      hand_over(row);
      tell(stream_of(row), context(),
           stream_snapshot{request.range, form, target, issue_ticket(target)});
    }
  }

  // Slow readers may pin a flush's worth of frames. From then on those that want few of the rows
  // get copies; for others the frames are not much more than the rows, and are shared.
  reader_form form_for(const std::vector<row_index>& rows) const {
    const auto pinned = setup_.node->reader_held_bytes.load(std::memory_order_relaxed);
    const bool crowded = pinned >= static_cast<std::int64_t>(setup_.options.unflushed_bytes_max);
    return crowded && core_.is_small_part(rows) ? reader_form::copied : reader_form::in_frames;
  }

  void on_streams(shard_streams message) {
    if (replaying_) {
      if (!replay_stalled_) deferred_streams_.push_back(std::move(message));
      return;
    }
    const auto& request = *message.request;
    auto answer = std::make_shared<unflushed_streams>();
    answer->flush_names = {core_.first_flush_here()};
    std::vector<row_index> asked;  // of the first streams of the answer
    for (const auto row : core_.select(request.tenant, request.matchers, request.range)) {
      const bool ask =
          request.exact && core_.may_have_duplicates(row) && core_.phase(row) == row_phase::live;
      answer->streams.push_back(core_.describe(row, !ask));
      if (!ask) continue;
      std::swap(answer->streams[asked.size()], answer->streams.back());
      asked.push_back(row);
    }
    count_buffers(std::move(message), asked, std::move(answer));
  }

  // Adds the open buffers of these rows, which are the first of the answer.
  void count_buffers(shard_streams message, const std::vector<row_index>& rows,
                     std::shared_ptr<unflushed_streams> answer) {
    if (rows.empty()) {
      message.ticket.settle(std::move(*answer));
      return;
    }
    const auto range = message.request->range;
    const auto target = snapshot_gather::make(
        [answer = std::move(answer), message = std::move(message), count = rows.size(),
         self = caf::actor_cast<caf::actor>(this)](const snapshot_gather::outcome& outcome) {
          if (outcome.failed > 0) {
            // A stream died under way: ask again now that it is known.
            caf::anon_send(self, message);
            return;
          }
          std::unordered_map<const stream_info*, unflushed_stream*> streams;
          for (std::size_t i = 0; i < count; ++i) {
            streams.emplace(answer->streams[i].stream.get(), &answer->streams[i]);
          }
          for (const auto& piece : outcome.parts) {
            if (piece->rows == 0) continue;
            streams.at(piece->stream.get())
                ->add_buffer(piece->rows, piece->line_bytes(), piece->min_timestamp_ns,
                             piece->max_timestamp_ns);
          }
          // Rows on both sides of the range and none in it.
          std::erase_if(answer->streams, [](const auto& stream) { return stream.chunks == 0; });
          message.ticket.settle(std::move(*answer));
        });
    for (const auto row : rows) {
      hand_over(row);
      tell(stream_of(row), context(),
           stream_snapshot{range, reader_form::in_frames, target, issue_ticket(target)});
    }
  }

  void run_deferred() {
    for (auto& read : std::exchange(deferred_reads_, {})) on_read(std::move(read));
    for (auto& read : std::exchange(deferred_streams_, {})) on_streams(std::move(read));
  }

  // --- flush

  void on_mark(wal_mark mark) {
    if (replaying_) return;  // the root does not count this life in for that flush
    core_.take_dirty();      // their slices go along with the seal
    sealing_id_ = mark.mark;
    ask_to_seal(core_.begin_seal(mark.mark, mark.sequence));
    keep_quarantined(false);
    finish_seal();
  }

  void ask_to_seal(const std::vector<row_index>& rows) {
    if (rows.empty()) return;
    const auto target = seal_gather::make([flush_id = sealing_id_,
                                           self = caf::actor_cast<caf::actor>(this)](
                                              seal_gather::outcome outcome) {
      caf::anon_send(self, shard_parts_arrived{flush_id, std::move(outcome.parts), outcome.failed});
    });
    for (const auto row : rows) {
      const auto& stream = stream_of(row);
      auto slices = core_.take_pending(row);
      auto hold = hold_copied(slices);
      tell(stream, context(),
           stream_seal{row, streams_[row].life, issue_ticket(target), std::move(slices),
                       std::move(hold)});
    }
  }

  void on_parts(shard_parts_arrived& message) {
    if (message.flush_id != sealing_id_) return;
    for (auto& part : message.parts) {
      // What a stream reported before it died comes again from the log.
      if (part.life == streams_[part.row].life) core_.add_sealed(part.row, std::move(part.pieces));
    }
    // Rows that failed are asked again when they are restored.
    finish_seal();
  }

  void finish_seal() {
    if (auto set = core_.take_sealed_set()) {
      tell(setup_.root, context(), shard_sealed{setup_.shard, setup_.life, std::move(set)});
    }
    run_deferred();
  }

  // --- replay of the whole shard

  void on_replay(const replay_entries& message) {
    std::vector<row_index> ready;
    static const std::vector<row_drop> none;
    core_.commit(message.frame, message.slices, {}, message.drops ? *message.drops : none,
                 time().now(), ready);
    for (const auto row : ready) hand_over(row);
  }

  void on_replay_finished(const result<bool>& outcome) {
    if (!outcome.ok()) {
      log_error(name(), "replay failed", {{"shard", setup_.shard}, log_field(outcome.error())});
      quit(caf::exit_reason::unhandled_exception);
      return;
    }
    replaying_ = false;
    replay_stalled_ = false;
    for (auto& message : std::exchange(early_, {})) on_durable(std::move(message));
    tell(setup_.root, context(), shard_ready{setup_.shard, setup_.life});
    run_deferred();
  }

  // --- streams' lives

  void on_child_down(child_id id, const caf::error&, restart_verdict verdict) override {
    const auto row = static_cast<row_index>(id);
    if (verdict == restart_verdict::escalate) {
      quit(caf::exit_reason::unhandled_exception);
      return;
    }
    auto& slot = streams_[row];
    slot.handle = nullptr;
    ++slot.life;
    slot.resealed_for = 0;
    slot.stalled = false;
    if (verdict == restart_verdict::restart) {
      core_.begin_restore(row);
    } else {
      give_up(row);
    }
    if (core_.phase(row) != row_phase::restoring) return;
    if (!setup_.options.wal_enabled) {
      log_error(name(), "unflushed entries of a stream are lost: write-ahead log is disabled",
                {{"stream", core_.stream(row)->canonical_labels}});
      caf::anon_send(this, restore_finished{row, slot.life, true});
      return;
    }
    tell(setup_.recovery, context(),
         restore_order(row, core_.row_sealed_through(row), core_.committed_through()));
  }

  recovery_restore restore_order(row_index row, std::uint64_t after, std::uint64_t through) {
    recovery_restore order;
    order.shard = caf::actor_cast<caf::actor>(this);
    order.row = row;
    order.life = streams_[row].life;
    order.tenant = core_.tenant(row);
    order.fingerprint = core_.stream(row)->fingerprint;
    order.after = after;
    order.through = through;
    return order;
  }

  // --- quarantine

  void give_up(row_index row) {
    core_.quarantine(row);
    log_error(name(), "stream is in quarantine, it accepts no entries until restart",
              {{"stream", core_.stream(row)->canonical_labels}});
    keep_quarantined(true);
    finish_seal();
  }

  // The log is released only when the entries are in a file for people.
  void keep_quarantined(bool all) {
    for (const auto& order : core_.take_keep_orders(all)) {
      if (!setup_.options.wal_enabled) {
        core_.kept(order.row, order.through);
        continue;
      }
      auto restore = restore_order(order.row, order.after, order.through);
      restore.quarantine = true;
      tell(setup_.recovery, context(), std::move(restore));
    }
  }

  void on_kept(stream_kept message) {
    core_.kept(message.row, message.through);
    keep_quarantined(false);
    finish_seal();
  }

  // --- restoring

  void on_stalled(restore_stalled message) {
    if (message.row == no_restored_row) {
      replay_stalled_ = replaying_;
    } else if (message.life == streams_[message.row].life) {
      streams_[message.row].stalled = true;
    }
    run_deferred();  // those that would wait for it are answered with an error
  }

  void on_restored(restored_run& message) {
    if (message.life != streams_[message.row].life) return;
    for (auto& slice : message.slices) {
      if (slice.sequence() > core_.seal_sequence()) reseal(message.row);
      std::vector<slice_ref> one;
      one.push_back(std::move(slice));
      send_run(message.row, std::move(one));
    }
  }

  // The row's entries up to the seal are back in its stream.
  void reseal(row_index row) {
    if (!core_.awaits_seal(row)) return;
    if (std::exchange(streams_[row].resealed_for, sealing_id_) == sealing_id_) return;
    ask_to_seal({row});
  }

  void on_restore_finished(const restore_finished& message) {
    const auto row = message.row;
    if (message.life != streams_[row].life || core_.phase(row) != row_phase::restoring) return;
    streams_[row].stalled = false;
    core_.end_restore(row);
    auto later = core_.take_pending(row);
    std::vector<slice_ref> before_seal;
    std::vector<slice_ref> after_seal;
    for (auto& slice : later) {
      const bool before = core_.awaits_seal(row) && slice.sequence() <= core_.seal_sequence();
      (before ? before_seal : after_seal).push_back(std::move(slice));
    }
    if (!before_seal.empty()) send_run(row, std::move(before_seal));
    reseal(row);
    if (!after_seal.empty()) send_run(row, std::move(after_seal));
    finish_seal();
  }

  shard_setup setup_;
  shard_core core_;
  std::vector<stream_slot> streams_;  // by row
  std::shared_ptr<std::atomic<std::int64_t>> backlog_;
  std::vector<wal_durable> early_;
  std::vector<shard_read> deferred_reads_;
  std::vector<shard_streams> deferred_streams_;
  std::uint64_t sealing_id_ = 0;
  std::uint32_t ticks_ = 0;
  bool replaying_ = true;
  bool replay_stalled_ = false;  // the log cannot be read for now
};

}  // namespace

caf::actor spawn_shard(caf::actor_system& system, shard_setup setup) {
  return system.spawn<shard_actor>(std::move(setup));
}

}  // namespace skald
