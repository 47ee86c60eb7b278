// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string_view>
#include <vector>

#include "actors/gateway/metadata_request.h"
#include "actors/gateway/routes.h"
#include "runtime/logql/syntax/parser.h"
#include "runtime/loki_api/query_params.h"
#include "runtime/loki_api/result_json.h"

namespace skald {
namespace {

std::vector<std::string_view> sorted_unique(std::vector<std::string_view> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

std::string render_names(const stream_summaries& found) {
  std::vector<std::string_view> names;
  const label_set* former = nullptr;
  for (const stream_summary& s : found) {
    const label_set& labels = s.stream->labels;
    // Mostly a stream has the names of the one before.
    if (former != nullptr &&
        std::equal(former->begin(), former->end(), labels.begin(), labels.end(),
                   [](const label& a, const label& b) { return a.name == b.name; })) {
      continue;
    }
    for (const label& l : labels) names.push_back(l.name);
    former = &labels;
  }
  return render_label_values(sorted_unique(std::move(names)));
}

std::string render_values(const std::string& name, const stream_summaries& found) {
  std::vector<std::string_view> values;
  values.reserve(found.size());
  for (const stream_summary& s : found) {
    const label_set& labels = s.stream->labels;
    const std::string_view value = labels.get(name);
    if (!value.empty() || labels.has(name)) values.push_back(value);
  }
  return render_label_values(sorted_unique(std::move(values)));
}

result<void> handle_labels(const gateway_context_ptr& context, const http_request& request,
                           responder& answer) {
  SKALD_TRY_ASSIGN(const metadata_request who, read_metadata_request(*context, request));
  SKALD_TRY_ASSIGN(const label_query_params params, parse_label_query(who.form, who.now_ns));
  SKALD_TRY_ASSIGN(selector_list selectors, parse_optional_selector(params.query));
  SKALD_TRY(check_query_range(who.limits(), params.start_ns, params.end_ns));
  const std::string name(request.path_value("name"));
  stream_question question{std::move(selectors),
                           {params.start_ns, params.end_ns},
                           "labels",
                           stream_detail::names,
                           render_names,
                           false};
  if (!name.empty()) {
    question.render = [name](const stream_summaries& found) { return render_values(name, found); };
  }
  ask_streams(context, who, std::move(question), std::move(answer));
  return {};
}

result<void> handle_series(const gateway_context_ptr& context, const http_request& request,
                           responder& answer) {
  SKALD_TRY_ASSIGN(const metadata_request who, read_metadata_request(*context, request));
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
  SKALD_TRY(check_query_range(who.limits(), params.start_ns, params.end_ns));
  stream_question question{
      std::move(selectors), {params.start_ns, params.end_ns}, "series", stream_detail::names, {}};
  question.render = [](const stream_summaries& found) {
    std::vector<const label_set*> series;
    series.reserve(found.size());
    for (const stream_summary& s : found) series.push_back(&s.stream->labels);
    return render_series(series);
  };
  ask_streams(context, who, std::move(question), std::move(answer));
  return {};
}

result<void> handle_stats(const gateway_context_ptr& context, const http_request& request,
                          responder& answer) {
  SKALD_TRY_ASSIGN(const metadata_request who, read_metadata_request(*context, request));
  // Checked like a range query, though step, limit and direction mean nothing here.
  SKALD_TRY_ASSIGN(const range_query_params params, parse_range_query(who.form, who.now_ns));
  SKALD_TRY_ASSIGN(auto matchers, logql::parse_selector(params.query));
  stream_question question{
      {std::move(matchers)}, {params.start_ns, params.end_ns}, "stats", stream_detail::counts, {}};
  question.render = [](const stream_summaries& found) {
    index_stats stats;
    stats.streams = found.size();
    for (const stream_summary& s : found) {
      stats.chunks += s.chunks;
      stats.entries += s.entries;
      stats.bytes += s.bytes;
    }
    return render_index_stats(stats);
  };
  ask_streams(context, who, std::move(question), std::move(answer));
  return {};
}

}  // namespace

void add_metadata_routes(route_table& routes, const gateway_context_ptr& context) {
  if (!context->frontend) return;
  routes.add_get_post("/loki/api/v1/labels", answering_errors(context, handle_labels));
  routes.add_get_post("/loki/api/v1/label", answering_errors(context, handle_labels));
  routes.add_get_post("/loki/api/v1/label/{name}/values", answering_errors(context, handle_labels));
  routes.add_get_post("/loki/api/v1/series", answering_errors(context, handle_series));
  routes.add_get_post("/loki/api/v1/index/stats", answering_errors(context, handle_stats));
}

}  // namespace skald
