// SPDX-License-Identifier: Apache-2.0
// What the routes share that answer from streams and their chunks: who asks, for which streams, and
// the call to the query frontend.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/gateway/gateway_context.h"
#include "actors/querier/querier_interface.h"
#include "runtime/base/result.h"
#include "runtime/http/form_values.h"
#include "runtime/http/responder.h"
#include "runtime/http/route_table.h"
#include "runtime/model/label_matcher.h"
#include "runtime/model/time_range.h"

namespace skald {

using selector_list = std::vector<std::vector<label_matcher>>;
using stream_summaries = std::vector<stream_summary>;

// Who asks, and with which form.
struct metadata_request {
  std::string tenant;
  form_values form;
  limits_snapshot_ptr snapshot;
  std::int64_t now_ns = 0;
  const tenant_limits& limits() const { return snapshot->for_tenant(tenant); }
};

// Errors: unauthorized without tenant, invalid_argument for an unreadable form.
result<metadata_request> read_metadata_request(const gateway_context& context,
                                               const http_request& request);

// Errors: invalid_argument when the range is longer than the tenant's max_query_length.
result<void> check_query_length(const tenant_limits& limits, std::int64_t start_ns,
                                std::int64_t end_ns);

// The same, and that the range does not end before it starts, with the words that Loki has for it.
result<void> check_query_range(const tenant_limits& limits, std::int64_t start_ns,
                               std::int64_t end_ns);

// A selector that may be absent, which means every stream, an empty list.
result<selector_list> parse_optional_selector(std::string_view text);

// A question about streams: renders the body of the answer from what is found.
struct stream_question {
  selector_list selectors;
  time_range range;
  const char* type = "";  // label of the duration metric
  stream_detail detail = stream_detail::counts;
  std::function<std::string(const stream_summaries&)> render;
  bool in_order = true;  // see series_call
};
void ask_streams(const gateway_context_ptr& context, const metadata_request& request,
                 stream_question question, responder&& answer);

// A handler that either takes `answer` and answers later, or fails.
using fallible_handler = result<void> (*)(const gateway_context_ptr&, const http_request&,
                                          responder& answer);
http_handler answering_errors(const gateway_context_ptr& context, fallible_handler handle);

}  // namespace skald
