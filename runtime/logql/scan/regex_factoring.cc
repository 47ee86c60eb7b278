// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/regex_factoring.h"

#include <utility>

namespace skald::logql {
namespace {

using kind = regex_node::kind;

bool is_single(const regex_node& node) {
  return node.what == kind::char_class || node.what == kind::any ||
         node.what == kind::any_not_newline ||
         (node.what == kind::literal && node.text.size() == 1);
}

// The literal that the node begins with, or null.
const regex_node* leading_literal(const regex_node& node) {
  const regex_node* first = &node;
  if (first->what == kind::concat && !first->children.empty()) first = &first->children[0];
  return first->what == kind::literal ? first : nullptr;
}

// What is left of a concatenation without its first child.
regex_node without_first(regex_node node) {
  if (node.what != kind::concat) return regex_node();
  node.children.erase(node.children.begin());
  if (node.children.empty()) return regex_node();
  if (node.children.size() == 1) {
    regex_node only = std::move(node.children[0]);
    return only;
  }
  return node;
}

regex_node without_prefix(regex_node node, std::size_t runes) {
  regex_node& literal = node.what == kind::concat ? node.children[0] : node;
  literal.text.erase(0, runes);
  if (!literal.text.empty()) return node;
  return without_first(std::move(node));
}

// Runs of branches that begin with the same literal: prefix(rest|rest).
std::vector<regex_node> factor_literals(std::vector<regex_node> branches) {
  std::vector<regex_node> out;
  std::size_t start = 0;
  while (start < branches.size()) {
    const regex_node* first = leading_literal(branches[start]);
    std::size_t common = first == nullptr ? 0 : first->text.size();
    std::size_t end = start + 1;
    for (; common > 0 && end < branches.size(); ++end) {
      const regex_node* other = leading_literal(branches[end]);
      if (other == nullptr || other->fold_case != first->fold_case) break;
      std::size_t same = 0;
      while (same < common && same < other->text.size() && first->text[same] == other->text[same]) {
        ++same;
      }
      if (same == 0) break;
      common = same;
    }
    if (end == start + 1) {
      out.push_back(std::move(branches[start]));
    } else {
      regex_node prefix;
      prefix.what = kind::literal;
      prefix.fold_case = first->fold_case;
      prefix.text = first->text.substr(0, common);
      std::vector<regex_node> rest;
      for (std::size_t i = start; i < end; ++i) {
        rest.push_back(without_prefix(std::move(branches[i]), common));
      }
      regex_node node;
      node.what = kind::concat;
      node.children.push_back(std::move(prefix));
      node.children.push_back(join_alternate(std::move(rest)));
      out.push_back(std::move(node));
    }
    start = end;
  }
  return out;
}

// Runs of branches that begin with the same class (or `.`).
std::vector<regex_node> factor_classes(std::vector<regex_node> branches) {
  std::vector<regex_node> out;
  std::size_t start = 0;
  const auto lead = [](const regex_node& node) -> const regex_node& {
    return node.what == kind::concat && !node.children.empty() ? node.children[0] : node;
  };
  while (start < branches.size()) {
    // A copy: the branch that it is in is moved from below.
    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization)
    const regex_node first = lead(branches[start]);
    std::size_t end = start + 1;
    if (is_single(first) && !(first.what == kind::char_class && first.ranges.empty())) {
      while (end < branches.size() && lead(branches[end]) == first) ++end;
    }
    if (end == start + 1) {
      out.push_back(std::move(branches[start]));
    } else {
      std::vector<regex_node> rest;
      for (std::size_t i = start; i < end; ++i)
        rest.push_back(without_first(std::move(branches[i])));
      regex_node node;
      node.what = kind::concat;
      node.children.push_back(first);
      node.children.push_back(join_alternate(std::move(rest)));
      out.push_back(std::move(node));
    }
    start = end;
  }
  return out;
}

void add_to_class(regex_node& out, const regex_node& node, bool& unknown) {
  if (node.what == kind::literal) {
    out.ranges.emplace_back(node.text[0], node.text[0]);
    out.fold_case = out.fold_case || node.fold_case;
  } else if (node.what == kind::char_class && !node.ranges.empty()) {
    out.ranges.insert(out.ranges.end(), node.ranges.begin(), node.ranges.end());
    out.fold_case = out.fold_case || node.fold_case;
  } else {
    unknown = true;
  }
}

// Runs of single characters become one class; runs of empty branches become one.
std::vector<regex_node> merge_singles(std::vector<regex_node> branches) {
  std::vector<regex_node> out;
  for (std::size_t i = 0; i < branches.size();) {
    std::size_t end = i;
    while (end < branches.size() && is_single(branches[end])) ++end;
    if (end >= i + 2) {
      regex_node merged;
      merged.what = kind::char_class;
      bool unknown = false;
      for (std::size_t k = i; k < end; ++k) add_to_class(merged, branches[k], unknown);
      if (unknown) merged.ranges.clear();
      out.push_back(std::move(merged));
      i = end;
      continue;
    }
    const bool repeated_empty =
        branches[i].what == kind::empty && !out.empty() && out.back().what == kind::empty;
    if (!repeated_empty) out.push_back(std::move(branches[i]));
    ++i;
  }
  return out;
}

}  // namespace

regex_node join_concat(std::vector<regex_node> items) {
  std::vector<regex_node> flat;
  for (regex_node& item : items) {
    if (item.what == kind::concat) {
      for (regex_node& child : item.children) flat.push_back(std::move(child));
    } else {
      flat.push_back(std::move(item));
    }
  }
  regex_node node;
  node.what = kind::concat;
  for (regex_node& item : flat) {
    const bool joins = item.what == kind::literal && !node.children.empty() &&
                       node.children.back().what == kind::literal &&
                       node.children.back().fold_case == item.fold_case;
    if (joins) {
      node.children.back().text += item.text;
    } else {
      node.children.push_back(std::move(item));
    }
  }
  if (node.children.empty()) return regex_node();
  if (node.children.size() == 1) {
    regex_node only = std::move(node.children[0]);
    return only;
  }
  return node;
}

regex_node join_alternate(std::vector<regex_node> branches) {
  std::vector<regex_node> flat;
  for (regex_node& branch : branches) {
    if (branch.what == kind::alternate) {
      for (regex_node& child : branch.children) flat.push_back(std::move(child));
    } else {
      flat.push_back(std::move(branch));
    }
  }
  if (flat.size() > 1) {
    flat = merge_singles(factor_classes(factor_literals(std::move(flat))));
  }
  if (flat.size() == 1) {
    regex_node only = std::move(flat[0]);
    return only;
  }
  regex_node node;
  node.what = kind::alternate;
  node.children = std::move(flat);
  return node;
}

}  // namespace skald::logql
