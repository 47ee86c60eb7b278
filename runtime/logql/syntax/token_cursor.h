// SPDX-License-Identifier: Apache-2.0
// One token of look-ahead over a query, and the first error of its parse. Tokens are read lazily,
// so that an error found between two tokens is reported before the next one is looked at.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/logql/syntax/lexer.h"
#include "runtime/logql/syntax/token.h"

namespace skald::logql {

class token_cursor {
 public:
  explicit token_cursor(std::string_view text) : lexer_(text) {}

  const token& peek();
  bool at(token_kind kind) { return peek().kind == kind; }
  token take();
  // Makes `back`, which was taken before the current token, the next one again.
  void put_back(token back);
  // Takes the token when it is of this kind.
  bool take_if(token_kind kind);

  // Takes a token of this kind or records the syntax error, naming `expected`.
  bool expect(token_kind kind, std::initializer_list<token_kind> expected);
  bool expect(token_kind kind) { return expect(kind, {kind}); }
  // As expect, and stores the token's text.
  bool expect_value(token_kind kind, std::string& value,
                    std::initializer_list<token_kind> expected);
  bool expect_value(token_kind kind, std::string& value) {
    return expect_value(kind, value, {kind});
  }

  // All record the first error and return false, for `return cursor.fail(...)`.
  bool fail_unexpected(std::initializer_list<token_kind> expected = {});
  // An error of meaning: wins over lexical errors that did not end the parse, as in Loki.
  bool fail_meaning(std::string_view message);

  bool failed() const { return message_.has_value(); }
  const std::optional<std::string>& message() const { return message_; }
  const std::optional<scan_error>& lexical_failure() const { return lexer_.failure(); }

 private:
  lexer lexer_;
  std::optional<token> put_back_;
  std::optional<token> ahead_;
  std::optional<std::string> message_;
};

}  // namespace skald::logql
