// SPDX-License-Identifier: Apache-2.0
// Reads key=value pairs of one line, pair by pair, going on behind malformed ones.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/logql/pipeline/row_arena.h"

namespace skald::logql {

enum class logfmt_error : std::uint8_t {
  none,
  unexpected_equals,
  unexpected_quote,
  unterminated_quote,
  invalid_quoted,
  invalid_key,
};

class logfmt_scanner {
 public:
  // `line` and `arena` must outlive the scanner. Escaped values are unescaped into the arena.
  logfmt_scanner(std::string_view line, row_arena& arena) : line_(line), arena_(arena) {}

  // Moves to the next pair. False: end of line, or a malformed pair, which is skipped then.
  bool next();
  bool at_end() const { return at_ >= line_.size(); }
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }

  // The first malformed pair: what was wrong and the 1-based position of the byte.
  logfmt_error first_error() const { return error_; }
  // "logfmt syntax error at pos 3 : unexpected '='"
  std::string error_text() const;

 private:
  bool read_value();
  bool read_quoted();
  bool fail(logfmt_error why, std::size_t position);
  void skip_token();

  std::string_view line_;
  row_arena& arena_;
  std::size_t at_ = 0;
  std::string_view key_;
  std::string_view value_;
  logfmt_error error_ = logfmt_error::none;
  std::size_t error_position_ = 0;
};

}  // namespace skald::logql
