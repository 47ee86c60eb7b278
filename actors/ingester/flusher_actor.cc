// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/flusher_actor.h"

#include <caf/send.hpp>

#include "actors/ingester/flush_packs.h"
#include "actors/ingester/ingester_messages.h"
#include "actors/supervision/supervisor_actor.h"
#include "runtime/base/log.h"
#include "storage/file/atomic_write.h"

namespace skald {
namespace {

class flusher_actor final : public supervisor_actor {
 public:
  const char* name() const override { return "flusher"; }

  flusher_actor(caf::actor_config& config, flusher_setup setup)
      : supervisor_actor(config, {}, *setup.time, setup.metrics),
        setup_(std::move(setup)),
        writer_(setup_.options.pack) {
    if (setup_.metrics == nullptr) return;
    raw_bytes_ = setup_.metrics->get_counter(metric_names::pack_raw_bytes);
    duplicates_ = setup_.metrics->get_counter(metric_names::ingester_duplicates);
    utilization_ = setup_.metrics->get_histogram(
        metric_names::chunk_utilization, {}, {0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0});
    stored_bytes_ = setup_.metrics->get_counter(metric_names::pack_stored_bytes);
    quarantined_ = setup_.metrics->get_counter(metric_names::ingester_quarantined_entries);
  }

  caf::behavior make_behavior() override {
    return {[this](const build_packs& job) { on_build(job); }};
  }

 private:
  void on_child_down(child_id, const caf::error&, restart_verdict) override {}

  // Of each segment the mean of its pack.
  void observe_utilization(const pack_info& pack) {
    const auto target = static_cast<double>(setup_.options.pack.segment_bytes_target);
    for (std::uint64_t i = 0; i < pack.segments; ++i) {
      utilization_.observe(static_cast<double>(pack.line_bytes) /
                           static_cast<double>(pack.segments) / target);
    }
  }

  void on_build(const build_packs& job) {
    if (setup_.hooks && setup_.hooks->before_step && !setup_.hooks->before_step("put")) return;
    packs_built answer;
    answer.shard = job.shard;
    answer.flush_id = job.set->flush_id;
    auto flushed =
        flush_packs(*job.set, shard_origin(setup_.options, job.shard), writer_, *setup_.store);
    if (flushed.ok()) {
      if (auto kept = keep_refused(flushed->refused); !kept.ok()) flushed = std::move(kept).error();
    }
    if (flushed.ok()) {
      raw_bytes_.add(static_cast<double>(flushed->raw_bytes));
      stored_bytes_.add(static_cast<double>(flushed->stored_bytes));
      duplicates_.add(static_cast<double>(flushed->duplicates));
      for (const auto& pack : flushed->infos) observe_utilization(pack);
      log_info(name(), "packs written",
               {{"shard", job.shard},
                {"flush", job.set->flush_id},
                {"packs", flushed->packs.size()},
                {"raw_bytes", flushed->raw_bytes},
                {"stored_bytes", flushed->stored_bytes}});
      answer.record = {job.shard, setup_.options.shards, job.set->sequence, job.set->flush_id,
                       std::move(flushed->packs)};
      answer.rows = std::make_shared<const std::vector<pack_rows>>(std::move(flushed->rows));
    } else {
      answer.outcome = std::move(flushed).error();
    }
    caf::anon_send(job.reply_to, std::move(answer));
  }

  // Entries are not lost for being in no pack: they are kept as push frames beside the log.
  result<void> keep_refused(const std::vector<refused_rows>& all) {
    for (const auto& refused : all) {
      const auto directory = setup_.options.wal_directory + "/quarantine";
      SKALD_TRY(setup_.files->create_directories(directory));
      // Packs of two tenants, or of two days, may have one name.
      const auto tenant = to_hex(fingerprint_of(refused.frame->tenant())).substr(0, 16);
      const auto path = directory + "/pack-" + tenant + "-" + std::to_string(refused.day) + "-" +
                        refused.pack_key.substr(refused.pack_key.rfind('/') + 1) + ".frame";
      SKALD_TRY(atomic_write(*setup_.files, path, refused.frame->bytes()));
      quarantined_.add(static_cast<double>(refused.frame->rows()));
      log_error(name(), "entries that no pack takes are kept in a file",
                {{"path", path}, {"entries", refused.frame->rows()}, log_field(refused.why)});
    }
    return {};
  }

  const flusher_setup setup_;
  pack_writer writer_;
  counter raw_bytes_;
  counter stored_bytes_;
  counter quarantined_;
  counter duplicates_;
  histogram utilization_;
};

}  // namespace

caf::actor spawn_flusher(caf::actor_system& system, flusher_setup setup) {
  return setup.options.detached_workers
             ? system.spawn<flusher_actor, caf::detached>(std::move(setup))
             : system.spawn<flusher_actor>(std::move(setup));
}

}  // namespace skald
