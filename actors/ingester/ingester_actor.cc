// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/ingester_actor.h"

#include <algorithm>
#include <caf/send.hpp>
#include <deque>

#include "actors/ingester/flush_actor.h"
#include "actors/ingester/ingester_messages.h"
#include "actors/ingester/node_gauges.h"
#include "actors/ingester/push_pacer.h"
#include "actors/ingester/recovery_actor.h"
#include "actors/ingester/shard_actor.h"
#include "actors/io/index_actor.h"
#include "actors/io/wal_actor.h"
#include "actors/leaf/leaf_actor.h"
#include "actors/supervision/supervisor_actor.h"
#include "runtime/base/log.h"

namespace skald {

// To itself.
struct push_credit_freed {};
struct push_wait_over {};
struct flush_poll {};
struct shutdown_deadline {};
struct wal_checked {
  result<bool> outcome = true;
};
struct ingester_finished {
  result<bool> outcome = true;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::push_credit_freed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::push_wait_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_poll)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shutdown_deadline)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::wal_checked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::ingester_finished)

namespace skald {
namespace {

using phase = ingester_status::phase;

// Numbers of the children behind the shards.
constexpr std::uint64_t wal_child = 1'000;
constexpr std::uint64_t recovery_child = 1'001;
constexpr std::uint64_t index_child = 1'002;
constexpr std::uint64_t flush_child = 1'003;

// How soon pushes that wait for a flush learn that it has freed memory.
constexpr auto flush_poll_interval = std::chrono::milliseconds(5);

class ingester_actor final : public supervisor_actor {
 public:
  const char* name() const override { return "ingester"; }

  ingester_actor(caf::actor_config& config, ingester_options options,
                 ingester_dependencies dependencies)
      : supervisor_actor(config, options.shard_supervision, *dependencies.time,
                         dependencies.metrics),
        options_(std::move(options)),
        deps_(std::move(dependencies)),
        node_(std::make_shared<node_state>()),
        shards_(options_.shards) {
    if (options_.incarnation == 0) {
      options_.incarnation = static_cast<std::uint64_t>(deps_.time->wall_now_ns());
    }
    if (deps_.metrics == nullptr) return;
    gauges_ = node_gauges(*deps_.metrics);
    lines_ = deps_.metrics->get_counter(metric_names::ingester_lines_appended);
    bytes_ = deps_.metrics->get_counter(metric_names::ingester_bytes_appended);
  }

  caf::behavior make_behavior() override {
    index_ = spawn_index_actor(system(), {deps_.index, deps_.store, deps_.time, deps_.metrics,
                                          options_.index_ship_interval, options_.detached_workers});
    adopt(index_child, index_, "index_writer");
    recovery_ = spawn_recovery(
        system(), {options_, deps_.files, deps_.store, deps_.index, deps_.time, deps_.metrics});
    adopt(recovery_child, recovery_, "recovery");
    recovery_open open{self(), 0, {}};
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
      spawn_shard_actor(shard, 0, 0);
      open.shards.emplace_back(shard, shards_[shard].handle);
    }
    caf::anon_send(recovery_, std::move(open));
    delayed_send(this, options_.tick, shard_tick{});
    return {
        [this](push_request& request) { on_push(std::move(request)); },
        [this](read_request& request) {
          ask_shards<shard_read, ingester_snapshot>(std::move(request));
        },
        [this](streams_request& request) {
          ask_shards<shard_streams, unflushed_streams>(std::move(request));
        },
        [this](flush_request& request) { on_flush(std::move(request)); },
        [this](flush_due due) {
          if (flush_) tell(flush_, context(), due);
        },
        [this](shard_sealed& message) {
          if (flush_) tell(flush_, context(), std::move(message));
        },
        [this](const status_request& request) { request.reply.answer(status()); },
        [this](push_credit_freed) { on_credit(); },
        [this](push_wait_over) { on_wait_over(); },
        [this](flush_poll) {
          polling_flush_ = false;
          on_credit();
        },
        [this](recovery_opened& message) { on_opened(message); },
        [this](replay_progress message) {
          replayed_bytes_ = message.done_bytes;
          replay_bytes_ = message.total_bytes;
        },
        [this](recovery_stalled& message) {
          stalled_jobs_ = message.jobs;
          if (message.jobs > 0) stalled_why_ = std::move(message.why);
        },
        [this](shard_attached message) { on_attached(message); },
        [this](shard_ready message) { on_ready(message); },
        [this](flush_shard_released& message) { on_released(message); },
        [this](flush_round_begun) { pacer_.flush_begun(time().now()); },
        [this](flush_round_over round) { pacer_.learn(round.bytes, round.took); },
        [this](shard_tick) { on_tick(); },
        [this](wal_checked& message) { on_wal_checked(message.outcome); },
        [this](shutdown_request& request) { on_shutdown(std::move(request)); },
        [this](shutdown_deadline) {
          if (finished_) return;
          log_error(name(), "shutdown took too long, the rest stays in the write-ahead log");
          stop_wal({errc::timeout, "shutdown took too long"});
        },
        [this](ingester_finished& message) { stop_wal(message.outcome); },
    };
  }

  void on_exit() override {
    for (auto& shard : shards_) {
      if (shard.handle) caf::anon_send_exit(shard.handle, caf::exit_reason::user_shutdown);
    }
    for (const auto& worker : {flush_, recovery_, index_, wal_}) {
      if (worker) caf::anon_send_exit(worker, caf::exit_reason::user_shutdown);
    }
    shards_.clear();
    flush_ = recovery_ = index_ = wal_ = nullptr;
    queued_.clear();
  }

 private:
  struct shard_slot {
    caf::actor handle;
    std::uint64_t life = 0;
    bool ready = false;
    // Set while a restarted shard waits to hear where its replay ends.
    std::shared_ptr<const flush_shard_released> restart;
  };
  struct queued_push {
    push_request request;
    std::chrono::steady_clock::time_point since;
  };

  void adopt(child_id id, const caf::actor& child, const char* kind) {
    watch(id, child, kind);
    tell_spawned(deps_.hooks, kind, child);
  }
  caf::actor self() { return caf::actor_cast<caf::actor>(this); }

  // --- pushes

  void on_push(push_request request) {
    if (phase_ != phase::ready) {
      request.reply.answer(not_ready());
      return;
    }
    if (request.frame->slices().empty()) {
      request.reply.answer(push_outcome{});
      return;
    }
    const auto bytes = request.frame->bytes().size();
    const auto now = time().now();
    if (queued_.empty() && may_start(bytes, now)) {
      start(std::move(request));
      return;
    }
    if (queued_bytes_ + bytes > options_.queued_bytes_max) {
      request.reply.answer(error{errc::unavailable, "too many pushes wait for the disk"});
      return;
    }
    queued_bytes_ += bytes;
    if (queued_.empty()) delayed_send(this, options_.wal_wait, push_wait_over{});
    queued_.push_back({std::move(request), now});
    node_->pushes_queued.store(true);
    on_credit();  // it may have been freed before anybody could tell
  }

  // Pushes wait when too much is unflushed, and a little during a flush. It lets them in again.
  bool may_start(std::uint64_t bytes, std::chrono::steady_clock::time_point since) {
    if (!has_credit(bytes)) return false;
    const auto load = flush_load();
    if (load.room > 0 && pacer_.admit(bytes, since, load, time().now())) return true;
    if (load.sealed == 0 && !node_->flush_wanted.exchange(true)) {
      tell(flush_, context(), flush_due{});
    }
    if (!std::exchange(polling_flush_, true)) {
      delayed_send(this, flush_poll_interval, flush_poll{});
    }
    return false;
  }

  push_pacer::load flush_load() const {
    const auto streams = node_->streams.load();
    return {node_->sealed_bytes.load(),
            std::min(unflushed_ceiling_bytes(options_, streams) - node_->unflushed_bytes.load(),
                     held_ceiling_bytes(options_, streams) - node_->held_bytes.load())};
  }

  // A frame larger than the whole window passes when nothing else is on its way.
  bool has_credit(std::uint64_t bytes) const {
    const auto waiting = static_cast<std::uint64_t>(node_->wal_waiting_bytes.load());
    return waiting == 0 || waiting + bytes <= options_.wal_waiting_bytes_max;
  }

  void start(push_request request) {
    const auto bytes = static_cast<std::int64_t>(request.frame->bytes().size());
    node_->wal_waiting_bytes.fetch_add(bytes);
    lines_.add(static_cast<double>(request.frame->rows()));
    bytes_.add(static_cast<double>(request.frame->line_bytes()));
    push_job::callbacks tell_root;
    tell_root.released = [node = node_, bytes, root = self()] {
      node->wal_waiting_bytes.fetch_sub(bytes);
      if (node->pushes_queued.load()) caf::anon_send(root, push_credit_freed{});
    };
    tell_root.disk_full = [node = node_, root = self()] {
      if (node->flush_wanted.exchange(true)) return;
      caf::anon_send(root, flush_due{flush_reason::pressure});
    };
    const auto job = std::make_shared<push_job>(std::move(request), options_.shards,
                                                frame_holding{node_, options_.held_frame_factor},
                                                std::move(tell_root));
    for (const auto& part : job->parts_by_shard()) {
      if (!shards_[part.shard].handle) {
        job->refuse({errc::unavailable, "a part of the ingester is restarting"});
        return;
      }
    }
    for (const auto shard : job->shards()) {
      tell(shards_[shard].handle, context(), admit_push{job});
    }
  }

  void on_credit() {
    if (phase_ == phase::shutting_down) {
      finish_if_drained();
      return;
    }
    while (!queued_.empty() &&
           may_start(queued_.front().request.frame->bytes().size(), queued_.front().since)) {
      start(pop_queued());
    }
    if (queued_.empty()) node_->pushes_queued.store(false);
  }

  push_request pop_queued() {
    auto request = std::move(queued_.front().request);
    queued_.pop_front();
    queued_bytes_ -= request.frame->bytes().size();
    return request;
  }

  void on_wait_over() {
    const auto now = time().now();
    while (!queued_.empty() && queued_.front().since + options_.wal_wait <= now) {
      pop_queued().reply.answer(
          error{errc::unavailable, "the disk is too slow for the pushes that arrive"});
    }
    if (queued_.empty()) return node_->pushes_queued.store(false);
    delayed_send(this, queued_.front().since + options_.wal_wait - now, push_wait_over{});
  }

  error not_ready() const {
    switch (phase_) {
      case phase::replaying:
        return {errc::unavailable, "ingester is replaying its write-ahead log"};
      case phase::shutting_down:
        return {errc::shutting_down, "ingester is shutting down"};
      default:
        return {errc::unavailable, "ingester has failed: " + note_};
    }
  }

  // --- reads

  // Sends every shard the request and a ticket for its part of the answer.
  template <class Message, class Part, class Request>
  void ask_shards(Request request) {
    const auto shared = std::make_shared<const Request>(std::move(request));
    const auto& reply = shared->reply;
    for (const auto& shard : shards_) {
      if (shard.handle) continue;
      reply.answer(error{errc::unavailable, "a part of the ingester is restarting"});
      return;
    }
    const auto target = gather<Part>::make([reply](typename gather<Part>::outcome outcome) {
      if (outcome.failed > 0) {
        reply.answer(error{errc::unavailable, "a part of the ingester is restarting"});
        return;
      }
      reply.answer(merge_parts(std::move(outcome.parts)));
    });
    for (const auto& shard : shards_) {
      tell(shard.handle, context(), Message{shared, issue_ticket(target)});
    }
  }

  void on_flush(flush_request request) {
    if (phase_ == phase::ready || phase_ == phase::shutting_down) {
      tell(flush_, context(), std::move(request));
    } else {
      request.reply.answer(not_ready());
    }
  }

  ingester_status status() const {
    ingester_status out;
    out.now = phase_;
    out.replayed_bytes = replayed_bytes_;
    out.replay_bytes = replay_bytes_;
    out.streams = static_cast<std::uint64_t>(node_->streams.load());
    out.unflushed_bytes = static_cast<std::uint64_t>(node_->unflushed_bytes.load());
    out.quarantined_streams = static_cast<std::uint64_t>(node_->quarantined.load());
    out.note = note_;
    if (phase_ == phase::ready) out.pushes_refused = pushes_refused_;
    if (stalled_jobs_ == 0 || phase_ > phase::ready) return out;
    // Some entries cannot be read, and no flush can be finished.
    out.now = phase::replaying;
    out.note = "the write-ahead log is not usable now, trying again: " + stalled_why_;
    return out;
  }

  void on_tick() {
    delayed_send(this, options_.tick, shard_tick{});
    gauges_.show(*node_);
    if (!wal_ || std::exchange(checking_wal_, true)) return;
    const one_shot<bool> reply([root = self()](result<bool> outcome) {
      caf::anon_send(root, wal_checked{std::move(outcome)});
    });
    tell(wal_, context(), wal_check{reply});
  }

  // Asked for also without pushes: whoever sends them stays away as long as the node is not ready.
  void on_wal_checked(const result<bool>& outcome) {
    checking_wal_ = false;
    const bool refused_before = !pushes_refused_.empty();
    pushes_refused_ = outcome.ok() ? std::string() : outcome.error().message;
    if (outcome.ok() || refused_before) return;
    // A flush releases files of the log.
    const bool is_full = outcome.error().code == errc::resource_exhausted;
    if (is_full && flush_ && !node_->flush_wanted.exchange(true)) {
      tell(flush_, context(), flush_due{flush_reason::pressure});
    }
  }

  // --- start

  void on_opened(recovery_opened& message) {
    if (!message.outcome.ok()) {
      fail("opening the write-ahead log failed: " + message.outcome.error().message);
      return;
    }
    if (phase_ == phase::failed) return;
    note_ = message.note;
    if (!note_.empty()) log_error(name(), "write-ahead log was damaged", {{"note", note_}});
    wal_actor_options wal;
    wal.writer = std::move(message.writer);
    wal.next_sequence = message.next_sequence;
    wal.directory = options_.wal_directory;
    wal.files = deps_.files;
    wal.group_bytes_max = options_.wal_group_bytes_max;
    wal.metrics = deps_.metrics;
    wal.detached = options_.detached_workers;
    wal_ = spawn_wal_actor(system(), std::move(wal));
    adopt(wal_child, wal_, "wal");
    flush_ = spawn_flush_actor(
        system(), {options_, node_, self(), wal_, index_, message.progress, deps_.store,
                   deps_.files, deps_.time, deps_.metrics, deps_.hooks});
    adopt(flush_child, flush_, "flush");
    open_shards(message);
  }

  // They have what the log had for them. The replaced ones get it once more.
  void open_shards(const recovery_opened& opened) {
    recovery_replay replay;
    replay.at_start = true;
    replay.after = opened.progress.flushed_by_all();
    replay.through = opened.next_sequence - 1;
    replay.progress = opened.progress;
    replay.progress_to = self();
    for (std::uint32_t shard = 0; shard < options_.shards; ++shard) {
      auto& slot = shards_[shard];
      const auto flushed = std::max(replay.after, opened.progress.get(options_.shards, shard));
      const bool is_stale = std::find(opened.stale_shards.begin(), opened.stale_shards.end(),
                                      shard) != opened.stale_shards.end();
      if (slot.handle && !is_stale) {
        caf::anon_send(wal_, wal_attach{shard, slot.handle});
        tell(slot.handle, context(), shard_opened{wal_, flushed});
        continue;
      }
      if (slot.handle) {
        forget(slot.handle);
        caf::anon_send_exit(slot.handle, caf::exit_reason::kill);
      }
      spawn_shard_actor(shard, flushed, 0);
      replay.shards.emplace_back(shard, slot.handle);
    }
    if (!replay.shards.empty()) caf::anon_send(recovery_, std::move(replay));
  }

  void spawn_shard_actor(std::uint32_t shard, std::uint64_t flushed_through,
                         std::uint64_t flushes_done) {
    auto& slot = shards_[shard];
    ++slot.life;
    slot.ready = false;
    slot.handle =
        spawn_shard(system(), {shard, slot.life, options_, node_, self(), wal_, recovery_,
                               flushed_through, flushes_done, deps_.limits, deps_.stream_share,
                               deps_.time, deps_.metrics, deps_.hooks});
    adopt(shard, slot.handle, "shard");
    if (wal_) caf::anon_send(wal_, wal_attach{shard, slot.handle});
  }

  void on_ready(shard_ready message) {
    auto& slot = shards_[message.shard];
    if (message.life != slot.life) return;
    if (!flush_) return;  // it has ended, and the phase is failed
    slot.ready = true;
    tell(flush_, context(), flush_shard_up{message.shard, slot.life, slot.handle});
    for (const auto& shard : shards_) {
      if (!shard.ready) return;
    }
    if (phase_ != phase::replaying) return;
    phase_ = phase::ready;
    log_info(
        name(), "ready",
        {{"streams", node_->streams.load()}, {"unflushed_bytes", node_->unflushed_bytes.load()}});
  }

  // --- children's lives

  void on_child_down(child_id id, const caf::error&, restart_verdict verdict) override {
    if (id < shards_.size()) {
      shards_[id].handle = nullptr;
      shards_[id].ready = false;
      if (verdict != restart_verdict::restart) {
        fail("shard " + std::to_string(id) + " failed too often");
        return;
      }
      if (!flush_) return;  // at a start, open_shards() makes a new one
      // Its flush under way is settled first, so that the replay begins at the right place.
      tell(flush_, context(), flush_shard_down{static_cast<std::uint32_t>(id)});
      return;
    }
    // These own durable state or keep track of it: only a start of the node makes them whole.
    if (id == wal_child) wal_ = nullptr;
    if (id == recovery_child) recovery_ = nullptr;
    if (id == index_child) index_ = nullptr;
    if (id == flush_child) flush_ = nullptr;
    fail("a worker of the ingester failed");
  }

  void on_released(flush_shard_released& message) {
    const auto shard = message.shard;
    if (phase_ == phase::failed || shards_[shard].handle) return;
    spawn_shard_actor(shard, message.flushed_through, message.flushes_done);
    shards_[shard].restart = std::make_shared<const flush_shard_released>(std::move(message));
  }

  // The WAL has told a restarted shard where its own records begin: replay those before.
  void on_attached(shard_attached message) {
    auto& slot = shards_[message.shard];
    const auto restart = std::exchange(slot.restart, nullptr);
    if (!restart || message.life != slot.life) return;
    recovery_replay replay;
    replay.after = restart->flushed_through;
    replay.through = message.sequence;
    replay.progress = restart->progress;
    replay.progress_to = self();
    replay.shards.emplace_back(message.shard, slot.handle);
    caf::anon_send(recovery_, std::move(replay));
  }

  void fail(std::string why) {
    log_error(name(), "ingester failed", {{"why", why}});
    note_ = std::move(why);
    if (phase_ == phase::shutting_down) {
      stop_wal({errc::internal, note_});
      return;
    }
    phase_ = phase::failed;
    while (!queued_.empty()) pop_queued().reply.answer(not_ready());
  }

  // --- shutdown

  void on_shutdown(shutdown_request request) {
    shutdown_replies_.push_back(std::move(request.reply));
    if (phase_ == phase::shutting_down) return;
    const bool healthy = phase_ == phase::ready && flush_;
    phase_ = phase::shutting_down;
    while (!queued_.empty()) pop_queued().reply.answer(not_ready());
    if (!healthy) {
      stop_wal({errc::unavailable, "ingester was not ready: nothing was flushed"});
      return;
    }
    delayed_send(this, options_.shutdown_timeout, shutdown_deadline{});
    flush_at_end_ = request.flush || options_.flush_on_shutdown || !options_.wal_enabled;
    node_->pushes_queued.store(true);  // to hear when the last one under way has ended
    finish_if_drained();
  }

  void finish_if_drained() {
    if (phase_ != phase::shutting_down || node_->wal_waiting_bytes.load() > 0) return;
    node_->pushes_queued.store(false);
    if (finishing_ || !flush_) return;
    finishing_ = true;
    const one_shot<bool> reply([root = self()](result<bool> outcome) {
      caf::anon_send(root, ingester_finished{std::move(outcome)});
    });
    tell(flush_, context(), flush_finish{flush_at_end_, reply});
  }

  // The last step: closes the log, then ends.
  void stop_wal(const result<bool>& outcome) {
    if (std::exchange(finished_, true)) return;
    const one_shot<bool> reply(
        [replies = std::exchange(shutdown_replies_, {}), outcome](const result<bool>&) {
          for (const auto& waiting : replies) waiting.answer(outcome);
        });
    if (wal_) {
      forget(wal_);
      caf::anon_send(wal_, wal_stop{reply});
    } else {
      reply.answer(true);
    }
    for (const auto& worker : {flush_, recovery_, index_}) {
      if (worker) forget(worker);
    }
    for (const auto& shard : shards_) {
      if (shard.handle) forget(shard.handle);
    }
    quit(caf::exit_reason::user_shutdown);
  }

  ingester_options options_;
  const ingester_dependencies deps_;
  const std::shared_ptr<node_state> node_;
  phase phase_ = phase::replaying;
  std::string note_;
  std::size_t stalled_jobs_ = 0;  // reads of the log that are tried again
  std::string stalled_why_;
  bool checking_wal_ = false;
  std::string pushes_refused_;  // why
  std::uint64_t replayed_bytes_ = 0;
  std::uint64_t replay_bytes_ = 0;
  caf::actor wal_;
  caf::actor recovery_;
  caf::actor index_;
  caf::actor flush_;
  std::vector<shard_slot> shards_;
  std::deque<queued_push> queued_;
  bool polling_flush_ = false;
  push_pacer pacer_;
  std::uint64_t queued_bytes_ = 0;
  std::vector<one_shot<bool>> shutdown_replies_;
  bool flush_at_end_ = true;
  bool finishing_ = false;
  bool finished_ = false;
  node_gauges gauges_;
  counter lines_;
  counter bytes_;
};

}  // namespace

caf::actor spawn_ingester(caf::actor_system& system, ingester_options options,
                          ingester_dependencies dependencies) {
  return system.spawn<ingester_actor>(std::move(options), std::move(dependencies));
}

}  // namespace skald
