// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/token.h"

#include <array>

#include "runtime/base/ascii_case.h"

namespace skald::logql {
namespace {

struct token_entry {
  token_kind kind;
  std::string_view name;      // in error texts
  std::string_view spelling;  // in queries; empty for kinds without a fixed one
  bool is_function = false;
};

// By kind: the entry of a kind stands at its number.
constexpr std::array entries{
    token_entry{token_kind::end, "$end", ""},
    token_entry{token_kind::bytes, "BYTES", ""},
    token_entry{token_kind::identifier, "IDENTIFIER", ""},
    token_entry{token_kind::text, "STRING", ""},
    token_entry{token_kind::number, "NUMBER", ""},
    token_entry{token_kind::function_flag, "FUNCTION_FLAG", ""},
    token_entry{token_kind::duration, "DURATION", ""},
    token_entry{token_kind::range, "RANGE", ""},
    token_entry{token_kind::equal, "=", "="},
    token_entry{token_kind::regex_match, "=~", "=~"},
    token_entry{token_kind::regex_not_match, "!~", "!~"},
    token_entry{token_kind::pattern_not_match, "!>", "!>"},
    token_entry{token_kind::open_brace, "{", "{"},
    token_entry{token_kind::close_brace, "}", "}"},
    token_entry{token_kind::open_bracket, "[", ""},
    token_entry{token_kind::close_bracket, "]", "]"},
    token_entry{token_kind::comma, ",", ","},
    token_entry{token_kind::dot, ".", "."},
    token_entry{token_kind::pipe_match, "|~", "|~"},
    token_entry{token_kind::pipe_exact, "|=", "|="},
    token_entry{token_kind::pipe_pattern, "|>", "|>"},
    token_entry{token_kind::open_parenthesis, "(", "("},
    token_entry{token_kind::close_parenthesis, ")", ")"},
    token_entry{token_kind::by, "by", "by"},
    token_entry{token_kind::without, "without", "without"},
    token_entry{token_kind::count_over_time, "COUNT_OVER_TIME", "count_over_time", true},
    token_entry{token_kind::rate, "RATE", "rate", true},
    token_entry{token_kind::rate_counter, "RATE_COUNTER", "rate_counter", true},
    token_entry{token_kind::sum, "SUM", "sum", true},
    token_entry{token_kind::sort, "SORT", "sort", true},
    token_entry{token_kind::sort_desc, "SORT_DESC", "sort_desc", true},
    token_entry{token_kind::avg, "AVG", "avg", true},
    token_entry{token_kind::max, "MAX", "max", true},
    token_entry{token_kind::min, "MIN", "min", true},
    token_entry{token_kind::count, "COUNT", "count", true},
    token_entry{token_kind::stddev, "STDDEV", "stddev", true},
    token_entry{token_kind::stdvar, "STDVAR", "stdvar", true},
    token_entry{token_kind::bottomk, "BOTTOMK", "bottomk", true},
    token_entry{token_kind::topk, "TOPK", "topk", true},
    token_entry{token_kind::approx_topk, "APPROX_TOPK", "approx_topk", true},
    token_entry{token_kind::bytes_over_time, "BYTES_OVER_TIME", "bytes_over_time", true},
    token_entry{token_kind::bytes_rate, "BYTES_RATE", "bytes_rate", true},
    token_entry{token_kind::boolean, "bool", "bool"},
    token_entry{token_kind::json, "json", "json"},
    token_entry{token_kind::regexp, "regexp", "regexp"},
    token_entry{token_kind::logfmt, "logfmt", "logfmt"},
    token_entry{token_kind::pipe, "|", "|"},
    token_entry{token_kind::line_format, "line_format", "line_format"},
    token_entry{token_kind::label_format, "label_format", "label_format"},
    token_entry{token_kind::unwrap, "unwrap", "unwrap"},
    token_entry{token_kind::avg_over_time, "AVG_OVER_TIME", "avg_over_time", true},
    token_entry{token_kind::sum_over_time, "SUM_OVER_TIME", "sum_over_time", true},
    token_entry{token_kind::min_over_time, "MIN_OVER_TIME", "min_over_time", true},
    token_entry{token_kind::max_over_time, "MAX_OVER_TIME", "max_over_time", true},
    token_entry{token_kind::stdvar_over_time, "STDVAR_OVER_TIME", "stdvar_over_time", true},
    token_entry{token_kind::stddev_over_time, "STDDEV_OVER_TIME", "stddev_over_time", true},
    token_entry{token_kind::quantile_over_time, "QUANTILE_OVER_TIME", "quantile_over_time", true},
    token_entry{token_kind::bytes_conversion, "BYTES_CONV", "bytes", true},
    token_entry{token_kind::duration_conversion, "DURATION_CONV", "duration", true},
    token_entry{token_kind::duration_seconds_conversion, "DURATION_SECONDS_CONV",
                "duration_seconds", true},
    token_entry{token_kind::first_over_time, "FIRST_OVER_TIME", "first_over_time", true},
    token_entry{token_kind::last_over_time, "LAST_OVER_TIME", "last_over_time", true},
    token_entry{token_kind::absent_over_time, "ABSENT_OVER_TIME", "absent_over_time", true},
    token_entry{token_kind::vector, "VECTOR", "vector", true},
    token_entry{token_kind::label_replace, "label_replace", "label_replace", true},
    token_entry{token_kind::unpack, "unpack", "unpack"},
    token_entry{token_kind::offset, "offset", "offset"},
    token_entry{token_kind::pattern, "pattern", "pattern"},
    token_entry{token_kind::ip, "ip", "ip", true},
    token_entry{token_kind::on, "on", "on"},
    token_entry{token_kind::ignoring, "ignoring", "ignoring"},
    token_entry{token_kind::group_left, "group_left", "group_left"},
    token_entry{token_kind::group_right, "group_right", "group_right"},
    token_entry{token_kind::decolorize, "decolorize", "decolorize"},
    token_entry{token_kind::drop, "drop", "drop"},
    token_entry{token_kind::keep, "keep", "keep"},
    token_entry{token_kind::logical_or, "or", "or"},
    token_entry{token_kind::logical_and, "and", "and"},
    token_entry{token_kind::unless, "unless", "unless"},
    token_entry{token_kind::compare_equal, "==", "=="},
    token_entry{token_kind::not_equal, "!=", "!="},
    token_entry{token_kind::less, "<", "<"},
    token_entry{token_kind::less_or_equal, "<=", "<="},
    token_entry{token_kind::greater, ">", ">"},
    token_entry{token_kind::greater_or_equal, ">=", ">="},
    token_entry{token_kind::add, "+", "+"},
    token_entry{token_kind::subtract, "-", "-"},
    token_entry{token_kind::multiply, "*", "*"},
    token_entry{token_kind::divide, "/", "/"},
    token_entry{token_kind::modulo, "%", "%"},
    token_entry{token_kind::power, "^", "^"},
};

constexpr bool entries_stand_at_their_kind() {
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (static_cast<std::size_t>(entries[i].kind) != i) return false;
  }
  return true;
}
static_assert(entries_stand_at_their_kind());
static_assert(entries.size() == static_cast<std::size_t>(token_kind::power) + 1);

bool is_word(std::string_view spelling) {
  return !spelling.empty() && spelling[0] >= 'a' && spelling[0] <= 'z';
}

token_kind find_spelling(std::string_view spelling) {
  for (const token_entry& entry : entries) {
    if (!entry.spelling.empty() && entry.spelling == spelling) return entry.kind;
  }
  return token_kind::identifier;
}

}  // namespace

std::string_view token_name(token_kind kind) {
  return entries[static_cast<std::size_t>(kind)].name;
}

bool is_function_token(token_kind kind) {
  return entries[static_cast<std::size_t>(kind)].is_function;
}

token_kind word_kind(std::string_view word) {
  constexpr std::size_t keyword_length_max = 20;
  if (word.size() > keyword_length_max) return token_kind::identifier;
  const std::string lower = ascii_lower_case(word);
  return is_word(lower) ? find_spelling(lower) : token_kind::identifier;
}

token_kind symbol_kind(std::string_view symbol) {
  return is_word(symbol) ? token_kind::identifier : find_spelling(symbol);
}

}  // namespace skald::logql
