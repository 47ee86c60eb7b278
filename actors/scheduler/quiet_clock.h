// SPDX-License-Identifier: Apache-2.0
// The scheduler's clock for actors that come and go by the dozen per query. CAF tells its clock of
// each actor's end, so that the timeouts of the actor can be dropped, and that wakes the clock's
// thread. An actor that only sends itself delayed messages has none of these. So ends are passed on
// only once any actor has asked for a timeout of that kind: a receive timeout, or a request with
// one. Context: safe from many threads, as what it stands for.
#pragma once

#include <atomic>
#include <caf/detail/thread_safe_actor_clock.hpp>
#include <utility>

namespace skald {

class quiet_clock final : public caf::detail::thread_safe_actor_clock {
 public:
  // `clock` must outlive it, and has the thread.
  explicit quiet_clock(caf::detail::thread_safe_actor_clock& clock) : clock_(clock) {}

  void set_ordinary_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                            std::uint64_t id) override {
    used_ = true;
    clock_.set_ordinary_timeout(t, self, type, id);
  }
  void set_request_timeout(time_point t, caf::abstract_actor* self, caf::message_id id) override {
    used_ = true;
    clock_.set_request_timeout(t, self, id);
  }
  void set_multi_timeout(time_point t, caf::abstract_actor* self, caf::atom_value type,
                         std::uint64_t id) override {
    used_ = true;
    clock_.set_multi_timeout(t, self, type, id);
  }
  void cancel_ordinary_timeout(caf::abstract_actor* self, caf::atom_value type) override {
    clock_.cancel_ordinary_timeout(self, type);
  }
  void cancel_request_timeout(caf::abstract_actor* self, caf::message_id id) override {
    clock_.cancel_request_timeout(self, id);
  }
  void cancel_timeouts(caf::abstract_actor* self) override {
    // An actor asks for its timeouts itself, so its end comes after them.
    if (used_) clock_.cancel_timeouts(self);
  }
  void schedule_message(time_point t, caf::strong_actor_ptr receiver,
                        caf::mailbox_element_ptr content) override {
    clock_.schedule_message(t, std::move(receiver), std::move(content));
  }
  void schedule_message(time_point t, caf::group target, caf::strong_actor_ptr sender,
                        caf::message content) override {
    clock_.schedule_message(t, std::move(target), std::move(sender), std::move(content));
  }
  void cancel_all() override { clock_.cancel_all(); }

 private:
  caf::detail::thread_safe_actor_clock& clock_;
  std::atomic<bool> used_{false};
};

}  // namespace skald
