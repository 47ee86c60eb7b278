// SPDX-License-Identifier: Apache-2.0
// The syntax tree of LogQL: plain values, built by the parser, never changed afterwards.
// Sub-expressions of metric queries and of label filters are shared pointers to constant nodes, so
// a tree is cheap to copy and safe to read from many threads. Depth is bounded by the parser
// (expression_depth_max), so recursion over a tree is safe. Units: durations are nanoseconds, byte
// sizes are bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/model/label_matcher.h"

namespace skald::logql {

// Deepest nesting of metric expressions, and separately of label filters, that the parser lets
// through.
constexpr std::size_t expression_depth_max = 2000;
// Query texts of this many bytes or more are refused.
constexpr std::size_t query_bytes_limit = 131072;

// ---- Stages ----

// |= != |~ !~ |> !>
enum class line_filter_op { contains, not_contains, regex, not_regex, pattern, not_pattern };

struct line_filter_operand {
  std::string text;
  bool is_ip = false;  // ip("text"): an address, a range or a CIDR; only with |= and !=
  friend bool operator==(const line_filter_operand&, const line_filter_operand&) = default;
};

// `|= "a" or "b"` has two operands: any matches for positive operators, none for negative ones.
// Never empty. Operands are kept as written, also empty ones (which an `or` chain of a positive
// operator ignores).
struct line_filter_expr {
  line_filter_op op = line_filter_op::contains;
  std::vector<line_filter_operand> operands;
  friend bool operator==(const line_filter_expr&, const line_filter_expr&) = default;
};

// = (and ==), !=, >, >=, <, <=
enum class compare_op { equal, not_equal, greater, greater_or_equal, less, less_or_equal };

// `name="value"`. The regular expression was checked; its anchoring is the pipeline's business.
struct string_label_filter {
  std::string name;
  match_op op = match_op::equal;
  std::string value;
  friend bool operator==(const string_label_filter&, const string_label_filter&) = default;
};
struct number_label_filter {
  std::string name;
  compare_op op = compare_op::equal;
  double value = 0;
  friend bool operator==(const number_label_filter&, const number_label_filter&) = default;
};
struct duration_label_filter {
  std::string name;
  compare_op op = compare_op::equal;
  std::int64_t value_ns = 0;
  friend bool operator==(const duration_label_filter&, const duration_label_filter&) = default;
};
struct bytes_label_filter {
  std::string name;
  compare_op op = compare_op::equal;
  std::uint64_t value_bytes = 0;  // exact, not rounded as in Loki
  friend bool operator==(const bytes_label_filter&, const bytes_label_filter&) = default;
};
// `name=ip("pattern")`, op is equal or not_equal. Inside and/or the pattern may be invalid: then it
// never matches.
struct ip_label_filter {
  std::string name;
  compare_op op = compare_op::equal;
  std::string pattern;
  friend bool operator==(const ip_label_filter&, const ip_label_filter&) = default;
};
struct label_filter_expr;
// Both sides are never null. `and`, a comma and juxtaposition are all is_or == false.
struct binary_label_filter {
  bool is_or = false;
  std::shared_ptr<const label_filter_expr> left;
  std::shared_ptr<const label_filter_expr> right;
};
struct label_filter_expr {
  std::variant<string_label_filter, number_label_filter, duration_label_filter, bytes_label_filter,
               ip_label_filter, binary_label_filter>
      node;
};

// `target="expression"` of json and logfmt; a bare `x` means x="x".
struct label_extraction {
  std::string target;
  std::string expression;
  friend bool operator==(const label_extraction&, const label_extraction&) = default;
};
// `| json` when there are no extractions. Expressions were checked, see path_expression.h.
struct json_parser_expr {
  std::vector<label_extraction> extractions;
};
struct logfmt_parser_expr {
  bool strict = false;
  bool keep_empty = false;
  std::vector<label_extraction> extractions;
};
struct regexp_parser_expr {
  std::string pattern;
};
struct pattern_parser_expr {
  std::string pattern;
};
struct unpack_expr {};
struct decolorize_expr {};
struct line_format_expr {
  std::string text;  // a template that compiles
};
// `name=value`: rename of the label `value`, or a template that compiles.
struct label_format_item {
  std::string name;
  std::string value;
  bool is_rename = false;
  friend bool operator==(const label_format_item&, const label_format_item&) = default;
};
struct label_format_expr {
  std::vector<label_format_item> items;
};
// An entry of drop and keep: a name, or a name with a condition on its value.
struct named_label_matcher {
  std::string name;
  // Absent for a bare name.
  std::optional<string_label_filter> matcher;
  friend bool operator==(const named_label_matcher&, const named_label_matcher&) = default;
};
struct drop_expr {
  std::vector<named_label_matcher> labels;
};
struct keep_expr {
  std::vector<named_label_matcher> labels;
};

// In written order; the pipeline applies Loki's reordering of line filters.
using stage_expr =
    std::variant<line_filter_expr, label_filter_expr, json_parser_expr, logfmt_parser_expr,
                 regexp_parser_expr, pattern_parser_expr, unpack_expr, line_format_expr,
                 label_format_expr, decolorize_expr, drop_expr, keep_expr>;

// ---- Log queries ----

struct log_expr {
  std::vector<label_matcher> matchers;  // in written order
  std::vector<stage_expr> stages;
};

// ---- Metric queries ----

enum class unwrap_conversion { none, bytes, duration, duration_seconds };
struct unwrap_expr {
  std::string label;
  unwrap_conversion conversion = unwrap_conversion::none;
  std::vector<label_filter_expr> post_filters;
};

struct log_range {
  log_expr log;
  std::optional<unwrap_expr> unwrap;
  std::int64_t range_ns = 0;
  std::int64_t offset_ns = 0;  // may be negative
};

// `by (...)` or `without (...)`; an absent clause is an empty optional.
struct grouping_expr {
  bool is_without = false;
  std::vector<std::string> labels;
  friend bool operator==(const grouping_expr&, const grouping_expr&) = default;
};

enum class range_op {
  count_over_time,
  rate,
  rate_counter,
  bytes_over_time,
  bytes_rate,
  sum_over_time,
  avg_over_time,
  min_over_time,
  max_over_time,
  stdvar_over_time,
  stddev_over_time,
  quantile_over_time,
  first_over_time,
  last_over_time,
  absent_over_time
};
struct range_aggregation {
  range_op op = range_op::count_over_time;
  std::optional<double> parameter;  // quantile_over_time only
  log_range range;
  std::optional<grouping_expr> grouping;
};

struct metric_expr;
using metric_expr_ptr = std::shared_ptr<const metric_expr>;

enum class vector_op {
  sum,
  avg,
  min,
  max,
  count,
  stddev,
  stdvar,
  topk,
  bottomk,
  approx_topk,
  sort,
  sort_desc
};
struct vector_aggregation {
  vector_op op = vector_op::sum;
  std::int64_t parameter = 0;  // topk, bottomk and approx_topk: at least 1
  std::optional<grouping_expr> grouping;
  metric_expr_ptr inner;  // never null
};

enum class binary_op {
  logical_or,
  logical_and,
  logical_unless,
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  power
};
enum class match_cardinality {
  one_to_one,
  many_to_one,
  one_to_many
};  // -, group_left, group_right
struct vector_matching {
  bool is_on = false;  // on (labels), else ignoring (labels)
  std::vector<std::string> labels;
  match_cardinality cardinality = match_cardinality::one_to_one;
  std::vector<std::string> include;  // group_left (include)
  friend bool operator==(const vector_matching&, const vector_matching&) = default;
};
struct binary_operation {
  binary_op op = binary_op::add;
  bool return_bool = false;
  std::optional<vector_matching> matching;
  metric_expr_ptr left;   // never null
  metric_expr_ptr right;  // never null; two literals were folded by the parser
};

struct literal_expr {
  double value = 0;
};
struct vector_expr {
  double value = 0;
};
struct label_replace_expr {
  metric_expr_ptr inner;  // never null
  std::string destination;
  std::string replacement;
  std::string source;
  std::string regex;  // checked; to be anchored as ^(?:regex)$
};

struct metric_expr {
  std::variant<range_aggregation, vector_aggregation, binary_operation, literal_expr, vector_expr,
               label_replace_expr>
      node;
};

// ---- Queries ----

struct query_expr {
  std::variant<log_expr, metric_expr_ptr> node;
  bool is_log() const { return node.index() == 0; }
  // Null for metric queries.
  const log_expr* log() const { return std::get_if<log_expr>(&node); }
  // Null for log queries.
  metric_expr_ptr metric() const { return is_log() ? nullptr : std::get<metric_expr_ptr>(node); }
};

}  // namespace skald::logql
