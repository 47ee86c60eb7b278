// SPDX-License-Identifier: Apache-2.0
#include "actors/io/index_shipper_actor.h"

#include <caf/event_based_actor.hpp>

#include "actors/io/index_messages.h"
#include "actors/supervision/supervisor_actor.h"
#include "runtime/base/log.h"

namespace skald {
namespace {

class index_shipper_actor final : public supervisor_actor {
 public:
  const char* name() const override { return "index_shipper"; }

  index_shipper_actor(caf::actor_config& config, index_actor_setup setup)
      : supervisor_actor(config, {}, *setup.time, setup.metrics), setup_(setup) {
    if (setup_.metrics == nullptr) return;
    shipped_files_ = setup_.metrics->get_counter(metric_names::index_shipped_files);
  }

  caf::behavior make_behavior() override {
    delayed_send(this, setup_.ship_interval, index_tick{});
    return {
        [this](const index_ship& job) {
          if (auto shipped = ship(job.all); !shipped.ok()) {
            job.reply.answer(std::move(shipped).error());
          } else {
            job.reply.answer(setup_.index->unshipped_pack_keys());
          }
        },
        [this](index_tick) { on_tick(); },
    };
  }

 private:
  void on_child_down(child_id, const caf::error&, restart_verdict) override {}

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
    const auto begin = time().now();
    std::uint64_t shipped_bytes = 0;
    SKALD_TRY(setup_.index->ship_slot(
        slot, [&](const std::string& key, std::uint64_t bytes, const piece_source& pieces) {
          shipped_bytes = bytes;
          return setup_.store->put_pieces(key, bytes, pieces);
        }));
    shipped_files_.add();
    log_info(
        name(), "index file shipped",
        {{"table", slot.table},
         {"file", slot.file_name},
         {"chunks", slot.chunks},
         {"bytes", shipped_bytes},
         {"ms",
          std::chrono::duration_cast<std::chrono::milliseconds>(time().now() - begin).count()}});
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
};

}  // namespace

caf::actor spawn_index_shipper(caf::actor_system& system, index_actor_setup setup) {
  return setup.detached ? system.spawn<index_shipper_actor, caf::detached>(setup)
                        : system.spawn<index_shipper_actor>(setup);
}

}  // namespace skald
