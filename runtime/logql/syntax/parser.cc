// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/parser.h"

#include "runtime/logql/syntax/metric_parser.h"
#include "runtime/logql/syntax/parser_check.h"

namespace skald::logql {
namespace {

error invalid(std::string message) {
  return error{errc::invalid_argument, std::move(message)};
}

// Reads the text; mistakes of meaning stay in the answer.
result<parsed_expression> read_expression(std::string_view text) {
  if (text.size() >= query_bytes_limit) {
    return invalid("parse error : input size too long (" + std::to_string(text.size()) + " > " +
                   std::to_string(query_bytes_limit) + ")");
  }
  token_cursor cursor(text);
  metric_parser parser(cursor);
  parsed_expression parsed;
  if (parser.parse_expression(parsed)) cursor.expect(token_kind::end, {});
  if (cursor.failed()) return invalid(*cursor.message());
  if (const auto& failure = cursor.lexical_failure()) {
    return invalid(parse_error_text(failure->position, failure->message));
  }
  return parsed;
}

query_expr take_query(parsed_expression parsed) {
  if (parsed.log) return query_expr{std::move(*parsed.log)};
  return query_expr{std::move(parsed.metric)};
}

}  // namespace

result<query_expr> parse_for_printing(std::string_view text) {
  SKALD_TRY_ASSIGN(parsed_expression parsed, read_expression(text));
  if (!parsed.mistake.empty()) return invalid(parse_error_text({}, parsed.mistake));
  return take_query(std::move(parsed));
}

result<query_expr> parse_query(std::string_view text) {
  result<query_expr> query = parse_for_printing(text);
  if (!query.ok()) return query;
  if (const auto checked = check_query(*query); !checked.ok()) {
    return invalid(parse_error_text({}, checked.error().message));
  }
  return query;
}

result<std::vector<label_matcher>> parse_selector(std::string_view text) {
  const result<query_expr> query = parse_for_printing(text);
  if (!query.ok()) return query.error();
  const log_expr* log = query->log();
  if (log == nullptr || !log->stages.empty()) return invalid("only label matchers are supported");
  return log->matchers;
}

result<log_expr> parse_log_query(std::string_view text) {
  const result<query_expr> query = parse_query(text);
  if (!query.ok()) return query.error();
  const log_expr* log = query->log();
  if (log == nullptr) return invalid("only log selector is supported");
  return *log;
}

}  // namespace skald::logql
