// SPDX-License-Identifier: Apache-2.0
// The terminals of LogQL and how error texts name them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/logql/syntax/text_scanner.h"

namespace skald::logql {

// In the order in which error texts list what was expected.
enum class token_kind {
  end,
  bytes,
  identifier,
  text,
  number,
  function_flag,
  duration,
  range,
  equal,
  regex_match,
  regex_not_match,
  pattern_not_match,
  open_brace,
  close_brace,
  open_bracket,
  close_bracket,
  comma,
  dot,
  pipe_match,
  pipe_exact,
  pipe_pattern,
  open_parenthesis,
  close_parenthesis,
  by,
  without,
  count_over_time,
  rate,
  rate_counter,
  sum,
  sort,
  sort_desc,
  avg,
  max,
  min,
  count,
  stddev,
  stdvar,
  bottomk,
  topk,
  approx_topk,
  bytes_over_time,
  bytes_rate,
  boolean,
  json,
  regexp,
  logfmt,
  pipe,
  line_format,
  label_format,
  unwrap,
  avg_over_time,
  sum_over_time,
  min_over_time,
  max_over_time,
  stdvar_over_time,
  stddev_over_time,
  quantile_over_time,
  bytes_conversion,
  duration_conversion,
  duration_seconds_conversion,
  first_over_time,
  last_over_time,
  absent_over_time,
  vector,
  label_replace,
  unpack,
  offset,
  pattern,
  ip,
  on,
  ignoring,
  group_left,
  group_right,
  decolorize,
  drop,
  keep,
  logical_or,
  logical_and,
  unless,
  compare_equal,
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

struct token {
  token_kind kind = token_kind::end;
  text_position position;
  // identifier, text: the value; number: as written; function_flag: the flag.
  std::string value;
  std::int64_t duration_ns = 0;  // duration, range
  std::uint64_t bytes = 0;       // bytes
};

// "IDENTIFIER", "}", "RATE", "$end".
std::string_view token_name(token_kind kind);

// Whether the kind is a function or conversion name, which is an identifier unless a parenthesis
// follows.
bool is_function_token(token_kind kind);

// The kind of a word in any case: keyword, function or identifier.
token_kind word_kind(std::string_view word);

// The kind of one or two characters of punctuation; identifier when it is none of the language.
token_kind symbol_kind(std::string_view symbol);

}  // namespace skald::logql
