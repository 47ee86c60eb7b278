// SPDX-License-Identifier: Apache-2.0
#include "testing/reference/plain_alternation.h"

#include <algorithm>

namespace skald::logql::reference {
namespace {

struct branch {
  enum class kind { empty, text, one_character, prefix };
  kind what;
  std::string text;           // of text and prefix
  std::vector<branch> rests;  // behind a prefix
};

std::size_t common_length(const std::string& a, const std::string& b) {
  const auto [end, unused] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  return static_cast<std::size_t>(end - a.begin());
}

std::vector<branch> factored(const std::vector<std::string>& texts);

branch run_of(const std::vector<std::string>& texts, const std::string& prefix) {
  if (texts.size() == 1) {
    return {texts[0].empty() ? branch::kind::empty : branch::kind::text, texts[0], {}};
  }
  std::vector<std::string> rests;
  for (const std::string& text : texts) rests.push_back(text.substr(prefix.size()));
  return {branch::kind::prefix, prefix, factored(rests)};
}

// Neighbours that are one character each become a class, empty neighbours one.
void join_neighbours(std::vector<branch>& branches) {
  std::vector<branch> joined;
  for (branch& next : branches) {
    if (!joined.empty()) {
      branch& last = joined.back();
      const auto is_character = [](const branch& b) {
        return b.what == branch::kind::one_character || b.text.size() == 1;
      };
      const bool plain = next.what == branch::kind::text;
      if (plain && last.what != branch::kind::prefix && is_character(last) && is_character(next)) {
        last = {branch::kind::one_character, "", {}};
        continue;
      }
      if (next.what == branch::kind::empty && last.what == branch::kind::empty) continue;
    }
    joined.push_back(std::move(next));
  }
  branches = std::move(joined);
}

std::vector<branch> factored(const std::vector<std::string>& texts) {
  std::vector<branch> out;
  std::vector<std::string> run;
  std::string prefix;
  for (const std::string& text : texts) {
    const std::size_t common = run.empty() ? 0 : common_length(prefix, text);
    if (common > 0) {
      prefix.resize(common);
    } else {
      if (!run.empty()) out.push_back(run_of(run, prefix));
      run.clear();
      prefix = text;
    }
    run.push_back(text);
  }
  if (!run.empty()) out.push_back(run_of(run, prefix));
  join_neighbours(out);
  return out;
}

// Whether one of `rests` stands behind `base` somewhere; false in `known` when a class is met.
bool contains_any(const std::string& base, const std::vector<branch>& rests,
                  const std::string& value, bool& known) {
  bool found = false;
  for (const branch& rest : rests) {
    if (rest.what == branch::kind::one_character) known = false;
    if (rest.what == branch::kind::prefix) {
      found |= contains_any(base + rest.text, rest.rests, value, known);
    } else {
      found |= value.find(base + rest.text) != std::string::npos;
    }
  }
  return found;
}

}  // namespace

std::optional<bool> alternation_matches(const std::vector<std::string>& texts,
                                        const std::string& value) {
  bool known = true;
  bool any = false;
  bool has_text = false;
  for (const branch& one : factored(texts)) {
    // Alternatives that everything passes are dropped, unless there are no others.
    if (one.what == branch::kind::empty) continue;
    has_text = true;
    if (one.what == branch::kind::one_character) known = false;
    if (one.what == branch::kind::text) any |= value == one.text;
    if (one.what == branch::kind::prefix) any |= contains_any(one.text, one.rests, value, known);
  }
  if (!known) return std::nullopt;
  return any || !has_text;
}

}  // namespace skald::logql::reference
