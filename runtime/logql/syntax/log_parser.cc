// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/log_parser.h"

#include "runtime/base/go_number.h"
#include "runtime/logql/syntax/parser_check.h"

namespace skald::logql {
namespace {

using kind = token_kind;

std::optional<line_filter_op> line_filter_op_of(kind k) {
  switch (k) {
    case kind::pipe_exact:
      return line_filter_op::contains;
    case kind::not_equal:
      return line_filter_op::not_contains;
    case kind::pipe_match:
      return line_filter_op::regex;
    case kind::regex_not_match:
      return line_filter_op::not_regex;
    case kind::pipe_pattern:
      return line_filter_op::pattern;
    case kind::pattern_not_match:
      return line_filter_op::not_pattern;
    default:
      return std::nullopt;
  }
}

std::optional<compare_op> compare_op_of(kind k) {
  switch (k) {
    case kind::equal:
    case kind::compare_equal:
      return compare_op::equal;
    case kind::not_equal:
      return compare_op::not_equal;
    case kind::greater:
      return compare_op::greater;
    case kind::greater_or_equal:
      return compare_op::greater_or_equal;
    case kind::less:
      return compare_op::less;
    case kind::less_or_equal:
      return compare_op::less_or_equal;
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<match_op> match_op_of(kind k) {
  switch (k) {
    case kind::equal:
      return match_op::equal;
    case kind::not_equal:
      return match_op::not_equal;
    case kind::regex_match:
      return match_op::regex;
    case kind::regex_not_match:
      return match_op::not_regex;
    default:
      return std::nullopt;
  }
}

bool log_parser::check_regex(match_op op, std::string_view regex) {
  if (op != match_op::regex && op != match_op::not_regex) return true;
  const auto checked = regexes_.check(regex);
  return checked.ok() || cursor_.fail_meaning(checked.error().message);
}

bool log_parser::parse_selector(std::vector<label_matcher>& matchers) {
  if (!cursor_.expect(kind::open_brace)) return false;
  if (cursor_.take_if(kind::close_brace)) return true;
  if (!cursor_.at(kind::identifier)) {
    return cursor_.fail_unexpected({kind::identifier, kind::close_brace});
  }
  while (true) {
    if (!parse_matcher(matchers)) return false;
    if (cursor_.take_if(kind::close_brace)) return true;
    if (!cursor_.expect(kind::comma, {kind::close_brace, kind::comma})) return false;
  }
}

bool log_parser::parse_matcher(std::vector<label_matcher>& matchers) {
  std::string name;
  if (!cursor_.expect_value(kind::identifier, name)) return false;
  const auto op = match_op_of(cursor_.peek().kind);
  if (!op) {
    return cursor_.fail_unexpected(
        {kind::equal, kind::regex_match, kind::regex_not_match, kind::not_equal});
  }
  cursor_.take();
  std::string value;
  if (!cursor_.expect_value(kind::text, value)) return false;
  if (!check_regex(*op, value)) return false;
  auto matcher = label_matcher::make(std::move(name), *op, std::move(value));
  if (!matcher.ok()) {
    return cursor_.fail_meaning("error parsing regexp: " + matcher.error().message);
  }
  matchers.push_back(std::move(*matcher));
  return true;
}

bool log_parser::parse_pipeline(std::vector<stage_expr>& stages,
                                std::optional<unwrap_expr>* unwrap) {
  while (true) {
    if (line_filter_op_of(cursor_.peek().kind)) {
      if (!parse_line_filter(stages)) return false;
      continue;
    }
    if (!cursor_.take_if(kind::pipe)) return true;
    if (unwrap != nullptr && cursor_.at(kind::unwrap)) {
      unwrap->emplace();
      return parse_unwrap(**unwrap);
    }
    if (!parse_piped_stage(stages)) return false;
  }
}

bool log_parser::parse_line_filter(std::vector<stage_expr>& stages) {
  line_filter_expr filter;
  filter.op = *line_filter_op_of(cursor_.take().kind);
  do {
    line_filter_operand operand;
    if (!parse_operand(operand)) return false;
    filter.operands.push_back(std::move(operand));
  } while (cursor_.take_if(kind::logical_or));
  stages.emplace_back(std::move(filter));
  return true;
}

bool log_parser::parse_operand(line_filter_operand& operand) {
  if (cursor_.at(kind::text)) {
    operand.text = cursor_.take().value;
    return true;
  }
  if (!cursor_.at(kind::ip)) return cursor_.fail_unexpected({kind::text, kind::ip});
  operand.is_ip = true;
  return parse_ip_argument(operand.text);
}

bool log_parser::parse_ip_argument(std::string& pattern) {
  cursor_.take();
  return cursor_.expect(kind::open_parenthesis) && cursor_.expect_value(kind::text, pattern) &&
         cursor_.expect(kind::close_parenthesis);
}

bool log_parser::parse_piped_stage(std::vector<stage_expr>& stages) {
  switch (cursor_.peek().kind) {
    case kind::json:
      return parse_json(stages);
    case kind::logfmt:
      return parse_logfmt(stages);
    case kind::regexp:
      return parse_regexp(stages);
    case kind::pattern:
      return parse_pattern(stages);
    case kind::line_format:
      return parse_line_format(stages);
    case kind::label_format:
      return parse_label_format(stages);
    case kind::unpack:
      cursor_.take();
      stages.emplace_back(unpack_expr{});
      return true;
    case kind::decolorize:
      cursor_.take();
      stages.emplace_back(decolorize_expr{});
      return true;
    case kind::drop: {
      cursor_.take();
      drop_expr drop;
      if (!parse_named_list(drop.labels)) return false;
      stages.emplace_back(std::move(drop));
      return true;
    }
    case kind::keep: {
      cursor_.take();
      keep_expr keep;
      if (!parse_named_list(keep.labels)) return false;
      stages.emplace_back(std::move(keep));
      return true;
    }
    case kind::identifier:
    case kind::open_parenthesis: {
      label_filter_expr filter;
      if (!parse_label_filter(filter, 0, 1)) return false;
      stages.emplace_back(std::move(filter));
      return true;
    }
    default:
      return cursor_.fail_unexpected();
  }
}

bool log_parser::parse_json(std::vector<stage_expr>& stages) {
  cursor_.take();
  json_parser_expr json;
  if (cursor_.at(kind::identifier) && !parse_extractions(json.extractions)) return false;
  stages.emplace_back(std::move(json));
  return true;
}

bool log_parser::parse_logfmt(std::vector<stage_expr>& stages) {
  cursor_.take();
  logfmt_parser_expr logfmt;
  while (cursor_.at(kind::function_flag)) {
    const std::string flag = cursor_.take().value;
    (flag == "--strict" ? logfmt.strict : logfmt.keep_empty) = true;
  }
  if (cursor_.at(kind::identifier) && !parse_extractions(logfmt.extractions)) return false;
  stages.emplace_back(std::move(logfmt));
  return true;
}

bool log_parser::parse_extractions(std::vector<label_extraction>& extractions) {
  do {
    label_extraction extraction;
    if (!cursor_.expect_value(kind::identifier, extraction.target)) return false;
    if (cursor_.take_if(kind::equal)) {
      if (!cursor_.expect_value(kind::text, extraction.expression)) return false;
    } else {
      extraction.expression = extraction.target;
    }
    extractions.push_back(std::move(extraction));
  } while (cursor_.take_if(kind::comma));
  return true;
}

bool log_parser::parse_regexp(std::vector<stage_expr>& stages) {
  cursor_.take();
  regexp_parser_expr regexp;
  if (!cursor_.expect_value(kind::text, regexp.pattern)) return false;
  if (const auto checked = check_regexp_parser(regexp.pattern, regexes_); !checked.ok()) {
    return cursor_.fail_meaning("invalid regexp parser: " + checked.error().message);
  }
  stages.emplace_back(std::move(regexp));
  return true;
}

bool log_parser::parse_pattern(std::vector<stage_expr>& stages) {
  cursor_.take();
  pattern_parser_expr pattern;
  if (!cursor_.expect_value(kind::text, pattern.pattern)) return false;
  if (const auto checked = check_pattern_parser(pattern.pattern); !checked.ok()) {
    return cursor_.fail_meaning("invalid pattern parser: " + checked.error().message);
  }
  stages.emplace_back(std::move(pattern));
  return true;
}

bool log_parser::parse_line_format(std::vector<stage_expr>& stages) {
  cursor_.take();
  line_format_expr format;
  if (!cursor_.expect_value(kind::text, format.text)) return false;
  stages.emplace_back(std::move(format));
  return true;
}

bool log_parser::parse_label_format(std::vector<stage_expr>& stages) {
  cursor_.take();
  label_format_expr format;
  do {
    label_format_item item;
    if (!cursor_.expect_value(kind::identifier, item.name)) return false;
    if (!cursor_.expect(kind::equal)) return false;
    item.is_rename = cursor_.at(kind::identifier);
    if (!item.is_rename && !cursor_.at(kind::text)) {
      return cursor_.fail_unexpected({kind::identifier, kind::text});
    }
    item.value = cursor_.take().value;
    format.items.push_back(std::move(item));
  } while (cursor_.take_if(kind::comma));
  stages.emplace_back(std::move(format));
  return true;
}

bool log_parser::parse_named_list(std::vector<named_label_matcher>& labels) {
  do {
    named_label_matcher label;
    if (!cursor_.expect_value(kind::identifier, label.name)) return false;
    if (const auto op = match_op_of(cursor_.peek().kind)) {
      cursor_.take();
      string_label_filter matcher{label.name, *op, {}};
      if (!cursor_.expect_value(kind::text, matcher.value)) return false;
      if (!check_regex(*op, matcher.value)) return false;
      label.matcher = std::move(matcher);
    }
    labels.push_back(std::move(label));
  } while (cursor_.take_if(kind::comma));
  return true;
}

bool log_parser::parse_unwrap(unwrap_expr& unwrap) {
  cursor_.take();
  if (cursor_.at(kind::identifier)) {
    unwrap.label = cursor_.take().value;
    return parse_unwrap_filters(unwrap);
  }
  switch (cursor_.peek().kind) {
    case kind::bytes_conversion:
      unwrap.conversion = unwrap_conversion::bytes;
      break;
    case kind::duration_conversion:
      unwrap.conversion = unwrap_conversion::duration;
      break;
    case kind::duration_seconds_conversion:
      unwrap.conversion = unwrap_conversion::duration_seconds;
      break;
    default:
      return cursor_.fail_unexpected({kind::identifier, kind::bytes_conversion,
                                      kind::duration_conversion,
                                      kind::duration_seconds_conversion});
  }
  cursor_.take();
  return cursor_.expect(kind::open_parenthesis) &&
         cursor_.expect_value(kind::identifier, unwrap.label) &&
         cursor_.expect(kind::close_parenthesis) && parse_unwrap_filters(unwrap);
}

bool log_parser::parse_unwrap_filters(unwrap_expr& unwrap) {
  while (cursor_.take_if(kind::pipe)) {
    label_filter_expr filter;
    if (!parse_label_filter(filter, 0, 1)) return false;
    unwrap.post_filters.push_back(std::move(filter));
  }
  return true;
}

// `and` binds tighter than `or`; a comma or nothing between two filters makes everything to the
// right of it one operand, whatever stands to the left.
bool log_parser::parse_label_filter(label_filter_expr& filter, int precedence_min,
                                    std::size_t depth) {
  constexpr int or_precedence = 1;
  constexpr int and_precedence = 2;
  if (!parse_filter_operand(filter, depth)) return false;
  std::size_t chain = depth;
  while (true) {
    const kind next = cursor_.peek().kind;
    int right_min = 0;
    switch (next) {
      case kind::logical_or:
        if (or_precedence < precedence_min) return true;
        right_min = or_precedence + 1;
        break;
      case kind::logical_and:
        if (and_precedence < precedence_min) return true;
        right_min = and_precedence + 1;
        break;
      case kind::comma:
      case kind::identifier:
      case kind::open_parenthesis:
        break;
      default:
        return true;
    }
    if (next == kind::logical_or || next == kind::logical_and || next == kind::comma) {
      cursor_.take();
    }
    if (++chain > expression_depth_max) {
      return cursor_.fail_meaning("label filter nests too deeply");
    }
    label_filter_expr right;
    if (!parse_label_filter(right, right_min, chain)) return false;
    filter.node = binary_label_filter{next == kind::logical_or,
                                      std::make_shared<label_filter_expr>(std::move(filter)),
                                      std::make_shared<label_filter_expr>(std::move(right))};
  }
}

bool log_parser::parse_filter_operand(label_filter_expr& filter, std::size_t depth) {
  if (cursor_.at(kind::identifier)) return parse_comparison(filter);
  if (!cursor_.take_if(kind::open_parenthesis)) {
    return cursor_.fail_unexpected({kind::identifier, kind::open_parenthesis});
  }
  if (depth >= expression_depth_max) return cursor_.fail_meaning("label filter nests too deeply");
  return parse_label_filter(filter, 0, depth + 1) && cursor_.expect(kind::close_parenthesis, {});
}

bool log_parser::parse_comparison(label_filter_expr& filter) {
  std::string name = cursor_.take().value;
  const kind op = cursor_.peek().kind;
  if (op == kind::regex_match || op == kind::regex_not_match) {
    cursor_.take();
    if (!cursor_.at(kind::text)) return cursor_.fail_unexpected({kind::text});
    return parse_string_filter(std::move(name), *match_op_of(op), filter);
  }
  const auto compare = compare_op_of(op);
  if (!compare) return cursor_.fail_unexpected();
  cursor_.take();
  if (op == kind::equal || op == kind::not_equal) {
    if (cursor_.at(kind::text)) {
      return parse_string_filter(std::move(name), *match_op_of(op), filter);
    }
    if (cursor_.at(kind::ip)) {
      ip_label_filter ip{std::move(name), *compare, {}};
      if (!parse_ip_argument(ip.pattern)) return false;
      filter.node = std::move(ip);
      return true;
    }
  }
  return parse_value_filter(std::move(name), *compare, filter);
}

bool log_parser::parse_string_filter(std::string name, match_op op, label_filter_expr& filter) {
  std::string value = cursor_.take().value;
  if (!check_regex(op, value)) return false;
  filter.node = string_label_filter{std::move(name), op, std::move(value)};
  return true;
}

bool log_parser::parse_value_filter(std::string name, compare_op op, label_filter_expr& filter) {
  switch (cursor_.peek().kind) {
    case kind::duration:
      filter.node = duration_label_filter{std::move(name), op, cursor_.take().duration_ns};
      return true;
    case kind::bytes:
      filter.node = bytes_label_filter{std::move(name), op, cursor_.take().bytes};
      return true;
    case kind::number:
    case kind::add:
    case kind::subtract: {
      number_label_filter number{std::move(name), op, 0};
      if (!parse_signed_number(number.value)) return false;
      filter.node = std::move(number);
      return true;
    }
    default:
      return cursor_.fail_unexpected();
  }
}

bool log_parser::parse_signed_number(double& value) {
  const bool negative = cursor_.at(kind::subtract);
  if (negative || cursor_.at(kind::add)) cursor_.take();
  std::string text;
  if (!cursor_.expect_value(kind::number, text)) return false;
  const auto parsed = parse_go_float(text);
  if (!parsed.ok()) {
    return cursor_.fail_meaning("unable to parse literal as a float: " + parsed.error().message);
  }
  value = negative ? -*parsed : *parsed;
  return true;
}

}  // namespace skald::logql
