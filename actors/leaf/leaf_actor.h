// SPDX-License-Identifier: Apache-2.0
// The lightest actor that CAF's public base classes allow: 320 bytes with 96 bytes of state, where
// an event_based_actor takes 1,440. For the kinds that exist per stream, by the hundred thousand.
// It has a normal handle, is scheduled, sent to, requested from, monitored, linked and killed like
// any other. It has no behaviours, no request() of its own and no message priorities.
//
// Subclass it, handle messages in on_message(), spawn with spawn_leaf(). The first argument of the
// constructor is the caf::actor_config. An exception ends the actor with
// exit_reason::unhandled_exception and its text; requests still waiting are answered with an error,
// all other messages are destroyed (tickets inside count as failed then).
#pragma once

#include <caf/actor.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/intrusive/lifo_inbox.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/resumable.hpp>
#include <utility>

namespace skald {

// Sends `value` without making the receiver know who sent. `unit` is the sender's execution unit,
// or null.
template <class T>
void tell(const caf::actor& receiver, caf::execution_unit* unit, T&& value) {
  caf::actor_cast<caf::abstract_actor*>(receiver)->eq_impl(caf::make_message_id(), nullptr, unit,
                                                           std::forward<T>(value));
}

class leaf_actor : public caf::monitorable_actor, public caf::resumable {
 public:
  ~leaf_actor() override;

  // The scheduler's entry.
  resume_result resume(caf::execution_unit* unit, std::size_t max_throughput) final;
  // unspecified on purpose: for scheduled_actor CAF would cast to a type that this is not.
  subtype_t subtype() const final { return unspecified; }
  void intrusive_ptr_add_ref_impl() final;
  void intrusive_ptr_release_impl() final;
  using abstract_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr message, caf::execution_unit* unit) final;
  bool cleanup(caf::error&& reason, caf::execution_unit* unit) final;
  void on_destroy() final;

 protected:
  // Runs on the spawning thread: set members only.
  explicit leaf_actor(caf::actor_config& config);

  // Handles one message; system messages (exit, links) never come here. May throw.
  virtual void on_message(caf::mailbox_element& message, caf::execution_unit* unit) = 0;

  // The message's only element if it has this type, else null. The element may be moved from.
  template <class T>
  static T* content_as(caf::mailbox_element& message) {
    auto& content = message.content();
    if (!content.match_elements<T>()) return nullptr;
    return &content.get_mutable_as<T>(0);
  }
  // Answers a request; does nothing for a plain message.
  template <class... Ts>
  void respond(const caf::mailbox_element& message, caf::execution_unit* unit, Ts&&... values) {
    if (!message.mid.is_request() || !message.sender) return;
    message.sender->get()->eq_impl(message.mid.response_id(), ctrl(), unit,
                                   std::forward<Ts>(values)...);
  }
  // Ends this actor after the current message.
  void quit(caf::exit_reason reason, caf::execution_unit* unit) { cleanup(reason, unit); }

 private:
  struct inbox_policy {
    using mapped_type = caf::mailbox_element;
    using unique_pointer = caf::mailbox_element_ptr;
  };

  void refill_cache(caf::mailbox_element* newest_first);
  caf::mailbox_element_ptr pop_cache();
  void bounce_cache();
  void handle(caf::mailbox_element& message, caf::execution_unit* unit);

  caf::intrusive::lifo_inbox<inbox_policy> inbox_;
  caf::mailbox_element* cache_ = nullptr;  // messages taken from the inbox, oldest first
};

// Spawns a leaf actor of type T. The handle returned keeps it alive: when the last handle is gone
// and no message waits, the actor ends with exit_reason::unreachable.
template <class T, class... Ts>
caf::actor spawn_leaf(caf::actor_system& system, Ts&&... arguments) {
  caf::actor_config config;
  auto handle = caf::make_actor<T, caf::actor>(system.next_actor_id(), system.node(), &system,
                                               config, std::forward<Ts>(arguments)...);
  caf::actor_cast<caf::abstract_actor*>(handle)->register_at_system();
  return handle;
}

}  // namespace skald
