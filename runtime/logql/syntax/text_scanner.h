// SPDX-License-Identifier: Apache-2.0
// Splits UTF-8 text into identifiers, numbers, strings and single characters by the rules of Go's
// text/scanner, which LogQL's lexer is built on: the positions and texts of lexical errors that
// clients see come from those rules. Copies are cheap and used to look ahead.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace skald::logql {

constexpr char32_t end_of_text = 0xFFFFFFFF;

enum class scan_kind { end, identifier, integer, floating, character, text, raw_text, symbol };

// Line and column (in characters) are 1-based. Line is 0 once characters were taken from behind
// the token one by one; Loki prints positions in this form.
struct text_position {
  int line = 0;
  int column = 0;
};

struct scan_error {
  text_position position;
  std::string message;
};

class text_scanner {
 public:
  // `text` must outlive the scanner.
  explicit text_scanner(std::string_view text) : text_(text) {}

  // Reads the next token, past white space and comments.
  scan_kind scan();
  // The last token's text; valid until the next call of take().
  std::string_view token_text() const;
  text_position position() const { return position_; }

  // The character behind the last token, without taking it; end_of_text at the end.
  char32_t peek();
  // Takes one character. Invalidates the position's line and the token text.
  char32_t take();

  // The first lexical error so far.
  const std::optional<scan_error>& failure() const { return failure_; }
  // Records an error at the last token unless there was one before.
  void fail(std::string message);

 private:
  char32_t advance();
  scan_kind scan_token(char32_t c, char32_t& next);
  void scan_identifier(char32_t& c);
  scan_kind scan_number(char32_t& c, bool seen_dot);
  int scan_number_digits(char32_t& c, int base, char32_t* invalid);
  void scan_exponent(char32_t& c, char prefix, bool is_float, int& digits, bool& has_exponent);
  int scan_string(char32_t quote);
  void scan_raw_string();
  char32_t scan_escape(char32_t quote);
  char32_t scan_escape_digits(char32_t c, int base, int count);
  char32_t scan_comment(char32_t c);

  std::string_view text_;
  std::size_t at_ = 0;           // behind the look-ahead character
  std::size_t last_length_ = 0;  // bytes of the look-ahead character
  std::size_t token_begin_ = 0;
  std::size_t token_end_ = 0;
  int line_ = 1;
  int column_ = 0;
  int last_line_length_ = 0;
  bool started_ = false;
  char32_t ahead_ = 0;
  text_position position_;
  std::optional<scan_error> failure_;
};

// unicode.IsLetter or '_', unicode.IsDigit, unicode.IsSpace.
bool is_identifier_start(char32_t c);
bool is_unicode_digit(char32_t c);
bool is_unicode_space(char32_t c);

}  // namespace skald::logql
