// SPDX-License-Identifier: Apache-2.0
// The way back for an answer inside one process: exactly one call of a function, whatever happens
// to the messages that carry it. When the last copy is destroyed without an answer (a dead actor's
// mailbox, an exception in a handler, a shutdown) the receiver gets errc::unavailable. So a caller
// needs no timeout for a callee that dies, only one for a callee that hangs.
// Copyable, since CAF messages must be; all copies share one answer. Safe from any thread; the
// function runs on the thread that answers and must neither block nor throw.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "runtime/base/result.h"

namespace skald {

template <class T>
class one_shot {
 public:
  using function = std::function<void(result<T>)>;

  // Answers nowhere.
  one_shot() = default;
  explicit one_shot(function receive) : state_(std::make_shared<state>(std::move(receive))) {}

  // The first answer counts, later ones are dropped.
  void answer(result<T> value) const {
    if (state_) state_->settle(std::move(value));
  }
  explicit operator bool() const { return state_ != nullptr; }

 private:
  struct state {
    explicit state(function f) : receive(std::move(f)) {}
    state(const state&) = delete;
    state& operator=(const state&) = delete;
    ~state() { settle(error{errc::unavailable, "the actor that should have answered has ended"}); }
    void settle(result<T> value) {
      if (settled.exchange(true, std::memory_order_acq_rel)) return;
      if (auto f = std::move(receive)) f(std::move(value));
    }
    std::atomic<bool> settled{false};
    function receive;
  };
  std::shared_ptr<state> state_;
};

}  // namespace skald
