// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/regex_expansion.h"

#include <algorithm>

namespace skald::logql {
namespace {

struct group_reference {
  std::string name;
  std::size_t length = 0;  // of the text behind the dollar; 0: no reference
};

// Reads `name` or `{name}`; names are letters, digits and underscores of any script.
group_reference read_reference(std::string_view text) {
  static const re2::RE2 name_pattern(R"([\pL\p{Nd}_]+)");
  const bool in_braces = text.starts_with('{');
  if (in_braces) text.remove_prefix(1);
  const re2::StringPiece source(text.data(), text.size());
  re2::StringPiece name;
  if (!name_pattern.Match(source, 0, text.size(), re2::RE2::ANCHOR_START, &name, 1)) return {};
  if (!in_braces) return {std::string(name.data(), name.size()), name.size()};
  if (text.substr(name.size(), 1) != "}") return {};
  return {std::string(name.data(), name.size()), name.size() + 2};
}

// The number of the group, or -1 when there is none. Numbers with a leading zero are names.
int find_group(const re2::RE2& regex, const std::string& name) {
  constexpr std::size_t digits_max = 8;
  const bool is_number = name.find_first_not_of("0123456789") == std::string::npos &&
                         (name.size() == 1 || name[0] != '0') && name.size() <= digits_max;
  if (is_number) {
    const int number = std::stoi(name);
    return number <= regex.NumberOfCapturingGroups() ? number : -1;
  }
  const auto found = regex.NamedCapturingGroups().find(name);
  return found == regex.NamedCapturingGroups().end() ? -1 : found->second;
}

}  // namespace

regex_expansion::regex_expansion(const re2::RE2& regex, std::string_view text) {
  std::string literal;
  while (!text.empty()) {
    const std::size_t dollar = std::min(text.find('$'), text.size());
    literal += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    text.remove_prefix(1);
    const group_reference reference = read_reference(text);
    if (text.starts_with('$')) {
      literal += '$';
      text.remove_prefix(1);
    } else if (reference.length == 0) {
      literal += '$';  // no reference: the dollar stands for itself
    } else {
      text.remove_prefix(reference.length);
      parts_.push_back({std::move(literal), find_group(regex, reference.name)});
      literal.clear();
    }
  }
  parts_.push_back({std::move(literal), -1});
}

void regex_expansion::append(std::string& out, const std::vector<re2::StringPiece>& groups,
                             std::size_t bytes_max) const {
  for (const part& each : parts_) {
    if (out.size() > bytes_max) return;
    out += each.text;
    if (each.group >= 0) out.append(groups[each.group].data(), groups[each.group].size());
  }
}

}  // namespace skald::logql
