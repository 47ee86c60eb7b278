// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/lexer.h"

#include <gtest/gtest.h>

namespace skald::logql {
namespace {

// The tokens as their names, with values where they carry some.
std::string names_of(std::string_view text) {
  lexer tokens(text);
  std::string out;
  for (token next = tokens.next(); next.kind != token_kind::end; next = tokens.next()) {
    if (!out.empty()) out += ' ';
    out += token_name(next.kind);
    if (!next.value.empty()) out += ":" + next.value;
    if (next.kind == token_kind::duration || next.kind == token_kind::range) {
      out += ":" + std::to_string(next.duration_ns / 1'000'000);
    }
    if (next.kind == token_kind::bytes) out += ":" + std::to_string(next.bytes);
  }
  return out;
}

std::string failure_of(std::string_view text) {
  lexer tokens(text);
  while (tokens.next().kind != token_kind::end) {
  }
  if (!tokens.failure()) return "";
  return parse_error_text(tokens.failure()->position, tokens.failure()->message);
}

struct text_case {
  std::string_view text;
  std::string_view expected;
};

TEST(Lexer, SplitsTokens) {
  const text_case cases[] = {
      {"{a=\"b\"}", "{ IDENTIFIER:a = STRING:b }"},
      {"|= != |~ !~ |> !> == >= <= = > <", "|= != |~ !~ |> !> == >= <= = > <"},
      {"| json or JSON", "| json or json"},
      {"`a\\n\n`", "STRING:a\\n\n"},
      {"\"\\142\\x62\\u00e9\\n\"", "STRING:bb\u00e9\n"},
      {"1 1.5 .5 1e3 1_000 010",
       "NUMBER:1 NUMBER:1.5 NUMBER:.5 NUMBER:1e3 NUMBER:1_000 NUMBER:010"},
      {"5m 1h30m 1d 5.5h30s 1m1h",
       "DURATION:300000 DURATION:5400000 DURATION:86400000 "
       "DURATION:19830000 DURATION:3660000"},
      {"-5m -1d - 5m", "DURATION:-300000 DURATION:-86400000 - DURATION:300000"},
      {"5KB 1.5MB 5KiB 5Ki 1kb",
       "BYTES:5000 BYTES:1500000 BYTES:5120 BYTES:5120 BYTES:1000 "
       "IDENTIFIER:b"},
      {"1.5d 1.2.3.4 1s2",
       "NUMBER:1.5 IDENTIFIER:d NUMBER:1.2 NUMBER:.3 NUMBER:.4 NUMBER:1 "
       "IDENTIFIER:s2"},
      {"[5m] [0s] [1h30m]", "RANGE:300000 RANGE:0 RANGE:5400000"},
      {"--strict --keep-empty --foo",
       "FUNCTION_FLAG:--strict FUNCTION_FLAG:--keep-empty - - "
       "IDENTIFIER:foo"},
      {"sum sum( sum by (a) sum by a SUM WITHOUT (",
       "IDENTIFIER:sum SUM ( SUM by ( IDENTIFIER:a "
       ") IDENTIFIER:sum by IDENTIFIER:a SUM "
       "without ("},
      {"rate rate (x", "IDENTIFIER:rate RATE ( IDENTIFIER:x"},
      {"a # comment\nb // c\n/* d\n */ e", "IDENTIFIER:a IDENTIFIER:b IDENTIFIER:e"},
      {"\xEF\xBB\xBF"
       "a",
       "IDENTIFIER:a"},
      {"'x' ; @ ! \u00e9a",
       "IDENTIFIER:'x' IDENTIFIER:; IDENTIFIER:@ IDENTIFIER:! "
       "IDENTIFIER:\u00e9a"},
  };
  for (const auto& c : cases) EXPECT_EQ(names_of(c.text), c.expected) << c.text;
}

TEST(Lexer, ReportsTheFirstMistake) {
  const text_case cases[] = {
      {"a \"x", "parse error at line 1, col 3: literal not terminated"},
      {"`x", "parse error at line 1, col 1: literal not terminated"},
      {"\"\\q\"", "parse error at line 1, col 1: invalid char escape"},
      {"\"\\'\"", "parse error at line 1, col 1: invalid char escape"},
      {"\"\\ud800\"", "parse error at line 1, col 1: invalid syntax"},
      {"'ab'", "parse error at line 1, col 1: invalid char literal"},
      {"/* x", "parse error at line 1, col 1: comment not terminated"},
      {"5EB", "parse error at line 1, col 1: exponent has no digits"},
      {"1__0", "parse error at line 1, col 1: '_' must separate successive digits"},
      {"0b1", "parse error at line 1, col 1: decimal literal has no digits"},
      {"0o8", "parse error at line 1, col 1: invalid digit '8' in octal literal"},
      {"0x1.8", "parse error at line 1, col 1: hexadecimal mantissa requires a 'p' exponent"},
      {"[5]", "parse error at line 0, col 1: not a valid duration string: \"5\""},
      {"[5m", "parse error at line 0, col 1: missing closing ']' in duration"},
      {"[]", "parse error at line 0, col 1: empty duration string"},
      {"\"\xff\"", "parse error at line 1, col 1: invalid UTF-8 encoding"},
  };
  for (const auto& c : cases) EXPECT_EQ(failure_of(c.text), c.expected) << c.text;
}

TEST(Lexer, CountsLinesAndCharacters) {
  lexer tokens("\u00e9\n  b");
  EXPECT_EQ(tokens.next().position.column, 1);
  const token second = tokens.next();
  EXPECT_EQ(second.position.line, 2);
  EXPECT_EQ(second.position.column, 3);
  const token end = tokens.next();
  EXPECT_EQ(end.position.column, 4);
}

}  // namespace
}  // namespace skald::logql
