// SPDX-License-Identifier: Apache-2.0
// A reader for regular expressions that yields the tree Go's parser yields (literals joined,
// alternations factored, repeats expanded), as far as Skald needs shapes: to find required literals
// and to imitate Loki's simplification of label filters. It never decides whether a text matches.
// Pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skald::logql {

struct regex_node {
  enum class kind : std::uint8_t {
    empty,    // matches the empty text
    literal,  // `text`
    any_not_newline,
    any,
    char_class,  // one of `ranges`, or of unknown content when ranges is empty
    zero_width,  // ^ $ \b \A ...
    capture,     // one child
    star,        // one child
    plus,        // one child
    optional,    // one child, any number of times from none up to a bound
    repeated,    // one child, at least once
    concat,      // children in order
    alternate,   // children in order
  };
  kind what = kind::empty;
  std::u32string text;
  bool fold_case = false;  // literals; letters are lower case then
  std::vector<std::pair<char32_t, char32_t>> ranges;
  std::vector<regex_node> children;

  friend bool operator==(const regex_node&, const regex_node&) = default;
};

// Empty when the expression is not understood (also when it is malformed or too deep).
std::optional<regex_node> read_regex(std::string_view regex);

// The expression in RE2's dialect: Go's `(?<name>` becomes `(?P<name>`.
std::string to_re2_dialect(std::string_view regex);

std::string to_utf8(const std::u32string& text);
bool is_ascii(const std::u32string& text);

}  // namespace skald::logql
