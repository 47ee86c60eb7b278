// SPDX-License-Identifier: Apache-2.0
#include "actors/io/wal_actor.h"

#include <algorithm>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <chrono>
#include <map>

#include "actors/io/wal_messages.h"
#include "actors/supervision/supervisor_actor.h"
#include "runtime/base/log.h"
#include "storage/wal/wal_checkpoint.h"

namespace skald {
namespace {

const system_clock wal_clock;

class wal_actor final : public supervisor_actor {
 public:
  static inline const char* kind = "wal";
  const char* name() const override { return kind; }

  wal_actor(caf::actor_config& config, wal_actor_options options)
      : supervisor_actor(config, {}, wal_clock, options.metrics),
        options_(std::move(options)),
        synced_sequence_(options_.next_sequence - 1),
        next_memory_sequence_(options_.next_sequence) {
    if (options_.metrics == nullptr) return;
    auto& metrics = *options_.metrics;
    sync_duration_ = metrics.get_histogram(metric_names::wal_sync_duration);
    group_bytes_ = metrics.get_histogram(metric_names::wal_group_bytes, {}, size_bounds_bytes());
    written_bytes_ = metrics.get_counter(metric_names::wal_written_bytes);
    errors_ = metrics.get_counter(metric_names::wal_errors, {{"operation", "sync"}});
  }

  caf::behavior make_behavior() override {
    return {
        [this](wal_append& request) { on_append(std::move(request.entry)); },
        [this](wal_commit) {
          armed_ = false;
          commit_group();
          arm_prepare();
        },
        [this](wal_prepare) { on_prepare(); },
        [this](wal_attach& request) { on_attach(std::move(request)); },
        [this](wal_mark_request request) { on_mark(request.mark); },
        [this](wal_checkpoint_request& request) { on_checkpoint(request); },
        [this](const wal_check& request) { request.reply.answer(takes_entries()); },
        [this](wal_stop& request) {
          commit_group();
          request.reply.answer(true);
          quit(caf::exit_reason::user_shutdown);
        },
    };
  }

 private:
  void on_child_down(child_id, const caf::error&, restart_verdict) override {}

  static error read_only_error() {
    return {errc::unavailable, "write-ahead log is read-only after failed syncs"};
  }

  result<bool> takes_entries() {
    if (read_only_) return read_only_error();
    if (options_.writer && options_.writer->disk_full()) {
      return error{errc::resource_exhausted,
                   "wal_full: the disk of " + options_.directory + " is too full"};
    }
    return true;
  }

  void on_append(wal_entry_ptr entry) {
    if (read_only_) {
      entry->failed(read_only_error());
      return;
    }
    for (const auto part : entry->parts()) group_size_ += part.size();
    group_.push_back(std::move(entry));
    if (group_size_ >= options_.group_bytes_max) {
      commit_group();
    } else if (!armed_) {
      armed_ = true;
      send(this, wal_commit{});
    }
  }

  void commit_group() {
    if (group_.empty()) return;
    const auto entries = std::exchange(group_, {});
    group_bytes_.observe(static_cast<double>(group_size_));
    written_bytes_.add(static_cast<double>(group_size_));
    group_size_ = 0;
    std::vector<wal_durable::record> appended;
    appended.reserve(entries.size());
    for (const auto& entry : entries) {
      if (const auto sequence = append(*entry); sequence.ok()) {
        appended.push_back({*sequence, entry});
      } else {
        entry->failed(sequence.error());
      }
    }
    if (!appended.empty()) finish_group(appended, sync());
  }

  result<std::uint64_t> append(const wal_entry& entry) {
    if (!options_.writer) return next_memory_sequence_++;
    return options_.writer->append(entry.type(), 0, entry.parts());
  }

  // Writes the group, once more into a fresh segment if that fails. Sets synced_sequence_.
  result<void> sync() {
    if (!options_.writer) {
      synced_sequence_ = next_memory_sequence_ - 1;
      return {};
    }
    const auto begin = std::chrono::steady_clock::now();
    auto outcome = options_.writer->sync();
    if (!outcome.ok()) {
      errors_.add();
      log_error(kind, "sync failed, writing the group into a fresh segment",
                {log_field(outcome.error())});
      outcome = options_.writer->sync();
    }
    if (!outcome.ok()) {
      errors_.add();
      options_.writer->discard_pending();
      // A full disk may have room again; anything else that lasts ends the lane.
      if (outcome.error().code != errc::resource_exhausted &&
          ++failed_groups_ >= options_.failed_groups_max) {
        read_only_ = true;
        log_error(kind, "write-ahead log is read-only now", {log_field(outcome.error())});
      }
    } else {
      failed_groups_ = 0;
    }
    synced_sequence_ = std::max(synced_sequence_, options_.writer->synced_sequence());
    sync_duration_.observe(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    return outcome;
  }

  void finish_group(const std::vector<wal_durable::record>& records, const result<void>& outcome) {
    std::map<std::uint32_t, wal_durable> by_shard;
    for (const auto& record : records) {
      if (record.sequence > synced_sequence_) {
        record.entry->failed(outcome.ok() ? error{errc::internal, "record was not synced"}
                                          : outcome.error());
        continue;
      }
      record.entry->durable(record.sequence);
      for (const auto shard : record.entry->shards()) by_shard[shard].records.push_back(record);
    }
    for (auto& [shard, message] : by_shard) {
      if (const auto found = shards_.find(shard); found != shards_.end()) {
        caf::anon_send(found->second, std::move(message));
      }
    }
  }

  void on_attach(wal_attach request) {
    // Records that wait go to the new holder, behind this.
    caf::anon_send(request.handle, wal_attached{synced_sequence_});
    shards_.insert_or_assign(request.shard, std::move(request.handle));
  }

  void on_mark(std::uint64_t mark) {
    commit_group();
    for (const auto& [shard, handle] : shards_) {
      caf::anon_send(handle, wal_mark{mark, synced_sequence_});
    }
  }

  void on_checkpoint(const wal_checkpoint_request& request) {
    if (!options_.writer) {
      request.reply.answer(true);
      return;
    }
    auto outcome =
        write_checkpoint(options_.directory, *options_.files, request.bytes, request.from_sequence);
    if (outcome.ok()) outcome = options_.writer->release_below(request.from_sequence);
    if (outcome.ok()) {
      request.reply.answer(true);
    } else {
      log_error(kind, "checkpoint failed", {log_field(outcome.error())});
      request.reply.answer(outcome.error());
    }
    arm_prepare();
  }

  void arm_prepare() {
    if (!options_.writer || preparing_) return;
    preparing_ = true;
    send(this, wal_prepare{});
  }

  void on_prepare() {
    preparing_ = false;
    if (armed_ || read_only_) return;  // a group waits; it comes first
    const auto more = options_.writer->prepare(options_.prepare_step_bytes);
    if (!more.ok()) {
      log_warn(kind, "preparing segments failed", {log_field(more.error())});
    } else if (*more) {
      arm_prepare();
    }
  }

  const wal_actor_options options_;
  std::map<std::uint32_t, caf::actor> shards_;
  std::vector<wal_entry_ptr> group_;
  std::uint64_t group_size_ = 0;
  std::uint64_t synced_sequence_;
  std::uint64_t next_memory_sequence_;
  std::uint32_t failed_groups_ = 0;
  bool armed_ = false;
  bool preparing_ = false;
  bool read_only_ = false;
  histogram sync_duration_;
  histogram group_bytes_;
  counter written_bytes_;
  counter errors_;
};

}  // namespace

caf::actor spawn_wal_actor(caf::actor_system& system, wal_actor_options options) {
  return options.detached ? system.spawn<wal_actor, caf::detached>(std::move(options))
                          : system.spawn<wal_actor>(std::move(options));
}

}  // namespace skald
