// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/pipeline_compiler.h"

#include <algorithm>
#include <utility>

#include "runtime/logql/pipeline/decolorize.h"
#include "runtime/logql/pipeline/drop_keep.h"
#include "runtime/logql/pipeline/format_stages.h"
#include "runtime/logql/pipeline/label_filter.h"
#include "runtime/logql/pipeline/parser/json_expression_parser.h"
#include "runtime/logql/pipeline/parser/json_parser.h"
#include "runtime/logql/pipeline/parser/logfmt_parser.h"
#include "runtime/logql/pipeline/parser/pattern_parser.h"
#include "runtime/logql/pipeline/parser/regexp_parser.h"
#include "runtime/logql/pipeline/parser/unpack_parser.h"
#include "runtime/logql/pipeline/stage.h"
#include "runtime/logql/pipeline/unwrap.h"
#include "runtime/logql/syntax/path_expression.h"

namespace skald::logql {
namespace {

template <class T>
bool is(const stage_expr* expression) {
  return std::holds_alternative<T>(*expression);
}

bool is_barrier(const stage_expr* expression) {
  return is<label_filter_expr>(expression) || is<line_format_expr>(expression) ||
         is<unpack_expr>(expression);
}

bool reads_rewritten_line(const stage_expr* expression) {
  return is<line_filter_expr>(expression) || is<json_parser_expr>(expression) ||
         is<logfmt_parser_expr>(expression) || is<regexp_parser_expr>(expression) ||
         is<pattern_parser_expr>(expression) || is<unpack_expr>(expression);
}

// A stage that is not the leading line filters' business.
class line_filter_stage : public stage {
 public:
  explicit line_filter_stage(line_filter filter) : filter_(std::move(filter)) {}
  bool process(row_context& row) override { return filter_.matches(row.line); }

 private:
  line_filter filter_;
};

}  // namespace

std::vector<const stage_expr*> arrange_stages(std::span<const stage_expr> stages,
                                              pipeline_use use) {
  std::vector<const stage_expr*> order;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const stage_expr* expression = &stages[i];
    if (use == pipeline_use::metric && is<line_format_expr>(expression)) {
      const auto rest = stages.subspan(i + 1);
      const bool is_read = std::any_of(rest.begin(), rest.end(), [](const stage_expr& later) {
        return reads_rewritten_line(&later);
      });
      if (!is_read) continue;
    }
    order.push_back(expression);
  }
  auto start = order.begin();
  while (start != order.end()) {
    const auto end = std::find_if(start, order.end(), is_barrier);
    std::stable_partition(start, end, is<line_filter_expr>);
    start = end == order.end() ? end : end + 1;
  }
  return order;
}

pipeline_compiler::pipeline_compiler(const pipeline_options& options)
    : out_(new compiled_pipeline()) {
  out_->options_ = options;
  out_->needs_.lines_behind_filters = options.want_lines;
  out_->needs_.metadata = options.want_labels;
}

result<std::shared_ptr<const compiled_pipeline>> pipeline_compiler::compile(
    std::span<const stage_expr> stages, const unwrap_expr* unwrap) {
  const std::vector<const stage_expr*> order = arrange_stages(stages, out_->options_.use);
  for (const stage_expr* expression : order) {
    SKALD_TRY(std::visit([this](const auto& one) { return add(one); }, *expression));
  }
  if (unwrap != nullptr) SKALD_TRY(add_unwrap(*unwrap));
  std::stable_sort(out_->leading_.begin(), out_->leading_.end(),
                   [](const line_filter& a, const line_filter& b) { return a.cost() < b.cost(); });
  apply_demand();
  if (out_->no_labels_) {
    leave_out_idle_parsers();
  } else {
    out_->columns_ = plan_columns(order, unwrap, out_->options_.series_labels);
  }
  note_needs();
  return std::shared_ptr<const compiled_pipeline>(std::move(out_));
}

void pipeline_compiler::add_stage(compiled_pipeline::stage_maker make, const stage_traits& traits) {
  out_->stages_.push_back(std::move(make));
  traits_.push_back(traits);
}

// Parsers that find no label wanted do not look at the line.
void pipeline_compiler::leave_out_idle_parsers() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < traits_.size(); ++i) {
    if (traits_[i].only_extracts) continue;
    if (kept != i) out_->stages_[kept] = std::move(out_->stages_[i]);
    traits_[kept++] = traits_[i];
  }
  out_->stages_.resize(kept);
  traits_.resize(kept);
}

void pipeline_compiler::note_needs() {
  pipeline_needs& needs = out_->needs_;
  for (const stage_traits& traits : traits_) {
    needs.lines_behind_filters = needs.lines_behind_filters || traits.reads_lines;
    needs.metadata = needs.metadata || traits.reads_labels;
  }
  needs.lines = needs.lines_behind_filters || !out_->leading_.empty();
}

// A name ending in `_extracted` may be a label that clashed: its plain name is needed as well.
void pipeline_compiler::need_label(const std::string& name) {
  needed_labels_.push_back(name);
  if (name.ends_with(clash_suffix)) {
    needed_labels_.push_back(name.substr(0, name.size() - clash_suffix.size()));
  }
}

void pipeline_compiler::apply_demand() {
  const label_demand& demand = out_->options_.demand;
  const bool restricted =
      out_->options_.use != pipeline_use::log && demand.what != label_demand::kind::everything;
  if (!out_->options_.early_rejection || demand.what == label_demand::kind::only) {
    out_->early_filters_.clear();
  }
  if (!restricted) return;
  for (const std::string& name : demand.names) need_label(name);
  std::sort(needed_labels_.begin(), needed_labels_.end());
  needed_labels_.erase(std::unique(needed_labels_.begin(), needed_labels_.end()),
                       needed_labels_.end());
  out_->no_labels_ = needed_labels_.empty();
  out_->preserve_error_ =
      std::find(needed_labels_.begin(), needed_labels_.end(), error_label) != needed_labels_.end();
  out_->required_labels_ = std::move(needed_labels_);
}

result<void> pipeline_compiler::add(const line_filter_expr& expression) {
  SKALD_TRY_ASSIGN(line_filter filter, line_filter::compile(expression));
  if (filter.always_passes()) return {};
  out_->passes_all_rows_ = false;
  if (out_->stages_.empty()) {
    out_->leading_.push_back(std::move(filter));
    return {};
  }
  add_stage([filter](label_builder&) { return std::make_unique<line_filter_stage>(filter); },
            {.reads_lines = true});
  return {};
}

void pipeline_compiler::note_early_filter(const label_filter_expr& expression,
                                          const compiled_pipeline::stage_maker& make) {
  if (std::holds_alternative<binary_label_filter>(expression.node)) return;
  std::vector<std::string> names;
  append_filter_names(expression, names);
  out_->early_filters_.push_back({names[0], make});
}

result<void> pipeline_compiler::add(const label_filter_expr& expression) {
  SKALD_TRY_ASSIGN(label_filter_maker make, compile_label_filter(expression));
  std::vector<std::string> names;
  append_filter_names(expression, names);
  for (const std::string& name : names) need_label(name);
  note_early_filter(expression, make);
  out_->passes_all_rows_ = false;
  add_stage(std::move(make), {.reads_labels = true});
  return {};
}

result<void> pipeline_compiler::add(const json_parser_expr& expression) {
  const stage_traits parser{.reads_lines = true, .reads_labels = true, .only_extracts = true};
  if (expression.extractions.empty()) {
    add_stage([](label_builder& labels) { return std::make_unique<json_parser>(labels); }, parser);
    return {};
  }
  std::vector<json_expression_parser::target> targets;
  for (const label_extraction& item : expression.extractions) {
    SKALD_TRY_ASSIGN(json_path path, parse_json_path(item.expression));
    targets.push_back({item.target, std::move(path)});
  }
  add_stage(
      [targets](label_builder& labels) {
        return std::make_unique<json_expression_parser>(labels, targets);
      },
      parser);
  return {};
}

result<void> pipeline_compiler::add(const logfmt_parser_expr& expression) {
  const stage_traits parser{.reads_lines = true, .reads_labels = true, .only_extracts = true};
  const bool strict = expression.strict;
  if (expression.extractions.empty()) {
    const logfmt_options options{strict, expression.keep_empty};
    add_stage(
        [options](label_builder& labels) {
          return std::make_unique<logfmt_parser>(labels, options);
        },
        parser);
    return {};
  }
  std::vector<logfmt_expression_parser::target> targets;
  for (const label_extraction& item : expression.extractions) {
    SKALD_TRY_ASSIGN(std::string key, parse_logfmt_key(item.expression));
    targets.push_back({item.target, std::move(key)});
  }
  add_stage(
      [targets, strict](label_builder& labels) {
        return std::make_unique<logfmt_expression_parser>(labels, targets, strict);
      },
      parser);
  return {};
}

result<void> pipeline_compiler::add(const regexp_parser_expr& expression) {
  SKALD_TRY_ASSIGN(auto extraction, regexp_extraction::compile(expression.pattern));
  add_stage(
      [extraction](label_builder& labels) {
        return std::make_unique<regexp_parser>(labels, extraction);
      },
      {.reads_lines = true, .reads_labels = true});
  return {};
}

result<void> pipeline_compiler::add(const pattern_parser_expr& expression) {
  SKALD_TRY_ASSIGN(auto nodes, compile_parser_pattern(expression.pattern));
  add_stage(
      [nodes](label_builder& labels) { return std::make_unique<pattern_parser>(labels, nodes); },
      {.reads_lines = true, .reads_labels = true, .only_extracts = true});
  return {};
}

result<void> pipeline_compiler::add(const unpack_expr&) {
  out_->rewrites_lines_ = true;
  add_stage([](label_builder& labels) { return std::make_unique<unpack_parser>(labels); },
            {.reads_lines = true, .reads_labels = true});
  return {};
}

result<void> pipeline_compiler::add(const line_format_expr& expression) {
  SKALD_TRY_ASSIGN(compiled_template text, compiled_template::parse("line", expression.text));
  for (const std::string& name : text.field_names()) need_label(name);
  out_->rewrites_lines_ = true;
  add_stage(
      [text](label_builder& labels) { return std::make_unique<line_format_stage>(labels, text); },
      {.reads_lines = true, .reads_labels = true});
  return {};
}

result<void> pipeline_compiler::add(const label_format_expr& expression) {
  std::vector<label_format_stage::item> items;
  bool has_template = false;
  for (const label_format_item& item : expression.items) {
    if (item.is_rename) {
      need_label(item.value);
      items.push_back({item.name, item.value, {}});
      continue;
    }
    SKALD_TRY_ASSIGN(compiled_template text, compiled_template::parse("label", item.value));
    for (const std::string& name : text.field_names()) need_label(name);
    items.push_back({item.name, {}, {std::move(text)}});
    has_template = true;
  }
  add_stage(
      [items](label_builder& labels) {
        return std::make_unique<label_format_stage>(labels, items);
      },
      {.reads_lines = has_template, .reads_labels = true});
  return {};
}

result<void> pipeline_compiler::add(const decolorize_expr&) {
  out_->rewrites_lines_ = true;
  add_stage([](label_builder&) { return std::make_unique<decolorize_stage>(); },
            {.reads_lines = true});
  return {};
}

result<void> pipeline_compiler::add(const drop_expr& expression) {
  SKALD_TRY_ASSIGN(auto choices, compile_label_choices(expression.labels));
  add_stage(
      [choices](label_builder& labels) { return std::make_unique<drop_stage>(labels, choices); },
      {.reads_labels = true});
  return {};
}

result<void> pipeline_compiler::add(const keep_expr& expression) {
  SKALD_TRY_ASSIGN(auto choices, compile_label_choices(expression.labels));
  add_stage([choices](label_builder&) { return std::make_unique<keep_stage>(choices); },
            {.reads_labels = true});
  return {};
}

result<void> pipeline_compiler::add_unwrap(const unwrap_expr& expression) {
  out_->passes_all_rows_ = false;
  need_label(expression.label);
  std::vector<label_filter_maker> filters;
  for (const label_filter_expr& filter : expression.post_filters) {
    SKALD_TRY_ASSIGN(label_filter_maker make, compile_post_filter(filter));
    std::vector<std::string> names;
    append_filter_names(filter, names);
    for (const std::string& name : names) need_label(name);
    note_early_filter(filter, make);
    filters.push_back(std::move(make));
  }
  out_->needs_.metadata = true;
  out_->make_extractor_ = [label = expression.label, conversion = expression.conversion,
                           filters](label_builder& labels) -> std::unique_ptr<sample_extractor> {
    std::vector<std::unique_ptr<stage>> stages;
    for (const label_filter_maker& make : filters) stages.push_back(make(labels));
    return std::make_unique<unwrap_extractor>(labels, label, conversion, std::move(stages));
  };
  return {};
}

}  // namespace skald::logql
