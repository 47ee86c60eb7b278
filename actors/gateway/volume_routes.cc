// SPDX-License-Identifier: Apache-2.0
// index/volume and index/volume_range.
#include <algorithm>

#include "actors/gateway/metadata_request.h"
#include "actors/gateway/routes.h"
#include "runtime/logql/syntax/parser.h"
#include "runtime/loki_api/query_params.h"
#include "runtime/loki_api/result_json.h"
#include "runtime/loki_api/volume.h"

namespace skald {
namespace {

constexpr std::uint32_t default_groups = 100;

std::vector<stream_volume> volumes_of(const stream_summaries& found) {
  std::vector<stream_volume> volumes;
  volumes.reserve(found.size());
  for (const stream_summary& one : found) volumes.push_back({&one.stream->labels, one.parts});
  return volumes;
}

// The question without its renderer, and how to group what it finds.
struct volume_request {
  metadata_request who;
  volume_query_params params;
  volume_grouping grouping;
  selector_list selectors;
  std::size_t limit = 0;

  time_range range() const { return {params.start_ns, params.end_ns}; }
  stream_question question() const {
    return {selectors, range(), "volume", stream_detail::chunks, {}};
  }
};

result<volume_request> read_volume_request(const gateway_context_ptr& context,
                                           const http_request& request, bool with_step) {
  volume_request out;
  SKALD_TRY_ASSIGN(out.who, read_metadata_request(*context, request));
  SKALD_TRY_ASSIGN(out.params, parse_volume_query(out.who.form, out.who.now_ns, with_step));
  const tenant_limits& limits = out.who.limits();
  if (!limits.volume_enabled) return error{errc::not_found, "not found"};
  out.grouping = {out.params.target_labels, out.params.target_labels,
                  out.params.aggregate_by_labels};
  if (out.params.query != "{}") {
    SKALD_TRY_ASSIGN(auto matchers, logql::parse_selector(out.params.query));
    if (out.grouping.labels.empty() && !out.grouping.by_name) {
      for (const label_matcher& m : matchers) out.grouping.labels.push_back(m.name());
    }
    out.selectors.push_back(std::move(matchers));
  }
  out.limit = std::min<std::size_t>(
      out.params.limit == 0 ? default_groups : out.params.limit,
      static_cast<std::size_t>(std::max<std::int64_t>(1, limits.volume_max_series)));
  return out;
}

result<void> handle_volume(const gateway_context_ptr& context, const http_request& request,
                           responder& answer) {
  SKALD_TRY_ASSIGN(const volume_request ask, read_volume_request(context, request, false));
  stream_question question = ask.question();
  question.render = [grouping = ask.grouping, range = ask.range(),
                     limit = ask.limit](const stream_summaries& found) {
    return render_volume(group_volume(volumes_of(found), grouping, range, limit), range.end_ns, {});
  };
  ask_streams(context, ask.who, std::move(question), std::move(answer));
  return {};
}

result<void> handle_volume_range(const gateway_context_ptr& context, const http_request& request,
                                 responder& answer) {
  SKALD_TRY_ASSIGN(const volume_request ask, read_volume_request(context, request, true));
  stream_question question = ask.question();
  question.render = [grouping = ask.grouping, range = ask.range(), step = ask.params.step_ns,
                     limit = ask.limit](const stream_summaries& found) {
    return render_volume_range(group_volume_range(volumes_of(found), grouping, range, step, limit),
                               {});
  };
  ask_streams(context, ask.who, std::move(question), std::move(answer));
  return {};
}

}  // namespace

void add_volume_routes(route_table& routes, const gateway_context_ptr& context) {
  if (!context->frontend) return;
  routes.add_get_post("/loki/api/v1/index/volume", answering_errors(context, handle_volume));
  routes.add_get_post("/loki/api/v1/index/volume_range",
                      answering_errors(context, handle_volume_range));
}

}  // namespace skald
