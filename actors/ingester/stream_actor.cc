// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/stream_actor.h"

#include <algorithm>
#include <utility>

#include "actors/ingester/day_split.h"
#include "actors/ingester/head_buffer.h"
#include "actors/leaf/leaf_actor.h"

namespace skald {
namespace {

void append_rows(head_buffer& buffer, std::vector<slice_ref> slices,
                 const ingester_hooks_ptr& hooks) {
  if (hooks && hooks->before_append) {
    for (const auto& slice : slices) hooks->before_append(slice);
  }
  buffer.append(std::move(slices));
}

class chunk_buffer_actor final : public leaf_actor {
 public:
  chunk_buffer_actor(caf::actor_config& config, stream_ptr stream, std::int64_t day,
                     ingester_hooks_ptr hooks)
      : leaf_actor(config), stream_(std::move(stream)), day_(day), hooks_(std::move(hooks)) {}
  const char* name() const override { return "chunk_buffer"; }

 protected:
  void on_message(caf::mailbox_element& message, caf::execution_unit* unit) override {
    if (auto* add = content_as<buffer_add>(message)) {
      append_rows(buffer_, std::move(add->slices), hooks_);
    } else if (const auto* seal = content_as<buffer_seal>(message)) {
      seal->ticket.settle({seal->row, seal->life, {buffer_.take(stream_, day_)}});
      quit(caf::exit_reason::normal, unit);
    } else if (const auto* read = content_as<buffer_snapshot>(message)) {
      auto taken = buffer_.snapshot(stream_, day_);
      if (read->range.overlaps(taken->min_timestamp_ns, taken->max_timestamp_ns)) {
        read->ticket.settle(for_reader(std::move(taken), read->form));
      } else {
        read->ticket.settle_empty();
      }
    }
  }

 private:
  stream_ptr stream_;
  std::int64_t day_;
  ingester_hooks_ptr hooks_;
  head_buffer buffer_;
};

class stream_actor final : public leaf_actor {
 public:
  stream_actor(caf::actor_config& config, stream_ptr stream, ingester_hooks_ptr hooks)
      : leaf_actor(config), stream_(std::move(stream)), hooks_(std::move(hooks)) {}
  const char* name() const override { return "stream"; }

 protected:
  void on_message(caf::mailbox_element& message, caf::execution_unit* unit) override {
    if (auto* run = content_as<stream_run>(message)) {
      for (auto& day : split_by_day(std::move(run->slices))) add(std::move(day), run->hold, unit);
    } else if (auto* seal = content_as<stream_seal>(message)) {
      on_seal(*seal, unit);
    } else if (auto* read = content_as<stream_snapshot>(message)) {
      for (const auto& buffer : buffers_) {
        tell(buffer.handle, unit,
             buffer_snapshot{read->range, read->form, issue_ticket(read->target)});
      }
      read->duty.settle_empty();
    }
  }

 private:
  struct open_buffer {
    std::int64_t day;
    std::uint64_t stored_bytes;
    caf::actor handle;
  };

  void add(day_run day, const std::shared_ptr<const byte_hold>& hold, caf::execution_unit* unit) {
    const auto& target = buffer_for(day.day, day.stored_bytes);
    tell(target, unit, buffer_add{std::move(day.slices), hold});
  }

  const caf::actor& buffer_for(std::int64_t day, std::uint64_t bytes) {
    for (auto it = buffers_.rbegin(); it != buffers_.rend(); ++it) {
      if (it->day != day) continue;
      if (it->stored_bytes + bytes > head_columns::line_bytes_max) break;
      it->stored_bytes += bytes;
      return it->handle;
    }
    auto handle = spawn_chunk_buffer(home_system(), stream_, day, hooks_);
    link_to(handle);
    tell_spawned(hooks_, "chunk_buffer", handle);
    // One buffer is the rule: no spare room.
    buffers_.reserve(buffers_.size() + 1);
    return buffers_.emplace_back(open_buffer{day, bytes, std::move(handle)}).handle;
  }

  // The buffers end after the seal; later entries go to fresh ones. A stream with a few rows a
  // flush has none: its rows come with the seal.
  void on_seal(stream_seal& seal, caf::execution_unit* unit) {
    auto days = split_by_day(std::move(seal.slices));
    if (buffers_.empty() && may_seal_at_once(days)) {
      seal.ticket.settle({seal.row, seal.life, seal_at_once(std::move(days))});
      return;
    }
    for (auto& day : days) add(std::move(day), seal.hold, unit);
    const auto buffers = std::exchange(buffers_, {});
    if (buffers.size() == 1) {
      tell(buffers.front().handle, unit, buffer_seal{seal.row, seal.life, seal.ticket});
      return;
    }
    // The stream's ticket is settled only if every buffer reported.
    const auto all = seal_gather::make(
        [ticket = seal.ticket, row = seal.row, life = seal.life](seal_gather::outcome outcome) {
          if (outcome.failed > 0) return;
          sealed_part whole{row, life, {}};
          for (auto& part : outcome.parts) {
            whole.pieces.insert(whole.pieces.end(), part.pieces.begin(), part.pieces.end());
          }
          ticket.settle(std::move(whole));
        });
    for (const auto& buffer : buffers) {
      tell(buffer.handle, unit, buffer_seal{seal.row, seal.life, issue_ticket(all)});
    }
  }

  static bool may_seal_at_once(const std::vector<day_run>& days) {
    return std::all_of(days.begin(), days.end(), [](const day_run& day) {
      return day.stored_bytes <= head_columns::line_bytes_max;
    });
  }

  std::vector<head_snapshot_ptr> seal_at_once(std::vector<day_run> days) const {
    std::vector<head_snapshot_ptr> pieces;
    pieces.reserve(days.size());
    for (auto& day : days) {
      head_buffer buffer;
      append_rows(buffer, std::move(day.slices), hooks_);
      pieces.push_back(buffer.take(stream_, day.day));
    }
    return pieces;
  }

  stream_ptr stream_;
  ingester_hooks_ptr hooks_;
  std::vector<open_buffer> buffers_;
};

}  // namespace

caf::actor spawn_stream(caf::actor_system& system, stream_ptr stream, ingester_hooks_ptr hooks) {
  return spawn_leaf<stream_actor>(system, std::move(stream), std::move(hooks));
}

caf::actor spawn_chunk_buffer(caf::actor_system& system, stream_ptr stream, std::int64_t day,
                              ingester_hooks_ptr hooks) {
  return spawn_leaf<chunk_buffer_actor>(system, std::move(stream), day, std::move(hooks));
}

}  // namespace skald
