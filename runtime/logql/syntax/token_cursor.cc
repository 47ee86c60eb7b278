// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/syntax/token_cursor.h"

#include <algorithm>
#include <vector>

namespace skald::logql {

const token& token_cursor::peek() {
  if (put_back_) return *put_back_;
  if (!ahead_) ahead_ = lexer_.next();
  return *ahead_;
}

token token_cursor::take() {
  peek();
  std::optional<token>& next = put_back_ ? put_back_ : ahead_;
  token out = std::move(*next);
  next.reset();
  return out;
}

void token_cursor::put_back(token back) {
  put_back_ = std::move(back);
}

bool token_cursor::take_if(token_kind kind) {
  if (!at(kind)) return false;
  take();
  return true;
}

bool token_cursor::expect(token_kind kind, std::initializer_list<token_kind> expected) {
  return take_if(kind) || fail_unexpected(expected);
}

bool token_cursor::expect_value(token_kind kind, std::string& value,
                                std::initializer_list<token_kind> expected) {
  if (!at(kind)) return fail_unexpected(expected);
  value = take().value;
  return true;
}

bool token_cursor::fail_unexpected(std::initializer_list<token_kind> expected) {
  if (message_) return false;
  const token& found = peek();
  if (lexer_.failure()) {
    message_ = parse_error_text(lexer_.failure()->position, lexer_.failure()->message);
    return false;
  }
  std::string text = "syntax error: unexpected ";
  text += token_name(found.kind);
  std::vector<token_kind> sorted(expected);
  std::sort(sorted.begin(), sorted.end());
  std::string_view separator = ", expecting ";
  for (const token_kind kind : sorted) {
    text += separator;
    text += token_name(kind);
    separator = " or ";
  }
  message_ = parse_error_text(found.position, text);
  return false;
}

bool token_cursor::fail_meaning(std::string_view message) {
  if (!message_) message_ = parse_error_text({}, message);
  return false;
}

}  // namespace skald::logql
