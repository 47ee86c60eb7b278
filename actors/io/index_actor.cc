// SPDX-License-Identifier: Apache-2.0
#include "actors/io/index_actor.h"

#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>

#include "actors/io/index_messages.h"
#include "actors/io/index_shipper_actor.h"
#include "actors/supervision/supervisor_actor.h"

namespace skald {
namespace {

constexpr std::uint64_t shipper_child = 0;

class index_actor final : public supervisor_actor {
 public:
  const char* name() const override { return "index_writer"; }

  index_actor(caf::actor_config& config, index_actor_setup setup)
      : supervisor_actor(config, {}, *setup.time, setup.metrics), setup_(setup) {
    if (setup_.metrics == nullptr) return;
    commit_duration_ = setup_.metrics->get_histogram(metric_names::index_commit_duration);
  }

  caf::behavior make_behavior() override {
    start_shipper();
    return {
        [this](const index_add& job) { job.reply.answer(add(*job.rows)); },
        [this](index_ship& job) { send(shipper_, std::move(job)); },
        [this](const index_unshipped& job) {
          job.reply.answer(setup_.index->unshipped_pack_keys());
        },
    };
  }

  void on_exit() override {
    if (shipper_) caf::anon_send_exit(shipper_, caf::exit_reason::user_shutdown);
    shipper_ = nullptr;
  }

 private:
  void start_shipper() {
    shipper_ = spawn_index_shipper(system(), setup_);
    watch(shipper_child, shipper_, "index_shipper");
  }

  void on_child_down(child_id, const caf::error&, restart_verdict verdict) override {
    if (verdict == restart_verdict::restart) {
      start_shipper();
    } else {
      quit(caf::exit_reason::unhandled_exception);
    }
  }

  result<bool> add(const std::vector<pack_rows>& packs) {
    const auto begin = time().now();
    for (const auto& pack : packs) {
      std::vector<index_row> rows;
      rows.reserve(pack.chunks.size());
      for (const auto& [stream, chunk] : pack.chunks) {
        rows.push_back({stream->canonical_labels, chunk, pack.pack_key});
      }
      SKALD_TRY(setup_.index->add(pack.tenant, rows));
    }
    commit_duration_.observe(std::chrono::duration<double>(time().now() - begin).count());
    return true;
  }

  const index_actor_setup setup_;
  caf::actor shipper_;
  histogram commit_duration_;
};

}  // namespace

caf::actor spawn_index_actor(caf::actor_system& system, index_actor_setup setup) {
  return setup.detached ? system.spawn<index_actor, caf::detached>(setup)
                        : system.spawn<index_actor>(setup);
}

}  // namespace skald
