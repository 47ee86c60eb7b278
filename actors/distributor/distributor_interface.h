// SPDX-License-Identifier: Apache-2.0
// What the gateway and embedding programs say to the distributor: caf::anon_send(distributor,
// push_call{...}). The answer comes through `reply`, exactly once, on an actor thread. Local to one
// process.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "actors/distributor/distributor_core.h"
#include "actors/supervision/one_shot.h"

namespace skald {

// How a push ended, in terms of the push API (docs/http-api.md).
struct push_answer {
  int status = 204;
  std::string text;                         // of the refusal; empty with 204
  std::chrono::nanoseconds retry_after{0};  // with 429 and 503; 0 when not known
};

// Writes what distributor_core prepared. The answer is given when every accepted entry is durable
// as configured. Errors: unavailable, resource_exhausted, shutting_down (nothing may be taken as
// stored: resend all, which is harmless).
struct push_call {
  std::string tenant;
  std::shared_ptr<prepared_push> push;  // nobody else's: frames are let go as they are sent
  one_shot<push_answer> reply;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::push_call)
