// SPDX-License-Identifier: Apache-2.0
#include "actors/leaf/leaf_actor.h"

#include <caf/actor_registry.hpp>
#include <caf/detail/sync_request_bouncer.hpp>
#include <caf/execution_unit.hpp>
#include <caf/scheduler/abstract_coordinator.hpp>
#include <exception>
#include <string>

namespace skald {

leaf_actor::leaf_actor(caf::actor_config& config) : monitorable_actor(config) {
  // Asleep from the start: the first message schedules it.
  inbox_.try_block();
}

leaf_actor::~leaf_actor() {
  bounce_cache();
}

void leaf_actor::intrusive_ptr_add_ref_impl() {
  intrusive_ptr_add_ref(ctrl());
}
void leaf_actor::intrusive_ptr_release_impl() {
  intrusive_ptr_release(ctrl());
}

void leaf_actor::enqueue(caf::mailbox_element_ptr message, caf::execution_unit* unit) {
  const auto id = message->mid;
  const auto sender = id.is_request() ? message->sender : caf::strong_actor_ptr{};
  switch (inbox_.push_front(std::move(message))) {
    case caf::intrusive::inbox_result::unblocked_reader:
      intrusive_ptr_add_ref(ctrl());
      if (unit != nullptr) {
        unit->exec_later(this);
      } else {
        home_system().scheduler().enqueue(this);
      }
      break;
    case caf::intrusive::inbox_result::queue_closed:
      if (id.is_request()) {
        caf::detail::sync_request_bouncer{make_error(caf::exit_reason::unknown)}(sender, id);
      }
      break;
    case caf::intrusive::inbox_result::success:
      break;
  }
}

caf::resumable::resume_result leaf_actor::resume(caf::execution_unit* unit,
                                                 std::size_t max_throughput) {
  for (std::size_t handled = 0;;) {
    while (cache_ != nullptr) {
      if (handled++ >= max_throughput) return resume_later;
      const auto message = pop_cache();
      handle(*message, unit);
      if (getf(is_cleaned_up_flag)) return done;
    }
    refill_cache(inbox_.take_head());
    if (cache_ == nullptr && inbox_.try_block()) return awaiting_message;
  }
}

void leaf_actor::handle(caf::mailbox_element& message, caf::execution_unit* unit) {
  // A link outlives its other end in CAF and keeps that actor's memory: a stream would collect one
  // for every chunk buffer that it ever had.
  if (const auto* end = content_as<caf::exit_msg>(message)) unlink_from(end->source);
  try {
    if (!handle_system_message(message, unit, false)) on_message(message, unit);
  } catch (const std::exception& e) {
    // The code is exit_reason::unhandled_exception; the text travels along for the supervisor's
    // log.
    const caf::error code = caf::exit_reason::unhandled_exception;
    cleanup(caf::error{code.code(), code.category(), caf::make_message(std::string(e.what()))},
            unit);
  } catch (...) {
    cleanup(caf::exit_reason::unhandled_exception, unit);
  }
}

void leaf_actor::refill_cache(caf::mailbox_element* newest_first) {
  while (newest_first != nullptr) {
    auto* next = static_cast<caf::mailbox_element*>(newest_first->next);
    newest_first->next = cache_;
    cache_ = newest_first;
    newest_first = next;
  }
}

caf::mailbox_element_ptr leaf_actor::pop_cache() {
  caf::mailbox_element_ptr first(cache_);
  cache_ = static_cast<caf::mailbox_element*>(first->next);
  first->next = nullptr;
  return first;
}

void leaf_actor::bounce_cache() {
  const caf::detail::sync_request_bouncer bounce{make_error(caf::exit_reason::unknown)};
  while (cache_ != nullptr) bounce(*pop_cache());
}

bool leaf_actor::cleanup(caf::error&& reason, caf::execution_unit* unit) {
  if (!monitorable_actor::cleanup(std::move(reason), unit)) return false;
  bounce_cache();
  if (!inbox_.closed()) {
    const caf::detail::sync_request_bouncer bounce{fail_state_};
    auto drop = [&bounce](caf::mailbox_element* element) {
      const caf::mailbox_element_ptr owned(element);
      bounce(*owned);
    };
    inbox_.close(drop);
  }
  // Last: whoever waits for all actors to end finds every message destroyed.
  unregister_from_system();
  return true;
}

void leaf_actor::on_destroy() {
  if (!getf(is_cleaned_up_flag)) cleanup(caf::exit_reason::unreachable, nullptr);
}

}  // namespace skald
