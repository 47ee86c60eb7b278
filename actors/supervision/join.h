// SPDX-License-Identifier: Apache-2.0
// Joins of work that was spread over other actors, without requests and without timers. Each part
// carries a ticket; a ticket that is destroyed unsettled counts as failed. A mailbox that closes, a
// message to a dead actor, an exception in a handler: all destroy the message and the ticket in it,
// so a join always completes. Safe from any thread; the function given runs on the thread that
// drops the last ticket and must neither block nor throw.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace skald {

// Collects a value per part. Issue all tickets, then drop the gather pointer itself: the function
// runs once the pointer and every ticket are gone.
template <class T>
class gather {
 public:
  struct outcome {
    std::vector<T> parts;    // in order of arrival
    std::size_t failed = 0;  // tickets destroyed without a value
  };
  using function = std::function<void(outcome)>;

  explicit gather(function done) : done_(std::move(done)) {}
  gather(const gather&) = delete;
  gather& operator=(const gather&) = delete;
  ~gather() { done_(std::move(outcome_)); }

  static std::shared_ptr<gather> make(function done) {
    return std::make_shared<gather>(std::move(done));
  }

  // One part's duty to report. Copies (CAF messages must be copyable) are the same ticket.
  class ticket {
   public:
    ticket() = default;
    explicit ticket(std::shared_ptr<gather> target)
        : state_(std::make_shared<state>(std::move(target))) {}
    // The first value counts.
    void settle(T value) const {
      if (!state_ || state_->settled) return;
      state_->settled = true;
      state_->target->add(std::move(value));
    }
    // Ends the duty without a value and without failure.
    void settle_empty() const {
      if (state_) state_->settled = true;
    }

   private:
    struct state {
      explicit state(std::shared_ptr<gather> t) : target(std::move(t)) {}
      state(const state&) = delete;
      state& operator=(const state&) = delete;
      ~state() {
        if (!settled) target->fail();
      }
      std::shared_ptr<gather> target;
      bool settled = false;  // one actor at a time holds a ticket
    };
    std::shared_ptr<state> state_;
  };

  // Adds values on behalf of a ticket that is shared by several actors.
  void add(T value) {
    const std::lock_guard<std::mutex> lock(mutex_);
    outcome_.parts.push_back(std::move(value));
  }
  void fail() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++outcome_.failed;
  }

 private:
  std::mutex mutex_;
  outcome outcome_;
  function done_;
};

template <class T>
typename gather<T>::ticket issue_ticket(const std::shared_ptr<gather<T>>& target) {
  return typename gather<T>::ticket(target);
}

}  // namespace skald
