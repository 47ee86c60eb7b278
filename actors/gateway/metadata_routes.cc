// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <caf/send.hpp>
#include <map>
#include <memory>
#include <set>

#include "actors/gateway/gateway_context.h"
#include "actors/gateway/routes.h"
#include "actors/querier/querier_interface.h"
#include "runtime/logql/syntax/parser.h"
#include "runtime/logql/syntax/printer.h"
#include "runtime/loki_api/error_body.h"
#include "runtime/loki_api/query_params.h"
#include "runtime/loki_api/result_json.h"
#include "runtime/loki_api/tenant_header.h"
#include "runtime/base/units.h"

namespace skald {
namespace {

using summaries = std::vector<stream_summary>;
using renderer = std::function<std::string(const summaries&)>;
using selector_list = std::vector<std::vector<label_matcher>>;

// Who asks, and with which form.
struct metadata_request {
  std::string tenant;
  form_values form;
  limits_snapshot_ptr snapshot;
  std::int64_t now_ns = 0;
  const tenant_limits& limits() const { return snapshot->for_tenant(tenant); }
};

result<metadata_request> read_request(const gateway_context& context, const http_request& request) {
  metadata_request out;
  SKALD_TRY_ASSIGN(out.tenant, resolve_tenant(request, context.tenants));
  SKALD_TRY_ASSIGN(out.form, request_form(request));
  out.snapshot = context.limits->get();
  out.now_ns = context.time->wall_now_ns();
  return out;
}

result<void> check_length(const tenant_limits& limits, std::int64_t start_ns, std::int64_t end_ns) {
  const std::int64_t longest = limits.max_query_length.count();
  if (longest <= 0 || end_ns - start_ns <= longest) return {};
  return error{errc::invalid_argument,
               "the query time range exceeds the limit (query length: " +
                   format_go_duration(end_ns - start_ns) +
                   ", limit: " + format_prometheus_duration(longest) + ")"};
}

// Asks the frontend for the streams of the selectors and renders what comes.
void ask_series(const gateway_context_ptr& context, const metadata_request& request,
                selector_list selectors, time_range range, const char* type, renderer render,
                responder&& answer) {
  const auto started = context->time->now();
  auto cancel = std::make_shared<cancellation>(
      started + std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                    std::max<limit_duration>(request.limits().query_timeout, std::chrono::seconds(1))));
  answer.on_disconnect([cancel] { cancel->cancel(); });
  auto waiting = std::make_shared<responder>(std::move(answer));
  one_shot<summaries> reply([context, waiting, started, type,
                             render = std::move(render)](result<summaries> found) {
    if (context->metrics != nullptr) {
      context->metrics->get_histogram(metric_names::query_duration, {{"type", type}})
          .observe(std::chrono::duration<double>(context->time->now() - started).count());
    }
    if (!found.ok()) return waiting->send(query_error_response(found.error()));
    waiting->send(query_json_response(render(*found)));
  });
  caf::anon_send(context->frontend, series_call{request.tenant, std::move(selectors), range,
                                                std::move(cancel), std::move(reply)});
}

// A selector that may be absent, or `{}`, which means every stream.
result<selector_list> optional_selector(std::string_view text) {
  if (text.empty() || text == "{}") return selector_list();
  SKALD_TRY_ASSIGN(auto matchers, logql::parse_selector(text));
  return selector_list{std::move(matchers)};
}

std::string render_names(const summaries& found) {
  std::set<std::string> names;
  for (const stream_summary& s : found) {
    for (const label& l : s.stream->labels) names.insert(l.name);
  }
  return render_label_values({names.begin(), names.end()});
}

std::string render_values(const std::string& name, const summaries& found) {
  std::set<std::string> values;
  for (const stream_summary& s : found) {
    if (s.stream->labels.has(name)) values.insert(std::string(s.stream->labels.get(name)));
  }
  return render_label_values({values.begin(), values.end()});
}

result<void> handle_labels(const gateway_context_ptr& context, const http_request& request,
                           responder& answer) {
  SKALD_TRY_ASSIGN(const metadata_request who, read_request(*context, request));
  SKALD_TRY_ASSIGN(const label_query_params params, parse_label_query(who.form, who.now_ns));
  SKALD_TRY_ASSIGN(selector_list selectors, optional_selector(params.query));
  SKALD_TRY(check_length(who.limits(), params.start_ns, params.end_ns));
  const std::string name(request.path_value("name"));
  renderer render = name.empty() ? renderer(render_names) : renderer([name](const summaries& found) {
    return render_values(name, found);
  });
  ask_series(context, who, std::move(selectors), {params.start_ns, params.end_ns}, "labels",
             std::move(render), std::move(answer));
  return {};
}

result<void> handle_series(const gateway_context_ptr& context, const http_request& request,
                           responder& answer) {
  SKALD_TRY_ASSIGN(const metadata_request who, read_request(*context, request));
  SKALD_TRY_ASSIGN(const series_query_params params, parse_series_query(who.form, who.now_ns));
  selector_list selectors;
  for (const std::string& match : params.matches) {
    if (match == "{}") {
      if (params.matches.size() == 1) break;
      return error{errc::invalid_argument, "0 matchers in group: {}"};
    }
    SKALD_TRY_ASSIGN(auto matchers, logql::parse_selector(match));
    selectors.push_back(std::move(matchers));
  }
  SKALD_TRY(check_length(who.limits(), params.start_ns, params.end_ns));
  ask_series(context, who, std::move(selectors), {params.start_ns, params.end_ns}, "series",
             [](const summaries& found) {
               std::vector<label_set> series;
               series.reserve(found.size());
               for (const stream_summary& s : found) series.push_back(s.stream->labels);
               return render_series(series);
             },
             std::move(answer));
  return {};
}

result<void> handle_stats(const gateway_context_ptr& context, const http_request& request,
                          responder& answer) {
  SKALD_TRY_ASSIGN(const metadata_request who, read_request(*context, request));
  SKALD_TRY_ASSIGN(const label_query_params params, parse_label_query(who.form, who.now_ns));
  SKALD_TRY_ASSIGN(auto matchers, logql::parse_selector(params.query));
  ask_series(context, who, {std::move(matchers)}, {params.start_ns, params.end_ns}, "stats",
             [](const summaries& found) {
               index_stats stats;
               stats.streams = found.size();
               for (const stream_summary& s : found) {
                 stats.chunks += s.chunks;
                 stats.entries += s.entries;
                 stats.bytes += s.bytes;
               }
               return render_index_stats(stats);
             },
             std::move(answer));
  return {};
}

// How volume groups streams: by given labels, by the selector's, or by all.
struct volume_grouping {
  std::vector<std::string> labels;  // empty: all labels of the stream
  bool by_name = false;             // aggregateBy=labels: one group per label name
};

std::vector<volume_sample> group_volume(const summaries& found, const volume_grouping& grouping,
                                        std::size_t limit) {
  std::map<label_set, std::uint64_t> groups;
  for (const stream_summary& s : found) {
    label_set kept;
    for (const label& l : s.stream->labels) {
      if (!grouping.labels.empty() &&
          std::find(grouping.labels.begin(), grouping.labels.end(), l.name) == grouping.labels.end()) {
        continue;
      }
      if (grouping.by_name) {
        groups[label_set(std::vector<label>{{l.name, ""}})] += s.bytes;
      } else {
        kept.set(l.name, l.value);
      }
    }
    if (!grouping.by_name) groups[kept] += s.bytes;
  }
  std::vector<volume_sample> samples;
  for (auto& [labels, bytes] : groups) samples.push_back({labels, bytes});
  sort_volumes(samples);
  if (samples.size() > limit) samples.resize(limit);
  return samples;
}

result<void> handle_volume(const gateway_context_ptr& context, const http_request& request,
                           responder& answer) {
  SKALD_TRY_ASSIGN(const metadata_request who, read_request(*context, request));
  SKALD_TRY_ASSIGN(const volume_query_params params,
                   parse_volume_query(who.form, who.now_ns, false));
  if (!who.limits().volume_enabled) return error{errc::not_found, "not found"};
  selector_list selectors;
  volume_grouping grouping{params.target_labels, params.aggregate_by_labels};
  if (params.query != "{}") {
    SKALD_TRY_ASSIGN(auto matchers, logql::parse_selector(params.query));
    if (grouping.labels.empty() && !grouping.by_name) {
      for (const label_matcher& m : matchers) grouping.labels.push_back(m.name());
    }
    selectors.push_back(std::move(matchers));
  }
  const auto limit = std::min<std::size_t>(
      params.limit == 0 ? 100 : params.limit,
      static_cast<std::size_t>(std::max<std::int64_t>(1, who.limits().volume_max_series)));
  ask_series(context, who, std::move(selectors), {params.start_ns, params.end_ns}, "volume",
             [grouping, limit, end = params.end_ns](const summaries& found) {
               return render_volume(group_volume(found, grouping, limit), end, {});
             },
             std::move(answer));
  return {};
}

using fallible_handler = result<void> (*)(const gateway_context_ptr&, const http_request&,
                                          responder&);

http_handler answering_errors(const gateway_context_ptr& context, fallible_handler handle) {
  return [context, handle](http_request&& request, responder&& answer) {
    if (auto done = handle(context, request, answer); !done.ok()) {
      answer.send(query_error_response(done.error()));
    }
  };
}

}  // namespace

void add_metadata_routes(route_table& routes, const gateway_context_ptr& context) {
  if (!context->frontend) return;
  routes.add_get_post("/loki/api/v1/labels", answering_errors(context, handle_labels));
  routes.add_get_post("/loki/api/v1/label", answering_errors(context, handle_labels));
  routes.add_get_post("/loki/api/v1/label/{name}/values", answering_errors(context, handle_labels));
  routes.add_get_post("/loki/api/v1/series", answering_errors(context, handle_series));
  routes.add_get_post("/loki/api/v1/index/stats", answering_errors(context, handle_stats));
  routes.add_get_post("/loki/api/v1/index/volume", answering_errors(context, handle_volume));
}

}  // namespace skald
