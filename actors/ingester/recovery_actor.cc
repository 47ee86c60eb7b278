// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/recovery_actor.h"

#include <algorithm>
#include <caf/send.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "actors/ingester/ingester_messages.h"
#include "actors/ingester/start_routing.h"
#include "actors/ingester/wal_recovery.h"
#include "actors/supervision/supervisor_actor.h"
#include "runtime/base/log.h"
#include "storage/file/atomic_write.h"

namespace skald {
namespace {

constexpr std::chrono::seconds flow_wait_max{30};

// Waits between attempts to read the log: doubled from min to max.
constexpr std::chrono::milliseconds retry_wait_min{100};
constexpr std::chrono::milliseconds retry_wait_max{5000};
// After so many failures a start takes what it cannot read for damaged, or gives up.
constexpr std::uint32_t open_failures_max = 5;

std::chrono::milliseconds retry_wait(std::uint32_t failures) {
  return std::min(retry_wait_max, retry_wait_min * (1 << std::min(failures, 10U)));
}

// Whether opening the log may succeed a moment later.
bool may_pass(errc code) {
  return code == errc::unavailable || code == errc::resource_exhausted || code == errc::not_found;
}

// Bounds the bytes of frames on their way: the worker waits until receivers have let go.
class flow_window : public std::enable_shared_from_this<flow_window> {
 public:
  explicit flow_window(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // Counts `bytes` until the returned pointer and all its copies are gone. Waits for room first,
  // but not for ever: a receiver may be stuck, and its supervisor deals with that.
  std::shared_ptr<const void> hold(std::uint64_t bytes) {
    std::unique_lock<std::mutex> lock(mutex_);
    if (bytes_max_ > 0) {
      room_.wait_for(lock, flow_wait_max, [this] { return bytes_ < bytes_max_; });
    }
    bytes_ += bytes;
    return {static_cast<const void*>(this),
            [self = shared_from_this(), bytes](const void*) { self->release(bytes); }};
  }

 private:
  void release(std::uint64_t bytes) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      bytes_ -= bytes;
    }
    room_.notify_one();
  }

  const std::uint64_t bytes_max_;
  std::mutex mutex_;
  std::condition_variable room_;
  std::uint64_t bytes_ = 0;
};

class recovery_actor final : public supervisor_actor {
 public:
  const char* name() const override { return "recovery"; }

  recovery_actor(caf::actor_config& config, recovery_setup setup)
      : supervisor_actor(config, {}, *setup.time, setup.metrics),
        setup_(std::move(setup)),
        window_(std::make_shared<flow_window>(setup_.options.replay_bytes_max)) {
    if (setup_.metrics == nullptr) return;
    replayed_ = setup_.metrics->get_counter(metric_names::wal_replayed_entries);
    duration_ = setup_.metrics->get_histogram(metric_names::wal_replay_duration);
    damaged_ = setup_.metrics->get_counter(metric_names::wal_damaged_records);
    read_errors_ = setup_.metrics->get_counter(metric_names::wal_errors, {{"operation", "read"}});
  }

  caf::behavior make_behavior() override {
    return {
        [this](recovery_open& job) {
          root_ = job.reply_to;
          on_open(std::move(job));
        },
        [this](recovery_replay& job) { on_replay(std::move(job)); },
        [this](recovery_restore& job) { on_restore(std::move(job)); },
    };
  }

  void on_exit() override { root_ = nullptr; }

 private:
  void on_child_down(child_id, const caf::error&, restart_verdict) override {}

  // --- jobs that cannot be done now

  // Does the job again later. Whoever waits for it goes on waiting, above all the flush that would
  // release what could not be read.
  template <class Job>
  void try_again(Job job, const error& why, std::string_view what) {
    const auto wait = retry_wait(job.failures);
    read_errors_.add();
    log_error(name(), "write-ahead log is not usable now, it will be tried again",
              {{"for", what}, {"wait_ms", wait.count()}, log_field(why)});
    if (job.failures++ == 0) ++stalled_jobs_;
    caf::anon_send(root_, recovery_stalled{stalled_jobs_, why.message});
    delayed_send(this, wait, std::move(job));
  }
  // The job is done.
  template <class Job>
  void settle(const Job& job) {
    if (job.failures == 0) return;
    --stalled_jobs_;
    log_info(name(), "write-ahead log is usable again", {{"stalled_jobs", stalled_jobs_}});
    caf::anon_send(root_, recovery_stalled{stalled_jobs_, {}});
  }

  // --- start

  // Gives the shards what the log has for them, while it is read.
  class start_visitor final : public wal_start_visitor {
   public:
    start_visitor(recovery_actor& self, const recovery_open& job) : self_(self), job_(job) {}
    void flushed(std::uint32_t count, std::uint32_t shard, std::uint64_t sequence) override {
      routing().set_flushed(count, shard, sequence);
    }
    void begin() override {
      for (const auto& [shard, handle] : job_.shards) {
        caf::anon_send(handle, replay_begun{self_.flushed_through(shard)});
      }
    }
    std::uint64_t skip_through() const override { return self_.routing_->routed_through(); }
    void take(read_frame frame) override {
      self_.start_entries_ += frame.frame->rows();
      const auto& lists = routing().route(frame.sequence, *frame.frame);
      self_.send_frame(job_.shards, std::move(frame), lists);
    }

   private:
    start_routing& routing() { return *self_.routing_; }
    recovery_actor& self_;
    const recovery_open& job_;
  };

  void on_open(recovery_open job) {
    if (!routing_) {
      routing_.emplace(setup_.options.shards);
      start_begun_ = time().now();
    }
    accept_unreadable_ = job.failures >= open_failures_max;
    auto answer = open(job);
    if (!answer.outcome.ok()) {
      for (const auto& [shard, handle] : job.shards) caf::anon_send(handle, restore_stalled{});
    }
    if (!answer.outcome.ok() && !accept_unreadable_ && may_pass(answer.outcome.error().code)) {
      try_again(std::move(job), answer.outcome.error(), "start");
      return;
    }
    settle(job);
    replayed_.add(static_cast<double>(start_entries_));
    duration_.observe(std::chrono::duration<double>(time().now() - start_begun_).count());
    flushed_before_ = routing_->progress();
    routing_.reset();
    caf::anon_send(job.reply_to, std::move(answer));
  }

  std::uint64_t flushed_through(std::uint32_t shard) const {
    const auto& progress = routing_->progress();
    return std::max(progress.flushed_by_all(), progress.get(setup_.options.shards, shard));
  }

  recovery_opened open(const recovery_open& job) {
    recovery_opened answer;
    if (!setup_.options.wal_enabled) {
      // Sequences order buffers and packs by arrival over restarts too, so they follow the clock.
      answer.next_sequence = static_cast<std::uint64_t>(setup_.time->wall_now_ns());
      return answer;
    }
    wal_opening what{setup_.options.wal_directory, setup_.options.wal, accept_unreadable_, {}};
    what.progress = [&job](std::uint64_t done, std::uint64_t total) {
      caf::anon_send(job.reply_to, replay_progress{done, total});
    };
    start_visitor visitor(*this, job);
    auto opened = open_wal(std::move(what), *setup_.files, time(), visitor);
    if (!opened.ok()) {
      answer.outcome = std::move(opened).error();
      return answer;
    }
    const auto damaged_packs = index_packs(opened->packs, *setup_.store, *setup_.index);
    if (!damaged_packs.ok()) {
      answer.outcome = damaged_packs.error();
      return answer;
    }
    damaged_.add(static_cast<double>(*damaged_packs + opened->damaged));
    answer.writer = std::move(opened->writer);
    answer.next_sequence = opened->next_sequence;
    answer.progress = routing_->progress();
    answer.note = std::move(opened->note);
    for (const auto& [shard, handle] : job.shards) {
      if (routing_->is_stale(shard)) answer.stale_shards.push_back(shard);
    }
    if (*damaged_packs > 0) {
      if (!answer.note.empty()) answer.note += "; ";
      answer.note += std::to_string(*damaged_packs) + " flushed packs are damaged";
    }
    return answer;
  }

  void send_frame(const std::vector<std::pair<std::uint32_t, caf::actor>>& shards, read_frame read,
                  const std::vector<std::vector<std::uint32_t>>& lists) {
    const bool wanted = std::any_of(shards.begin(), shards.end(),
                                    [&](const auto& shard) { return !lists[shard.first].empty(); });
    if (!wanted) return;
    // Not held: a frame lies in a slab with others, and would keep them all in memory.
    const auto drops = std::make_shared<const std::vector<row_drop>>(std::move(read.drops));
    const auto hold = window_->hold(read.frame->bytes().size());
    for (const auto& [shard, handle] : shards) {
      if (lists[shard].empty()) continue;
      auto frame = std::make_shared<const durable_frame>(
          durable_frame{read.frame, read.sequence, nullptr, nullptr});
      caf::anon_send(handle, replay_entries{std::move(frame), lists[shard], drops, hold});
    }
  }

  frame_reading reading(std::uint64_t after, std::uint64_t through) const {
    return {setup_.options.wal_directory, setup_.options.wal.lane, after, through, false, {}};
  }

  void count_damage(const frames_read& read) {
    damaged_.add(static_cast<double>(read.damaged + read.missing));
    if (read.missing == 0) return;
    log_error(name(), "records are missing in the write-ahead log",
              {{"records", read.missing}, {"up_to", read.reached}});
  }

  // --- shards

  void on_replay(recovery_replay job) {
    const auto begin = time().now();
    frames_read read;
    std::uint64_t entries = 0;
    result<void> outcome;
    if (setup_.options.wal_enabled) {
      auto what = reading(job.after, job.through);
      what.unreadable_is_damage = job.at_start && accept_unreadable_;
      what.progress = [&job](std::uint64_t done, std::uint64_t total) {
        caf::anon_send(job.progress_to, replay_progress{done, total});
      };
      outcome = read_frames(
          what, *setup_.files,
          [&](read_frame frame) -> result<void> {
            entries += frame.frame->rows();
            route(job, std::move(frame));
            return {};
          },
          read);
      // What is missing at the start was told when the log was opened.
      if (job.at_start) read.missing = 0;
      count_damage(read);
    }
    replayed_.add(static_cast<double>(entries));
    duration_.observe(std::chrono::duration<double>(time().now() - begin).count());
    if (!outcome.ok()) {
      job.after = std::max(job.after, read.reached);
      for (const auto& [shard, handle] : job.shards) caf::anon_send(handle, restore_stalled{});
      try_again(std::move(job), outcome.error(), "replay");
      return;
    }
    settle(job);
    for (const auto& [shard, handle] : job.shards) caf::anon_send(handle, replay_finished{true});
  }

  // Each shard gets its slices that are in no pack.
  void route(const recovery_replay& job, read_frame read) {
    const auto count = setup_.options.shards;
    std::vector<std::vector<std::uint32_t>> by_shard(count);
    const auto slices = read.frame->slices();
    for (std::uint32_t i = 0; i < slices.size(); ++i) {
      if (job.progress.is_flushed(slices[i].fingerprint, read.sequence)) continue;
      by_shard[flush_progress::shard_of(slices[i].fingerprint, count)].push_back(i);
    }
    send_frame(job.shards, std::move(read), by_shard);
  }

  // --- single streams

  void on_restore(recovery_restore job) {
    frames_read read;
    push_frame_builder kept(job.tenant);
    auto outcome = read_frames(
        reading(job.after, job.through), *setup_.files,
        [&](const read_frame& frame) -> result<void> {
          if (frame.frame->tenant() != job.tenant) return {};
          // A shard knows for its streams one sequence; with another number of shards before the
          // start some may be in packs for longer.
          if (flushed_before().is_flushed(job.fingerprint, frame.sequence)) return {};
          auto slices = slices_of(job.fingerprint, frame);
          if (slices.empty()) return {};
          if (job.quarantine) {
            for (const auto& slice : slices) keep(kept, slice);
          } else {
            caf::anon_send(job.shard, restored_run{job.row, job.life, std::move(slices),
                                                   window_->hold(frame.frame->bytes().size())});
          }
          return {};
        },
        read);
    count_damage(read);
    if (outcome.ok() && !kept.empty()) outcome = keep_for_people(job, kept);
    if (!outcome.ok()) {
      // What a file is made of is read again from the beginning.
      if (!job.quarantine) {
        job.after = std::max(job.after, read.reached);
        caf::anon_send(job.shard, restore_stalled{job.row, job.life});
      }
      try_again(std::move(job), outcome.error(), "stream");
      return;
    }
    settle(job);
    if (job.quarantine) {
      caf::anon_send(job.shard, stream_kept{job.row, job.through});
    } else {
      caf::anon_send(job.shard, restore_finished{job.row, job.life, true});
    }
  }

  // What was in packs when the node started.
  const flush_progress& flushed_before() const {
    return routing_ ? routing_->progress() : flushed_before_;
  }

  static std::vector<slice_ref> slices_of(const stream_fingerprint& fingerprint,
                                          const read_frame& read) {
    std::vector<slice_ref> found;
    const auto slices = read.frame->slices();
    // One stream's part of a frame is not worth keeping it.
    const auto from = std::make_shared<const durable_frame>(
        durable_frame{read.frame, read.sequence, nullptr, nullptr});
    for (std::uint32_t number = 0; number < slices.size(); ++number) {
      if (slices[number].fingerprint != fingerprint) continue;
      std::uint32_t next = 0;
      const auto add = [&](std::uint32_t end) {
        if (end > next) found.push_back({from, number, next, end - next});
      };
      for (const auto& drop : read.drops) {
        if (drop.slice != number) continue;
        add(drop.first_row);
        next = drop.first_row + drop.row_count;
      }
      add(static_cast<std::uint32_t>(slices[number].rows()));
    }
    return found;
  }

  static void keep(push_frame_builder& kept, const slice_ref& slice) {
    const auto& columns = slice.columns();
    kept.begin_stream(columns.fingerprint, columns.canonical_labels);
    for (auto row = slice.first_row; row < slice.first_row + slice.row_count; ++row) {
      kept.add(columns.timestamps[row], columns.lines.line(row), columns.metadata.row(row));
    }
  }

  // A quarantined stream's unflushed entries as one push frame beside the log.
  result<void> keep_for_people(const recovery_restore& job, push_frame_builder& kept) {
    const auto directory = setup_.options.wal_directory + "/quarantine";
    SKALD_TRY(setup_.files->create_directories(directory));
    // Streams of two tenants may have equal labels.
    const auto path = directory + "/stream-" + to_hex(fingerprint_of(job.tenant)).substr(0, 16) +
                      "-" + to_hex(job.fingerprint) + "-" + std::to_string(job.through) + ".frame";
    log_error(name(), "entries of a quarantined stream are kept in a file",
              {{"path", path}, {"entries", kept.rows()}});
    const auto frame = kept.finish();
    return atomic_write(*setup_.files, path, frame->bytes());
  }

  const recovery_setup setup_;
  std::shared_ptr<flow_window> window_;
  caf::actor root_;
  std::size_t stalled_jobs_ = 0;
  bool accept_unreadable_ = false;        // the start took what it could not read for damaged
  std::optional<start_routing> routing_;  // of the start, while it lasts
  flush_progress flushed_before_;         // by then
  std::chrono::steady_clock::time_point start_begun_{};
  std::uint64_t start_entries_ = 0;
  counter read_errors_;
  counter replayed_;
  counter damaged_;
  histogram duration_;
};

}  // namespace

caf::actor spawn_recovery(caf::actor_system& system, recovery_setup setup) {
  return setup.options.detached_workers
             ? system.spawn<recovery_actor, caf::detached>(std::move(setup))
             : system.spawn<recovery_actor>(std::move(setup));
}

}  // namespace skald
