// SPDX-License-Identifier: Apache-2.0
// Template text to tokens by the rules of Go's text/template. One lexer reads one text.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skald::logql {

enum class template_token_kind {
  failure,  // `value` is the message
  boolean,
  character,  // one printable ASCII character
  character_constant,
  complex,
  assign,
  declare,
  end,
  field,
  identifier,
  left_delimiter,
  left_parenthesis,
  number,
  pipe,
  raw_text_constant,
  right_delimiter,
  right_parenthesis,
  space,
  text_constant,
  text,
  variable,
  // Keywords.
  block,
  break_word,
  continue_word,
  dot,
  define,
  else_word,
  end_word,
  if_word,
  nil,
  range,
  template_word,
  with
};

struct template_token {
  template_token_kind kind = template_token_kind::end;
  std::size_t position = 0;  // byte offset in the text
  int line = 1;
  std::string value;
};

// The token as error texts show it: "EOF", <range>, "|", "\"long text"...
std::string describe(const template_token& token);

class template_lexer {
 public:
  // `text` must outlive the lexer.
  explicit template_lexer(std::string_view text) : text_(text) {}
  // After a failure and at the end, the same token comes again and again.
  template_token next();

 private:
  using kind = template_token_kind;
  template_token read_text();
  template_token read_left_delimiter();
  bool skip_comment(template_token& failure);
  template_token read_action();
  template_token read_space();
  template_token read_right_delimiter();
  template_token read_field_or_variable(kind what);
  template_token read_identifier();
  template_token read_quoted(char quote, kind what, std::string_view message);
  template_token read_raw_text();
  template_token read_number();
  template_token read_parenthesis(bool is_left);

  bool scan_number();
  bool accept(std::string_view characters);
  void accept_run(std::string_view characters);
  bool at_right_delimiter(bool& trims) const;
  bool at_terminator() const;
  char32_t peek_character(std::size_t& length) const;
  void skip_spaces();
  template_token emit(kind what);
  template_token fail(std::string message);

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t begin_ = 0;
  std::size_t line_position_ = 0;  // newlines before this offset are counted in line_
  int line_ = 1;
  int depth_ = 0;
  bool in_action_ = false;
  bool failed_ = false;
  std::string failure_;
};

}  // namespace skald::logql
