// SPDX-License-Identifier: Apache-2.0
#include "testing/reference/reference_evaluator.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <tuple>
#include <variant>

#include "runtime/logql/syntax/parser.h"
#include "testing/reference/plain_vector.h"
#include "testing/reference/window_function.h"

namespace skald::logql::reference {
namespace {

std::int64_t floor_to(std::int64_t value, std::int64_t unit) {
  const std::int64_t rest = value % unit;
  return value - (rest < 0 ? rest + unit : rest);
}

std::vector<stored_entry> without_repeats(const std::vector<stored_entry>& entries) {
  std::set<std::tuple<std::string, std::int64_t, std::vector<label>, std::string>> seen;
  std::vector<stored_entry> out;
  for (const stored_entry& entry : entries) {
    const bool is_new =
        seen.emplace(entry.stream->canonical_labels, entry.timestamp_ns, entry.metadata, entry.line)
            .second;
    if (is_new) out.push_back(entry);
  }
  return out;
}

std::vector<stored_entry> selected(const std::vector<label_matcher>& matchers,
                                   const std::vector<stored_entry>& entries) {
  std::vector<stored_entry> out;
  for (const stored_entry& entry : entries) {
    if (matches_all(matchers, entry.stream->labels)) out.push_back(entry);
  }
  return out;
}

// ---- Log queries ----

streams_result evaluate_log(const query_request& request, const log_expr& log,
                            const std::vector<stored_entry>& entries) {
  struct found_line {
    const stored_entry* entry;
    processed_line result;
  };
  pipeline_rules rules;
  rules.early_rejection = request.early_rejection;
  const plain_pipeline pipeline(log.stages, nullptr, rules);
  std::vector<found_line> found;
  // What looks the same in the answer counts once, where it arrived first.
  std::set<std::tuple<std::int64_t, std::string, std::string, label_set>> seen;
  for (const stored_entry& entry : entries) {
    if (entry.timestamp_ns < request.start_ns || entry.timestamp_ns >= request.end_ns) continue;
    const auto done = pipeline.run(entry);
    if (!done) continue;
    const bool is_new = seen.emplace(entry.timestamp_ns, entry.stream->canonical_labels, done->line,
                                     done->labels.structured_metadata)
                            .second;
    if (is_new) found.push_back({&entry, *done});
  }
  if (!request.forward) std::reverse(found.begin(), found.end());
  std::stable_sort(found.begin(), found.end(), [&](const found_line& a, const found_line& b) {
    const std::int64_t left = a.entry->timestamp_ns;
    const std::int64_t right = b.entry->timestamp_ns;
    if (left != right) return request.forward ? left < right : left > right;
    return a.entry->stream->canonical_labels < b.entry->stream->canonical_labels;
  });
  streams_result answer;
  answer.forward = request.forward;
  for (const found_line& item : found) {
    const std::int64_t at = item.entry->timestamp_ns;
    if (!answer.entries.empty() && request.interval_ns > 0 &&
        std::abs(at - answer.entries.back().timestamp_ns) < request.interval_ns) {
      continue;
    }
    if (request.limit > 0 && answer.entries.size() == request.limit) break;
    answer.entries.push_back(
        {at, item.result.line, std::make_shared<const entry_labels>(item.result.labels)});
  }
  return answer;
}

// ---- Metric queries ----

// The value of a node at every step: a number, or samples.
using node_value = std::variant<double, std::vector<step_vector>>;

class metric_evaluator {
 public:
  metric_evaluator(std::vector<std::int64_t> steps, const std::vector<stored_entry>& entries,
                   bool early_rejection)
      : steps_(std::move(steps)), entries_(entries), early_rejection_(early_rejection) {}

  result<node_value> evaluate(const metric_expr& expr, const vector_aggregation* outer = nullptr) {
    if (const auto* range = std::get_if<range_aggregation>(&expr.node)) {
      return evaluate_range(*range, outer);
    }
    return std::visit([this](const auto& node) { return visit(node); }, expr.node);
  }

  std::vector<step_vector> at_all_steps(double value) const {
    return std::vector<step_vector>(steps_.size(), step_vector{{label_set(), value}});
  }

 private:
  result<node_value> visit(const range_aggregation&) { return node_value(0.0); }
  result<node_value> visit(const literal_expr& node) { return node_value(node.value); }
  result<node_value> visit(const vector_expr& node) { return node_value(at_all_steps(node.value)); }

  result<node_value> visit(const vector_aggregation& node) {
    SKALD_TRY_ASSIGN(node_value inner, evaluate(*node.inner, &node));
    auto& steps = std::get<std::vector<step_vector>>(inner);
    for (step_vector& step : steps) step = aggregate_vector(node, step);
    return inner;
  }

  result<node_value> visit(const label_replace_expr& node) {
    SKALD_TRY_ASSIGN(node_value inner, evaluate(*node.inner));
    auto& steps = std::get<std::vector<step_vector>>(inner);
    for (step_vector& step : steps) step = replace_labels(node, step);
    return inner;
  }

  result<node_value> visit(const binary_operation& node) {
    SKALD_TRY_ASSIGN(node_value left, evaluate(*node.left));
    SKALD_TRY_ASSIGN(node_value right, evaluate(*node.right));
    const double* left_number = std::get_if<double>(&left);
    const double* right_number = std::get_if<double>(&right);
    if (left_number != nullptr && right_number != nullptr) {
      return node_value(binary_value(node.op, *left_number, *right_number));
    }
    std::vector<step_vector> out;
    for (std::size_t i = 0; i < steps_.size(); ++i) {
      if (left_number != nullptr) {
        const auto& vectors = std::get<std::vector<step_vector>>(right);
        out.push_back(combine_with_number(node, vectors[i], *left_number, true));
      } else if (right_number != nullptr) {
        const auto& vectors = std::get<std::vector<step_vector>>(left);
        out.push_back(combine_with_number(node, vectors[i], *right_number, false));
      } else {
        SKALD_TRY_ASSIGN(step_vector one,
                         combine_vectors(node, std::get<std::vector<step_vector>>(left)[i],
                                         std::get<std::vector<step_vector>>(right)[i]));
        out.push_back(std::move(one));
      }
    }
    return node_value(std::move(out));
  }

  static bool is_bytes(range_op op) {
    return op == range_op::bytes_over_time || op == range_op::bytes_rate;
  }

  // A `sum` right above groups the lines of these functions itself.
  static std::optional<grouping_expr> grouping_of(const range_aggregation& range,
                                                  const vector_aggregation* outer) {
    const bool takes_sum = range.op == range_op::count_over_time || range.op == range_op::rate ||
                           is_bytes(range.op) || range.op == range_op::sum_over_time;
    if (!range.grouping && outer != nullptr && outer->op == vector_op::sum && takes_sum) {
      return outer->grouping.value_or(grouping_expr());
    }
    return range.grouping;
  }

  // Which labels the lines of a range aggregation are seen by, as far as parsers may rely on it.
  pipeline_rules rules_of(const range_aggregation& range, const vector_aggregation* outer) const {
    pipeline_rules rules;
    rules.is_metric = true;
    rules.early_rejection = early_rejection_;
    rules.reads_bytes = is_bytes(range.op);
    std::optional<grouping_expr> grouping = grouping_of(range, outer);
    if (range.op == range_op::absent_over_time) grouping = grouping_expr();
    if (grouping && !grouping->is_without) rules.shown_labels = grouping->labels;
    return rules;
  }

  static label_set series_of(const range_aggregation& range,
                             const std::optional<grouping_expr>& grouping,
                             const processed_line& line) {
    const label_set all = line.labels.flat();
    if (!line.error.empty()) return all;  // an error that is asked for: not grouped
    label_set out;
    for (const label& l : all) {
      const bool unwrapped = range.range.unwrap && range.range.unwrap->label == l.name;
      bool kept = !unwrapped;
      if (grouping) {
        const auto& names = grouping->labels;
        const bool listed = std::find(names.begin(), names.end(), l.name) != names.end();
        kept = grouping->is_without ? !listed && !unwrapped : listed;
      }
      if (kept) out.set(l.name, l.value);
    }
    return out;
  }

  bool in_some_window(const range_aggregation& range, std::int64_t at) const {
    return std::any_of(steps_.begin(), steps_.end(), [&](std::int64_t step) {
      const window w = window_of(range, step);
      return at > w.start_ns && at <= w.end_ns;
    });
  }

  static window window_of(const range_aggregation& range, std::int64_t step) {
    const std::int64_t end = step - range.range.offset_ns;
    return {end - range.range.range_ns, end};
  }

  result<std::vector<line_sample>> samples_of(const range_aggregation& range,
                                              const vector_aggregation* outer) const {
    const unwrap_expr* unwrap = range.range.unwrap ? &*range.range.unwrap : nullptr;
    const plain_pipeline pipeline(range.range.log.stages, unwrap, rules_of(range, outer));
    std::vector<line_sample> samples;
    std::optional<std::pair<std::string, std::string>> failed;  // labels, error word
    for (const stored_entry& entry : selected(range.range.log.matchers, entries_)) {
      if (!in_some_window(range, entry.timestamp_ns)) continue;
      const auto line = pipeline.run(entry);
      if (!line) continue;
      const bool in_error = !line->error.empty() && !line->preserves_error;
      label_set series =
          in_error ? line->labels.flat() : series_of(range, grouping_of(range, outer), *line);
      if (fails_query(series) && range.op != range_op::absent_over_time) {
        const std::pair<std::string, std::string> one(series.canonical(), series.get("__error__"));
        if (!failed || one < *failed) failed = one;
        continue;
      }
      line_sample sample{entry.timestamp_ns, entry.stream->fingerprint.low, samples.size(),
                         line->value, std::move(series)};
      if (is_bytes(range.op)) sample.value = static_cast<double>(line->line.size());
      samples.push_back(std::move(sample));
    }
    if (failed) return pipeline_error(*failed);
    std::sort(samples.begin(), samples.end(), [](const line_sample& a, const line_sample& b) {
      return std::tie(a.timestamp_ns, a.stream, a.arrival) <
             std::tie(b.timestamp_ns, b.stream, b.arrival);
    });
    return samples;
  }

  static bool fails_query(const label_set& series) {
    return series.has("__error__") && series.get("__preserve_error__") != "true";
  }

  static error pipeline_error(const std::pair<std::string, std::string>& failed) {
    return {errc::invalid_argument,
            "pipeline error: '" + failed.second + "' for series: '" + failed.first +
                "'.\nUse a label filter to intentionally skip this error. (e.g | __error__!=\"" +
                failed.second +
                "\").\nTo skip all potential errors you can match empty errors.(e.g "
                "__error__=\"\")\nThe label filter can also be specified after unwrap. (e.g | "
                "unwrap latency | __error__=\"\" )\n"};
  }

  // Labels that `=` matchers fix, of names that occur once.
  static label_set absent_labels(const std::vector<label_matcher>& matchers) {
    label_set out;
    for (const label_matcher& one : matchers) {
      const auto uses =
          std::count_if(matchers.begin(), matchers.end(),
                        [&](const label_matcher& other) { return other.name() == one.name(); });
      if (uses == 1 && one.op() == match_op::equal && !one.value().empty()) {
        out.set(one.name(), one.value());
      }
    }
    return out;
  }

  result<node_value> evaluate_range(const range_aggregation& range,
                                    const vector_aggregation* outer) const {
    SKALD_TRY_ASSIGN(const std::vector<line_sample> samples, samples_of(range, outer));
    std::vector<step_vector> out;
    for (const std::int64_t step : steps_) {
      const window w = window_of(range, step);
      std::map<label_set, std::vector<line_sample>> series;
      bool any = false;
      for (const line_sample& sample : samples) {
        if (sample.timestamp_ns <= w.start_ns || sample.timestamp_ns > w.end_ns) continue;
        series[sample.series].push_back(sample);
        any = true;
      }
      step_vector values;
      if (range.op == range_op::absent_over_time) {
        if (!any) values.push_back({absent_labels(range.range.log.matchers), 1});
      } else {
        for (const auto& [labels, members] : series) {
          values.push_back({labels, window_value(range, w, members)});
        }
      }
      out.push_back(std::move(values));
    }
    return node_value(std::move(out));
  }

  std::vector<std::int64_t> steps_;
  const std::vector<stored_entry>& entries_;
  const bool early_rejection_;
};

std::vector<std::int64_t> steps_of(const query_request& request) {
  if (request.instant) return {request.end_ns};
  std::vector<std::int64_t> steps;
  const std::int64_t last = -floor_to(-request.end_ns, request.step_ns);  // rounded up
  for (std::int64_t t = floor_to(request.start_ns, request.step_ns); t <= last;
       t += request.step_ns) {
    steps.push_back(t);
  }
  return steps;
}

bool has_sort(const metric_expr& expr) {
  if (const auto* one = std::get_if<vector_aggregation>(&expr.node)) {
    return one->op == vector_op::sort || one->op == vector_op::sort_desc || has_sort(*one->inner);
  }
  if (const auto* one = std::get_if<binary_operation>(&expr.node)) {
    return has_sort(*one->left) || has_sort(*one->right);
  }
  if (const auto* one = std::get_if<label_replace_expr>(&expr.node)) return has_sort(*one->inner);
  return false;
}

result<query_result> evaluate_metric(const query_request& request, const metric_expr& expr,
                                     const std::vector<stored_entry>& entries) {
  const std::vector<std::int64_t> steps = steps_of(request);
  metric_evaluator evaluator(steps, entries, request.early_rejection);
  SKALD_TRY_ASSIGN(node_value value, evaluator.evaluate(expr));
  const auto milliseconds = [&](std::size_t step) {
    return floor_to(steps[step], 1'000'000) / 1'000'000;
  };
  query_result answer;
  if (const double* number = std::get_if<double>(&value)) {
    if (request.instant) {
      answer.value = scalar_result{{milliseconds(0), *number}};
      return answer;
    }
    value = evaluator.at_all_steps(*number);
  }
  auto& vectors = std::get<std::vector<step_vector>>(value);
  if (request.instant) {
    if (!has_sort(expr)) {
      std::stable_sort(vectors[0].begin(), vectors[0].end(),
                       [](const auto& a, const auto& b) { return a.labels < b.labels; });
    }
    vector_result vector;
    for (const labelled_value& one : vectors[0]) {
      vector.samples.push_back({one.labels, {milliseconds(0), one.value}});
    }
    answer.value = std::move(vector);
    return answer;
  }
  std::map<label_set, std::vector<sample_point>> series;
  for (std::size_t step = 0; step < steps.size(); ++step) {
    for (const labelled_value& one : vectors[step]) {
      series[one.labels].push_back({milliseconds(step), one.value});
    }
  }
  matrix_result matrix;
  for (auto& [labels, points] : series) matrix.series.push_back({labels, std::move(points)});
  answer.value = std::move(matrix);
  return answer;
}

}  // namespace

result<query_result> evaluate(const query_request& request,
                              const std::vector<stored_entry>& all_entries) {
  SKALD_TRY_ASSIGN(const query_expr query, parse_query(request.query));
  const std::vector<stored_entry> entries = without_repeats(all_entries);
  if (const log_expr* log = query.log()) {
    query_result answer;
    answer.value = evaluate_log(request, *log, selected(log->matchers, entries));
    return answer;
  }
  return evaluate_metric(request, *query.metric(), entries);
}

}  // namespace skald::logql::reference
