// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/label_filter.h"

#include <utility>

#include "runtime/base/go_number.h"
#include "runtime/base/units.h"
#include "runtime/logql/pipeline/label_regex.h"
#include "runtime/logql/scan/ip_matcher.h"

namespace skald::logql {
namespace {

template <class T>
bool compare(compare_op op, T left, T right) {
  switch (op) {
    case compare_op::equal:
      return left == right;
    case compare_op::not_equal:
      return left != right;
    case compare_op::greater:
      return left > right;
    case compare_op::greater_or_equal:
      return left >= right;
    case compare_op::less:
      return left < right;
    case compare_op::less_or_equal:
      return left <= right;
  }
  return false;
}

// What a string filter compares; the same for all runners.
struct string_condition {
  match_op op;
  std::string text;
  std::shared_ptr<const label_regex> regex;

  bool holds(std::string_view value) const {
    switch (op) {
      case match_op::equal:
        return value == text;
      case match_op::not_equal:
        return value != text;
      case match_op::regex:
        return regex->matches(value);
      case match_op::not_regex:
        return !regex->matches(value);
    }
    return false;
  }
};

class string_filter_stage : public stage {
 public:
  string_filter_stage(label_builder& labels, std::string_view name, string_condition condition)
      : name_(labels.intern(name)),
        is_error_(name == error_label),
        is_details_(name == error_details_label),
        condition_(std::move(condition)) {}

  bool process(row_context& row) override {
    std::string_view value;
    if (is_error_) {
      value = row.labels.error();
    } else if (!is_details_) {  // details always read as empty
      if (!row.labels.get(name_, value)) value = {};
    }
    return condition_.holds(value);
  }

 private:
  name_id name_;
  bool is_error_;
  bool is_details_;
  string_condition condition_;
};

// Conversions of label values: no allocation when they succeed.
struct number_conversion {
  using value_type = double;
  static bool convert(std::string_view text, double& value) {
    return try_parse_go_float(text, value);
  }
  static std::string reason(std::string_view text) { return parse_go_float(text).error().message; }
};
struct duration_conversion {
  using value_type = std::int64_t;
  static bool convert(std::string_view text, std::int64_t& value) {
    const auto parsed = parse_go_duration(text);
    if (parsed.ok()) value = *parsed;
    return parsed.ok();
  }
  static std::string reason(std::string_view text) {
    return parse_go_duration(text).error().message;
  }
};
struct bytes_conversion {
  using value_type = std::uint64_t;
  static bool convert(std::string_view text, std::uint64_t& value) {
    const auto parsed = parse_bytes(text);
    if (parsed.ok()) value = *parsed;
    return parsed.ok();
  }
  static std::string reason(std::string_view text) { return parse_bytes(text).error().message; }
};

template <class Conversion>
class value_filter_stage : public stage {
 public:
  using value_type = typename Conversion::value_type;
  value_filter_stage(label_builder& labels, std::string_view name, compare_op op, value_type value)
      : name_(labels.intern(name)), op_(op), value_(value) {}

  bool process(row_context& row) override {
    std::string_view text;
    if (!row.labels.get(name_, text)) return false;
    value_type value{};
    if (Conversion::convert(text, value)) return compare(op_, value, value_);
    // Not convertible: the row stays, the first error of a row wins.
    if (!row.labels.has_error()) {
      row.labels.set_error(label_filter_error, row.arena.keep(Conversion::reason(text)));
    }
    return true;
  }

 private:
  name_id name_;
  compare_op op_;
  value_type value_;
};

class ip_filter_stage : public stage {
 public:
  ip_filter_stage(label_builder& labels, std::string_view name, bool is_equal,
                  std::optional<ip_matcher> matcher)
      : name_(labels.intern(name)), is_equal_(is_equal), matcher_(std::move(matcher)) {}

  bool process(row_context& row) override {
    if (row.labels.has_error()) return true;
    std::string_view text;
    if (!matcher_.has_value() || !row.labels.get(name_, text)) return false;
    return matcher_->is_in(text) == is_equal_;
  }

 private:
  name_id name_;
  bool is_equal_;
  std::optional<ip_matcher> matcher_;  // absent: an invalid pattern inside and/or
};

class binary_filter_stage : public stage {
 public:
  binary_filter_stage(bool is_or, std::unique_ptr<stage> left, std::unique_ptr<stage> right)
      : is_or_(is_or), left_(std::move(left)), right_(std::move(right)) {}

  // AND always runs both sides: each may set the error.
  bool process(row_context& row) override {
    const bool left = left_->process(row);
    if (is_or_ && left) return true;
    const bool right = right_->process(row);
    return is_or_ ? right : left && right;
  }

 private:
  bool is_or_;
  std::unique_ptr<stage> left_;
  std::unique_ptr<stage> right_;
};

class string_test : public value_test {
 public:
  explicit string_test(string_condition condition) : condition_(std::move(condition)) {}
  label_verdict of_value(std::string_view value) const override {
    return condition_.holds(value) ? label_verdict::passes : label_verdict::fails;
  }
  label_verdict of_absent() const override { return of_value({}); }

 private:
  string_condition condition_;
};

template <class Conversion>
class converted_test : public value_test {
 public:
  using value_type = typename Conversion::value_type;
  converted_test(compare_op op, value_type value) : op_(op), value_(value) {}
  label_verdict of_value(std::string_view text) const override {
    value_type value{};
    if (!Conversion::convert(text, value)) return label_verdict::sets_error;
    return compare(op_, value, value_) ? label_verdict::passes : label_verdict::fails;
  }
  label_verdict of_absent() const override { return label_verdict::fails; }

 private:
  compare_op op_;
  value_type value_;
};

result<string_condition> compile_condition(const string_label_filter& filter) {
  string_condition condition{filter.op, filter.value, nullptr};
  if (filter.op == match_op::regex || filter.op == match_op::not_regex) {
    SKALD_TRY_ASSIGN(label_regex regex, label_regex::compile(filter.value));
    condition.regex = std::make_shared<const label_regex>(std::move(regex));
  }
  return condition;
}

template <class Stage, class... Arguments>
label_filter_maker make_maker(Arguments... arguments) {
  return [arguments...](label_builder& labels) -> std::unique_ptr<stage> {
    return std::make_unique<Stage>(labels, arguments...);
  };
}

result<label_filter_maker> compile_node(const label_filter_expr& expression, bool inside);

result<label_filter_maker> compile_one(const string_label_filter& filter, bool) {
  SKALD_TRY_ASSIGN(string_condition condition, compile_condition(filter));
  return make_maker<string_filter_stage>(filter.name, condition);
}

result<label_filter_maker> compile_one(const number_label_filter& filter, bool) {
  return make_maker<value_filter_stage<number_conversion>>(filter.name, filter.op, filter.value);
}
result<label_filter_maker> compile_one(const duration_label_filter& filter, bool) {
  return make_maker<value_filter_stage<duration_conversion>>(filter.name, filter.op,
                                                             filter.value_ns);
}
result<label_filter_maker> compile_one(const bytes_label_filter& filter, bool) {
  return make_maker<value_filter_stage<bytes_conversion>>(filter.name, filter.op,
                                                          filter.value_bytes);
}

result<label_filter_maker> compile_one(const ip_label_filter& filter, bool inside) {
  auto matcher = ip_matcher::compile(filter.pattern);
  std::optional<ip_matcher> usable;
  if (matcher.ok()) {
    usable = *matcher;
  } else if (!inside) {
    return matcher.error();
  }
  return make_maker<ip_filter_stage>(filter.name, filter.op == compare_op::equal, usable);
}

result<label_filter_maker> compile_one(const binary_label_filter& filter, bool) {
  SKALD_TRY_ASSIGN(label_filter_maker left, compile_node(*filter.left, true));
  SKALD_TRY_ASSIGN(label_filter_maker right, compile_node(*filter.right, true));
  const bool is_or = filter.is_or;
  return label_filter_maker([is_or, left = std::move(left), right = std::move(right)](
                                label_builder& labels) -> std::unique_ptr<stage> {
    return std::make_unique<binary_filter_stage>(is_or, left(labels), right(labels));
  });
}

result<label_filter_maker> compile_node(const label_filter_expr& expression, bool inside) {
  return std::visit([&](const auto& node) { return compile_one(node, inside); }, expression.node);
}

}  // namespace

result<label_filter_maker> compile_label_filter(const label_filter_expr& expression) {
  return compile_node(expression, false);
}

result<label_filter_maker> compile_post_filter(const label_filter_expr& expression) {
  return compile_node(expression, true);
}

result<std::shared_ptr<const value_test>> compile_value_test(const label_filter_expr& expression) {
  using test_ptr = std::shared_ptr<const value_test>;
  if (const auto* text = std::get_if<string_label_filter>(&expression.node)) {
    if (text->name == error_label || text->name == error_details_label) return test_ptr();
    SKALD_TRY_ASSIGN(string_condition condition, compile_condition(*text));
    return test_ptr(std::make_shared<string_test>(std::move(condition)));
  }
  if (const auto* number = std::get_if<number_label_filter>(&expression.node)) {
    return test_ptr(std::make_shared<converted_test<number_conversion>>(number->op, number->value));
  }
  if (const auto* duration = std::get_if<duration_label_filter>(&expression.node)) {
    return test_ptr(
        std::make_shared<converted_test<duration_conversion>>(duration->op, duration->value_ns));
  }
  if (const auto* bytes = std::get_if<bytes_label_filter>(&expression.node)) {
    return test_ptr(
        std::make_shared<converted_test<bytes_conversion>>(bytes->op, bytes->value_bytes));
  }
  return test_ptr();
}

void append_filter_names(const label_filter_expr& expression, std::vector<std::string>& names) {
  std::visit(
      [&](const auto& node) {
        if constexpr (requires { node.left; }) {
          append_filter_names(*node.left, names);
          append_filter_names(*node.right, names);
        } else {
          names.push_back(node.name);
        }
      },
      expression.node);
}

}  // namespace skald::logql
