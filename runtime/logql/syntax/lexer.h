// SPDX-License-Identifier: Apache-2.0
// LogQL text to tokens: keywords, durations, byte sizes, ranges and comments on top of the plain
// scanner. One lexer reads one query; not thread-safe.
#pragma once

#include <optional>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/logql/syntax/text_scanner.h"
#include "runtime/logql/syntax/token.h"

namespace skald::logql {

class lexer {
 public:
  // `text` must outlive the lexer.
  explicit lexer(std::string_view text) : scanner_(text) {}

  // The next token; `end` at the end of the text and after a lexical error that ends the text.
  token next();

  // The first lexical error so far.
  const std::optional<scan_error>& failure() const { return scanner_.failure(); }

 private:
  token read_number();
  token read_text(scan_kind kind);
  token read_range();
  token read_word();
  token read_symbol();
  void skip_hash_comment();
  bool take_duration(std::string_view prefix, std::int64_t& nanoseconds);
  bool take_bytes(std::string_view number, std::uint64_t& bytes);
  bool take_flag(std::string& flag);
  bool is_call_ahead() const;
  token make(token_kind kind) const;

  text_scanner scanner_;
};

// `parse error at line L, col C: message`, or `parse error : message` without a position.
std::string parse_error_text(text_position position, std::string_view message);

}  // namespace skald::logql
