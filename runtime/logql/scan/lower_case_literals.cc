// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/lower_case_literals.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <utility>

#include "runtime/logql/scan/go_regex.h"

namespace skald::logql {
namespace {

using kind = regex_node::kind;

constexpr std::size_t concat_parts_max = 3;  // of more parts Loki makes a regular expression

// Characters that change to a lower-case letter which does not change back to them.
constexpr std::pair<char32_t, char32_t> one_way[] = {
    {0x130, 'i'},   {0x212A, 'k'},  {0x212B, 0xE5}, {0x2126, 0x3C9}, {0x1E9E, 0xDF},
    {0x3F4, 0x3B8}, {0x1C5, 0x1C6}, {0x1C8, 0x1C9}, {0x1CB, 0x1CC},  {0x1F2, 0x1F3},
};
// Lower-case letters that folding takes for another one first.
constexpr std::pair<char32_t, char32_t> variants[] = {
    {0x17F, 's'},   {0x3C2, 0x3C3}, {0x3D0, 0x3B2}, {0x3D1, 0x3B8}, {0x3D5, 0x3C6},
    {0x3D6, 0x3C0}, {0x3F0, 0x3BA}, {0x3F1, 0x3C1}, {0x3F5, 0x3B5},
};

// The letter of the pattern in lower case, as it is compared.
char32_t wanted_letter(char32_t c) {
  for (const auto& [from, to] : variants) {
    if (from == c) return to;
  }
  return to_lower(c);
}

bool compares_alike(char32_t c) {
  return c < 0x80 && c != 'i' && c != 'I' && c != 's' && c != 'S';
}

std::string quoted(char32_t c) {
  return re2::RE2::QuoteMeta(to_utf8(std::u32string(1, c)));
}

// One of the characters that are `c` in lower case.
std::string letter_class(char32_t c) {
  const char32_t wanted = wanted_letter(c);
  std::string out = "(?:" + quoted(wanted);
  const char32_t capital = to_upper(wanted);
  if (capital != wanted && to_lower(capital) == wanted) out += '|' + quoted(capital);
  for (const auto& [from, to] : one_way) {
    if (to == wanted) out += '|' + quoted(from);
  }
  return out + ')';
}

const regex_node& without_captures(const regex_node& node) {
  return node.what == kind::capture ? without_captures(node.children[0]) : node;
}

bool is_dots(const regex_node& node) {
  return node.what == kind::star && node.children[0].what == kind::any_not_newline;
}

// Writes the expression anew. Every method is false when there is more than literals.
class literal_writer {
 public:
  bool write(const regex_node& raw) {
    const regex_node& node = without_captures(raw);
    switch (node.what) {
      case kind::empty:
        return true;
      case kind::literal:
        return write_literal(node);
      case kind::star:
        return write_dots(node);
      case kind::concat:
        return write_concat(node, false);
      case kind::alternate:
        return write_choices(node, false);
      default:
        return false;
    }
  }

  // Empty when both ways of comparing agree.
  std::optional<std::string> finish() {
    if (!differs_) return std::nullopt;
    return std::move(out_);
  }

 private:
  bool write_literal(const regex_node& node) {
    if (!node.fold_case) return false;
    for (const char32_t c : node.text) {
      const bool alike = compares_alike(c);
      differs_ = differs_ || !alike;
      out_ += alike ? "(?i:" + quoted(c) + ')' : letter_class(c);
    }
    return true;
  }

  bool write_dots(const regex_node& node) {
    if (!is_dots(node)) return false;
    out_ += "(?-s:.*)";
    return true;
  }

  bool write_choices(const regex_node& node, bool behind_literal) {
    out_ += "(?:";
    for (std::size_t i = 0; i < node.children.size(); ++i) {
      const regex_node& choice = without_captures(node.children[i]);
      if (i != 0) out_ += '|';
      const bool nested = behind_literal && choice.what == kind::alternate;
      if (nested) return false;
      const bool done = behind_literal && choice.what == kind::concat ? write_concat(choice, true)
                                                                      : write(choice);
      if (!done) return false;
    }
    out_ += ')';
    return true;
  }

  // At most three parts: one literal, `.*`, and alternations behind a literal.
  bool write_concat(const regex_node& node, bool behind_literal) {
    std::size_t parts = 0;
    bool own_literal = false;
    for (const regex_node& raw : node.children) {
      const regex_node& part = without_captures(raw);
      if (part.what == kind::empty) continue;
      if (++parts > concat_parts_max) return false;
      const bool is_literal = part.what == kind::literal;
      if (is_literal && own_literal) return false;
      own_literal = own_literal || is_literal;
      const bool after = behind_literal || own_literal;
      const bool done = is_literal                              ? write_literal(part)
                        : part.what == kind::alternate && after ? write_choices(part, true)
                                                                : write_dots(part);
      if (!done) return false;
    }
    return behind_literal || own_literal;
  }

  std::string out_;
  bool differs_ = false;
};

}  // namespace

std::optional<std::string> with_lower_case_literals(const regex_node& node) {
  literal_writer writer;
  if (!writer.write(node)) return std::nullopt;
  return writer.finish();
}

}  // namespace skald::logql
