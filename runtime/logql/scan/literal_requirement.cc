// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/literal_requirement.h"

#include <algorithm>
#include <utility>

#include "runtime/logql/scan/regex_syntax.h"

namespace skald::logql {
namespace {

using node_kind = regex_node::kind;
using need_kind = literal_requirement::kind;

constexpr std::size_t exact_max = 16;         // alternatives carried along a concatenation
constexpr std::size_t exact_bytes_max = 256;  // of one of them
constexpr std::size_t class_expand_max = 4;

literal_requirement always() {
  return {};
}

std::size_t literal_count(const literal_requirement& need) {
  if (need.what == need_kind::text) return 1;
  std::size_t count = 0;
  for (const literal_requirement& child : need.children) count += literal_count(child);
  return count;
}

// The length of the literal that says least: what the requirement is worth.
std::size_t selectivity(const literal_requirement& need) {
  switch (need.what) {
    case need_kind::always:
      return 0;
    case need_kind::text:
      return need.text.size();
    case need_kind::any_of: {
      std::size_t least = need.children.empty() ? 0 : selectivity(need.children[0]);
      for (const literal_requirement& child : need.children) {
        least = std::min(least, selectivity(child));
      }
      return least;
    }
    case need_kind::all_of: {
      std::size_t most = 0;
      for (const literal_requirement& child : need.children) {
        most = std::max(most, selectivity(child));
      }
      return most;
    }
  }
  return 0;
}

void add_factor(std::vector<literal_requirement>& factors, literal_requirement need) {
  if (need.is_always()) return;
  if (need.what == need_kind::all_of) {
    for (literal_requirement& child : need.children) add_factor(factors, std::move(child));
    return;
  }
  if (std::find(factors.begin(), factors.end(), need) == factors.end()) {
    factors.push_back(std::move(need));
  }
}

literal_requirement all_of(std::vector<literal_requirement> factors) {
  std::size_t total = 0;
  for (const literal_requirement& factor : factors) total += literal_count(factor);
  while (total > required_literals_max && !factors.empty()) {
    const auto least = std::min_element(factors.begin(), factors.end(), [](auto& a, auto& b) {
      return selectivity(a) < selectivity(b);
    });
    total -= literal_count(*least);
    factors.erase(least);
  }
  if (factors.empty()) return always();
  if (factors.size() == 1) {
    literal_requirement only = std::move(factors[0]);
    return only;
  }
  literal_requirement need;
  need.what = need_kind::all_of;
  need.children = std::move(factors);
  return need;
}

literal_requirement any_of(std::vector<literal_requirement> branches) {
  literal_requirement need;
  need.what = need_kind::any_of;
  for (literal_requirement& branch : branches) {
    if (branch.is_always()) return always();
    std::vector<literal_requirement> parts;
    if (branch.what == need_kind::any_of) {
      parts = std::move(branch.children);
    } else {
      parts.push_back(std::move(branch));
    }
    for (literal_requirement& part : parts) {
      const auto at = std::find(need.children.begin(), need.children.end(), part);
      if (at == need.children.end()) need.children.push_back(std::move(part));
    }
  }
  if (need.children.empty() || literal_count(need) > required_literals_max) return always();
  if (need.children.size() == 1) {
    literal_requirement only = std::move(need.children[0]);
    return only;
  }
  return need;
}

// What a part of the expression matches, as far as it is a small set of texts.
struct exact_set {
  std::vector<std::string> texts;  // never empty
  bool ignore_case = false;
};

literal_requirement requirement_of(const exact_set& exact) {
  std::vector<literal_requirement> branches;
  for (const std::string& text : exact.texts) {
    if (text.empty()) return always();
    literal_requirement need;
    need.what = need_kind::text;
    need.text = text;
    need.ignore_case = exact.ignore_case;
    branches.push_back(std::move(need));
  }
  return any_of(std::move(branches));
}

std::string lower_ascii(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return text;
}

bool ascii_only(const exact_set& set) {
  return std::all_of(set.texts.begin(), set.texts.end(), [](const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
  });
}

// Every text of `left` before every text of `right`. False when that is too much, or mixes folded
// with non-ASCII text.
bool append_product(exact_set& left, const exact_set& right) {
  if (left.texts.size() * right.texts.size() > exact_max) return false;
  const bool ignore = left.ignore_case || right.ignore_case;
  if (ignore && !(ascii_only(left) && ascii_only(right))) return false;
  std::vector<std::string> product;
  for (const std::string& a : left.texts) {
    for (const std::string& b : right.texts) {
      product.push_back(ignore ? lower_ascii(a + b) : a + b);
      if (product.back().size() > exact_bytes_max) return false;
    }
  }
  left.texts = std::move(product);
  left.ignore_case = ignore;
  return true;
}

// U+FFFD in a pattern also stands for invalid bytes of the text, and NUL is not worth a risk.
bool is_plain(char32_t c) {
  return c != 0xFFFD && c != 0;
}

bool exact_of_class(const regex_node& node, exact_set& out) {
  if (node.ranges.empty()) return false;
  for (const auto& [low, high] : node.ranges) {
    if (high - low >= class_expand_max) return false;
    for (char32_t c = low; c <= high; ++c) {
      if (!is_plain(c) || (node.fold_case && c >= 0x80)) return false;
      if (out.texts.size() == class_expand_max) return false;
      std::string text = to_utf8(std::u32string(1, c));
      out.texts.push_back(node.fold_case ? lower_ascii(std::move(text)) : std::move(text));
    }
  }
  out.ignore_case = node.fold_case;
  return true;
}

bool exact_of_literal(const regex_node& node, exact_set& out) {
  if (node.fold_case && !is_ascii(node.text)) return false;
  if (!std::all_of(node.text.begin(), node.text.end(), is_plain)) return false;
  out.texts.push_back(to_utf8(node.text));
  out.ignore_case = node.fold_case;
  return out.texts.back().size() <= exact_bytes_max;
}

// The small set of texts that the node matches, or false.
bool exact_of(const regex_node& node, exact_set& out) {
  switch (node.what) {
    case node_kind::empty:
      out.texts.emplace_back();
      return true;
    case node_kind::literal:
      return exact_of_literal(node, out);
    case node_kind::char_class:
      return exact_of_class(node, out);
    case node_kind::capture:
      return exact_of(node.children[0], out);
    case node_kind::concat: {
      out.texts.emplace_back();
      for (const regex_node& child : node.children) {
        exact_set part;
        if (!exact_of(child, part) || !append_product(out, part)) return false;
      }
      return true;
    }
    case node_kind::alternate: {
      for (const regex_node& child : node.children) {
        exact_set part;
        if (!exact_of(child, part)) return false;
        // One flag for the whole set: mixed branches stay apart.
        if (!out.texts.empty() && out.ignore_case != part.ignore_case) return false;
        out.ignore_case = part.ignore_case;
        for (std::string& text : part.texts) out.texts.push_back(std::move(text));
        if (out.texts.size() > exact_max) return false;
      }
      return true;
    }
    default:
      return false;
  }
}

literal_requirement analyze(const regex_node& node);

literal_requirement analyze_concat(const regex_node& node) {
  std::vector<literal_requirement> factors;
  exact_set run{{""}, false};
  for (const regex_node& child : node.children) {
    exact_set part;
    const bool is_exact = exact_of(child, part);
    if (is_exact && append_product(run, part)) continue;
    // x+ extends the run by one x; behind it a new run begins.
    const bool repeats = child.what == node_kind::plus || child.what == node_kind::repeated;
    exact_set once;
    const bool joined = repeats && exact_of(child.children[0], once) && append_product(run, once);
    add_factor(factors, requirement_of(run));
    if (is_exact) {
      run = std::move(part);
      continue;
    }
    run = exact_set{{""}, false};
    if (!joined) add_factor(factors, analyze(child));
  }
  add_factor(factors, requirement_of(run));
  return all_of(std::move(factors));
}

literal_requirement analyze(const regex_node& node) {
  exact_set exact;
  if (exact_of(node, exact)) return requirement_of(exact);
  switch (node.what) {
    case node_kind::capture:
    case node_kind::plus:
    case node_kind::repeated:
      return analyze(node.children[0]);
    case node_kind::concat:
      return analyze_concat(node);
    case node_kind::alternate: {
      std::vector<literal_requirement> branches;
      for (const regex_node& child : node.children) branches.push_back(analyze(child));
      return any_of(std::move(branches));
    }
    default:
      return always();
  }
}

void print(const literal_requirement& need, std::string& out) {
  switch (need.what) {
    case need_kind::always:
      out += '*';
      return;
    case need_kind::text:
      out += need.ignore_case ? "i\"" : "\"";
      out += need.text;
      out += '"';
      return;
    default:
      break;
  }
  out += need.what == need_kind::all_of ? "and(" : "or(";
  for (std::size_t i = 0; i < need.children.size(); ++i) {
    if (i > 0) out += ", ";
    print(need.children[i], out);
  }
  out += ')';
}

}  // namespace

literal_requirement required_literals(std::string_view regex) {
  const std::optional<regex_node> node = read_regex(regex);
  return node.has_value() ? analyze(*node) : always();
}

std::string to_string(const literal_requirement& requirement) {
  std::string out;
  print(requirement, out);
  return out;
}

}  // namespace skald::logql
