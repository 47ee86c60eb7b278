// SPDX-License-Identifier: Apache-2.0
// Counts and times every request around a handler. Safe from any thread.
#pragma once

#include "actors/gateway/gateway_context.h"
#include "runtime/http/responder.h"
#include "runtime/http/route_table.h"

namespace skald {

// The context must outlive the handler.
http_handler with_request_metrics(const gateway_context& context, http_handler inner);

}  // namespace skald
