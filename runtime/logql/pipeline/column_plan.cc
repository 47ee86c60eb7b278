// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/column_plan.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "runtime/logql/pipeline/label_builder.h"

namespace skald::logql {
namespace {

// Deeper and/or trees ask the line.
constexpr int depth_max = 8;

// Names that the rules of clashes and errors may touch: only the ordinary path knows them.
bool is_special(std::string_view name) {
  return name.empty() || name.starts_with("__") || name.ends_with(clash_suffix);
}

// Not absent and not empty: what unwrap asks of its label.
class non_empty_test : public value_test {
 public:
  label_verdict of_value(std::string_view value) const override {
    return value.empty() ? label_verdict::fails : label_verdict::passes;
  }
  label_verdict of_absent() const override { return label_verdict::fails; }
};

const string_label_filter* error_filter(const label_filter_expr& filter) {
  const auto* text = std::get_if<string_label_filter>(&filter.node);
  return text != nullptr && text->name == error_label ? text : nullptr;
}

// Walks the stages once. Until `open_` is false, what it collects holds for every row.
class column_planner {
 public:
  explicit column_planner(const std::optional<std::vector<std::string>>& series_labels)
      : series_labels_(series_labels) {
    plan_.complete = series_labels.has_value() &&
                     std::none_of(series_labels->begin(), series_labels->end(), is_special);
  }

  std::optional<column_plan> run(std::span<const stage_expr* const> stages,
                                 const unwrap_expr* unwrap) {
    for (const stage_expr* stage : stages) {
      std::visit([this](const auto& one) { visit(one); }, *stage);
      if (!open_) break;
    }
    if (!open_) plan_.complete = false;
    if (!has_parser_) return std::nullopt;
    if (open_ && unwrap != nullptr) add_unwrap(*unwrap);
    if (plan_.complete) add_series_labels();
    if (!plan_.complete && plan_.conditions.empty()) return std::nullopt;
    // Some column must tell which lines the parser takes without error.
    if (plan_.labels.empty()) plan_.labels.emplace_back("_");
    return std::move(plan_);
  }

 private:
  void close() { open_ = false; }
  void touch(const std::string& name) { touched_.push_back(name); }
  bool is_touched(const std::string& name) const {
    return std::find(touched_.begin(), touched_.end(), name) != touched_.end();
  }

  void visit(const line_filter_expr&) {
    // One that is not among the leading ones looks at lines again.
    if (has_label_filter_) plan_.complete = false;
  }
  void visit(const label_filter_expr& filter) {
    has_label_filter_ = true;
    if (has_parser_) {
      add_filter(filter);
    } else {
      plan_.complete =
          false;  // it sees other labels than the columns tell, and parsers test it too
    }
  }
  void visit(const json_parser_expr& parser) {
    if (has_parser_) {
      later_parser(parser.extractions);
    } else if (parser.extractions.empty()) {
      start(line_format_kind::json);
    } else {
      close();
    }
  }
  void visit(const logfmt_parser_expr& parser) {
    if (has_parser_) {
      later_parser(parser.extractions);
    } else if (parser.extractions.empty() && !parser.strict && !parser.keep_empty) {
      start(line_format_kind::logfmt);
    } else {
      close();
    }
  }
  void visit(const regexp_parser_expr&) { later_parser({}); }
  void visit(const pattern_parser_expr&) { later_parser({}); }
  void visit(const unpack_expr&) { later_parser({}); }
  void visit(const line_format_expr&) { rewrite(); }
  void visit(const decolorize_expr&) { rewrite(); }
  void visit(const label_format_expr& format) {
    plan_.complete = false;
    if (!has_parser_) return close();
    for (const label_format_item& item : format.items) {
      touch(item.name);
      if (item.is_rename) touch(item.value);
    }
  }
  void visit(const drop_expr& drop) {
    for (const named_label_matcher& item : drop.labels) {
      // Rows that are known have no error to drop.
      if (item.name == error_label || item.name == error_details_label) continue;
      plan_.complete = false;
      if (!has_parser_) return close();
      touch(item.name);
    }
  }
  void visit(const keep_expr&) { close(); }

  void start(line_format_kind format) {
    has_parser_ = true;
    plan_.format = format;
  }
  void rewrite() {
    plan_.complete = false;
    if (!has_parser_) close();
  }
  void later_parser(std::span<const label_extraction> extractions) {
    plan_.complete = false;
    if (!has_parser_) return close();
    later_parser_ = true;
    for (const label_extraction& item : extractions) touch(item.target);
  }

  std::uint32_t index_of(const std::string& name) {
    const auto at = std::find(plan_.labels.begin(), plan_.labels.end(), name);
    if (at == plan_.labels.end()) {
      plan_.labels.push_back(name);
      return static_cast<std::uint32_t>(plan_.labels.size() - 1);
    }
    return static_cast<std::uint32_t>(at - plan_.labels.begin());
  }

  column_condition test_of(const std::string& name, std::shared_ptr<const value_test> test) {
    column_condition condition;
    if (test == nullptr || is_special(name) || is_touched(name)) return condition;
    condition.what = column_condition::kind::test;
    condition.label = index_of(name);
    condition.test = std::move(test);
    condition.absent_is_unknown = later_parser_;
    return condition;
  }

  column_condition condition_of(const label_filter_expr& filter, int depth) {
    column_condition condition;
    if (const auto* binary = std::get_if<binary_label_filter>(&filter.node)) {
      if (depth >= depth_max) return condition;
      condition.what =
          binary->is_or ? column_condition::kind::any_of : column_condition::kind::all_of;
      condition.children.push_back(condition_of(*binary->left, depth + 1));
      condition.children.push_back(condition_of(*binary->right, depth + 1));
      return condition;
    }
    auto test = compile_value_test(filter);
    if (!test.ok() || *test == nullptr) return condition;
    std::vector<std::string> names;
    append_filter_names(filter, names);
    return test_of(names[0], *std::move(test));
  }

  // Whether the condition can refuse a row.
  static bool is_useful(const column_condition& condition) {
    using kind = column_condition::kind;
    const auto& children = condition.children;
    switch (condition.what) {
      case kind::test:
        return true;
      case kind::all_of:
        return std::any_of(children.begin(), children.end(), is_useful);
      case kind::any_of:
        return std::all_of(children.begin(), children.end(), is_useful);
      case kind::unknown:
        return false;
    }
    return false;
  }

  void add_filter(const label_filter_expr& filter) {
    if (const string_label_filter* error = error_filter(filter)) {
      add_error_filter(*error);
      return;
    }
    column_condition condition = condition_of(filter, 0);
    if (is_useful(condition)) {
      plan_.conditions.push_back(std::move(condition));
    } else {
      plan_.complete = false;
    }
  }

  void add_error_filter(string_label_filter filter) {
    filter.name = "any";  // its value is the error's word, which is empty on rows without error
    const auto test = compile_value_test({filter});
    if (!test.ok() || *test == nullptr) {
      plan_.complete = false;
    } else if ((*test)->of_value({}) == label_verdict::fails) {
      plan_.drops_clean_rows = true;
    }
  }

  void add_unwrap(const unwrap_expr& unwrap) {
    column_condition present = test_of(unwrap.label, std::make_shared<non_empty_test>());
    if (present.what == column_condition::kind::test) {
      plan_.sample = column_sample{present.label, unwrap.conversion};
      plan_.conditions.push_back(std::move(present));
    } else {
      plan_.complete = false;
    }
    for (const label_filter_expr& filter : unwrap.post_filters) add_filter(filter);
  }

  void add_series_labels() {
    for (const std::string& name : *series_labels_) {
      const std::uint32_t index = index_of(name);
      auto& all = plan_.series_labels;
      if (std::find(all.begin(), all.end(), index) == all.end()) all.push_back(index);
    }
  }

  const std::optional<std::vector<std::string>>& series_labels_;
  column_plan plan_;
  bool open_ = true;
  bool has_parser_ = false;
  bool later_parser_ = false;
  bool has_label_filter_ = false;
  std::vector<std::string> touched_;  // later stages may have changed them
};

}  // namespace

std::optional<column_plan> plan_columns(
    std::span<const stage_expr* const> stages, const unwrap_expr* unwrap,
    const std::optional<std::vector<std::string>>& series_labels) {
  return column_planner(series_labels).run(stages, unwrap);
}

}  // namespace skald::logql
