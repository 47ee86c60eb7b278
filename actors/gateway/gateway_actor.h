// SPDX-License-Identifier: Apache-2.0
// The HTTP gateway: owns the listener from the first accepted connection to the last answer.
// Requests are decoded on the listener's io threads and go from there to the other actors; this one
// only starts and stops. Context: detached, since stopping waits for running requests. Its end
// closes the listener.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <cstdint>
#include <memory>

#include "actors/gateway/gateway_context.h"
#include "actors/gateway/http_server.h"
#include "actors/supervision/one_shot.h"

namespace skald {

// Begins to listen. The answer is the port. Errors: unavailable with the system's reason.
struct serve_request {
  one_shot<std::uint16_t> reply;
};

// Stops listening, lets running requests end within http_server_options::shutdown_grace, then
// answers and ends.
struct stop_serving_request {
  one_shot<bool> reply;
};

class gateway_actor final : public caf::event_based_actor {
 public:
  gateway_actor(caf::actor_config& config, gateway_context_ptr context,
                http_server_options options);
  const char* name() const override { return "gateway"; }
  caf::behavior make_behavior() override;
  void on_exit() override;

 private:
  gateway_context_ptr context_;
  std::unique_ptr<http_server> server_;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::serve_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::stop_serving_request)
