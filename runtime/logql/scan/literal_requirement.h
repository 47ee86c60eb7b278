// SPDX-License-Identifier: Apache-2.0
// What literals a text must hold so that a regular expression can match somewhere in it: a tree of
// AND and OR. Used to search a literal before running the expression, and to ask skip filters.
// Conservative: when in doubt the answer is "nothing is required". Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skald::logql {

struct literal_requirement {
  enum class kind : std::uint8_t {
    always,  // no claim
    all_of,  // every child holds
    any_of,  // at least one child holds
    text,    // the text contains `text`
  };
  kind what = kind::always;
  std::string text;  // valid UTF-8, not empty
  // Letters of `text` match in both cases, by Unicode's simple folding. Then `text` is lower case
  // and pure ASCII; where a line is not pure ASCII, 'k' may also be U+212A and 's' U+017F.
  bool ignore_case = false;
  std::vector<literal_requirement> children;

  bool is_always() const { return what == kind::always; }
  friend bool operator==(const literal_requirement&, const literal_requirement&) = default;
};

// More literals than this are never returned; the least selective factors are left out.
constexpr std::size_t required_literals_max = 64;

// Literals of an unanchored search for the expression. An expression that does not compile, or that
// this reader does not understand, requires nothing.
literal_requirement required_literals(std::string_view regex);

// For tests and logs: `"abc"`, `i"abc"`, `and(...)`, `or(...)`, `*`.
std::string to_string(const literal_requirement& requirement);

}  // namespace skald::logql
