// SPDX-License-Identifier: Apache-2.0
#include "actors/io/index_actor.h"

#include <caf/event_based_actor.hpp>

#include "actors/io/index_messages.h"
#include "actors/supervision/supervisor_actor.h"
#include "runtime/base/log.h"

namespace skald {
namespace {

class index_actor final : public supervisor_actor {
 public:
  const char* name() const override { return "index_writer"; }

  index_actor(caf::actor_config& config, index_actor_setup setup)
      : supervisor_actor(config, {}, *setup.time, setup.metrics), setup_(setup) {
    if (setup_.metrics == nullptr) return;
    shipped_files_ = setup_.metrics->get_counter(metric_names::index_shipped_files);
    commit_duration_ = setup_.metrics->get_histogram(metric_names::index_commit_duration);
  }

  caf::behavior make_behavior() override {
    delayed_send(this, setup_.ship_interval, index_tick{});
    return {
        [this](const index_add& job) { job.reply.answer(add(*job.rows)); },
        [this](const index_ship& job) {
          if (auto shipped = ship(job.all); !shipped.ok()) {
            job.reply.answer(std::move(shipped).error());
          } else {
            job.reply.answer(setup_.index->unshipped_pack_keys());
          }
        },
        [this](const index_unshipped& job) {
          job.reply.answer(setup_.index->unshipped_pack_keys());
        },
        [this](index_tick) { on_tick(); },
    };
  }

 private:
  void on_child_down(child_id, const caf::error&, restart_verdict) override {}

  result<bool> add(const std::vector<pack_rows>& packs) {
    const auto begin = time().now();
    for (const auto& pack : packs) {
      std::vector<index_row> rows;
      rows.reserve(pack.chunks.size());
      for (const auto& [stream, chunk] : pack.chunks) {
        rows.push_back({stream->canonical_labels, chunk});
      }
      SKALD_TRY(setup_.index->add(pack.tenant, rows));
    }
    commit_duration_.observe(std::chrono::duration<double>(time().now() - begin).count());
    return true;
  }

  // All slots are tried; the first error is returned.
  result<void> ship(bool all) {
    result<void> outcome = setup_.index->finish_slots(all);
    for (const auto& slot : setup_.index->slots_to_ship()) {
      auto shipped = ship_slot(slot);
      if (shipped.ok()) continue;
      log_error(name(), "shipping an index file failed",
                {{"table", slot.table}, {"file", slot.file_name}, log_field(shipped.error())});
      if (outcome.ok()) outcome = std::move(shipped);
    }
    return outcome;
  }

  result<void> ship_slot(const index_slot& slot) {
    SKALD_TRY_ASSIGN(const auto upload, setup_.index->export_slot(slot));
    SKALD_TRY(setup_.store->put(upload.object_key, upload.bytes));
    SKALD_TRY(setup_.index->mark_shipped(slot));
    shipped_files_.add();
    return {};
  }

  void on_tick() {
    delayed_send(this, setup_.ship_interval, index_tick{});
    static_cast<void>(ship(false).ok());  // logged; tried again at the next tick
    if (const auto dropped = setup_.index->drop_expired(); !dropped.ok()) {
      log_warn(name(), "dropping expired index files failed", {log_field(dropped.error())});
    }
  }

  const index_actor_setup setup_;
  counter shipped_files_;
  histogram commit_duration_;
};

}  // namespace

caf::actor spawn_index_actor(caf::actor_system& system, index_actor_setup setup) {
  return setup.detached ? system.spawn<index_actor, caf::detached>(setup)
                        : system.spawn<index_actor>(setup);
}

}  // namespace skald
