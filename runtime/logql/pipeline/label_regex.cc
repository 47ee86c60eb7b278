// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/label_regex.h"

#include <re2/re2.h>

#include <algorithm>

#include "runtime/logql/scan/regex_syntax.h"

namespace skald::logql {
namespace {

using node_kind = regex_node::kind;
using test = label_regex::test;

constexpr std::size_t concat_parts_max = 3;

const regex_node& without_captures(const regex_node& node) {
  const regex_node* at = &node;
  while (at->what == node_kind::capture) at = &at->children[0];
  return *at;
}

bool is_dots(const regex_node& node) {
  return node.what == node_kind::star && node.children[0].what == node_kind::any_not_newline;
}

// A literal seen on the way through a concatenation.
struct base_literal {
  std::u32string text;
  bool ignore_case = false;
  bool present = false;
};

bool add_contains(const base_literal& base, const std::u32string& more, std::vector<test>& out) {
  const std::u32string text = base.text + more;
  // Folding beyond ASCII is left to the regular expression engine.
  if (base.ignore_case && !is_ascii(text)) return false;
  out.push_back({test::kind::contains, to_utf8(text), base.ignore_case});
  return true;
}

bool simplify_concat(const regex_node& node, base_literal base, std::vector<test>& out);

// A literal followed by an alternation: any combination, contained anywhere.
bool simplify_choices(const regex_node& node, const base_literal& base, std::vector<test>& out) {
  for (const regex_node& raw : node.children) {
    const regex_node& choice = without_captures(raw);
    if (choice.fold_case && !base.ignore_case) return false;
    bool done = false;
    if (choice.what == node_kind::empty || is_dots(choice)) {
      done = add_contains(base, {}, out);
    } else if (choice.what == node_kind::literal) {
      done = add_contains(base, choice.text, out);
    } else if (choice.what == node_kind::concat) {
      done = simplify_concat(choice, base, out);
    }
    if (!done) return false;
  }
  return true;
}

bool simplify_concat(const regex_node& node, base_literal base, std::vector<test>& out) {
  std::size_t parts = 0;
  bool own_literal = false;
  bool chosen = false;
  for (const regex_node& raw : node.children) {
    const regex_node& part = without_captures(raw);
    if (part.what == node_kind::empty) continue;
    if (++parts > concat_parts_max) return false;
    if (part.what == node_kind::literal) {
      if (own_literal) return false;
      own_literal = true;
      base.text += part.text;
      base.ignore_case = part.fold_case;
      base.present = true;
    } else if (part.what == node_kind::alternate && base.present) {
      if (!simplify_choices(part, base, out)) return false;
      chosen = true;
    } else if (!is_dots(part)) {
      return false;
    }
  }
  if (!base.present) return false;
  return chosen || add_contains(base, {}, out);
}

bool simplify(const regex_node& raw, std::vector<test>& out) {
  const regex_node& node = without_captures(raw);
  switch (node.what) {
    case node_kind::empty:
      out.push_back({test::kind::always, {}, false});
      return true;
    case node_kind::literal:
      if (node.fold_case && !is_ascii(node.text)) return false;
      out.push_back({test::kind::equals, to_utf8(node.text), node.fold_case});
      return true;
    case node_kind::star:
      if (!is_dots(node)) return false;
      out.push_back({test::kind::always, {}, false});
      return true;
    case node_kind::plus:
      if (node.children[0].what != node_kind::any_not_newline) return false;
      out.push_back({test::kind::not_empty, {}, false});
      return true;
    case node_kind::concat:
      return simplify_concat(node, {}, out);
    case node_kind::alternate:
      for (const regex_node& child : node.children) {
        if (!simplify(child, out)) return false;
      }
      return true;
    default:
      return false;
  }
}

// Loki drops alternatives that every text passes, unless there are no others.
void drop_idle_choices(std::vector<test>& tests) {
  const auto is_idle = [](const test& item) { return item.what == test::kind::always; };
  if (!std::all_of(tests.begin(), tests.end(), is_idle)) std::erase_if(tests, is_idle);
}

bool holds(const test& item, const literal_search& search, std::string_view value) {
  switch (item.what) {
    case test::kind::always:
      return true;
    case test::kind::not_empty:
      return !value.empty();
    case test::kind::equals:
      return value.size() == item.text.size() && (item.text.empty() || search.is_in(value));
    case test::kind::contains:
      return search.is_in(value);
  }
  return false;
}

}  // namespace

result<label_regex> label_regex::compile(std::string_view regex) {
  label_regex compiled;
  const std::optional<regex_node> node = read_regex(regex);
  SKALD_TRY_ASSIGN(regex_filter filter, regex_filter::compile(regex, regex_anchoring::whole_text));
  if (node.has_value() && simplify(*node, compiled.tests_)) {
    drop_idle_choices(compiled.tests_);
    for (const test& item : compiled.tests_) {
      compiled.searches_.emplace_back(
          item.text, item.ignore_case ? letter_case::ignore_ascii : letter_case::exact);
    }
    return compiled;
  }
  compiled.tests_.clear();
  compiled.regex_ = std::move(filter);
  return compiled;
}

bool label_regex::matches(std::string_view value) const {
  if (regex_.has_value()) return regex_->matches(value);
  for (std::size_t i = 0; i < tests_.size(); ++i) {
    if (holds(tests_[i], searches_[i], value)) return true;
  }
  return false;
}

std::optional<std::string> line_regex_in_effect(std::string_view regex) {
  const std::optional<regex_node> node = read_regex(regex);
  std::vector<test> tests;
  if (!node.has_value() || !simplify(*node, tests)) return std::nullopt;
  const std::size_t written = tests.size();
  drop_idle_choices(tests);
  if (tests.front().what == test::kind::always) return std::string();
  if (tests.size() == written) return std::nullopt;
  std::string out;
  for (const test& item : tests) {
    if (!out.empty()) out += '|';
    if (item.what == test::kind::not_empty) {
      out += "(?s:.)";
    } else {
      out += item.ignore_case ? "(?i:" : "(?:";
      out += re2::RE2::QuoteMeta(item.text) + ')';
    }
  }
  return out;
}

}  // namespace skald::logql
