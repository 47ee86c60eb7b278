// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/regex_filter.h"

#include <re2/re2.h>

#include <utility>

#include "runtime/logql/scan/go_regex.h"
#include "runtime/logql/scan/literal_requirement.h"
#include "runtime/logql/scan/lower_case_literals.h"
#include "runtime/logql/scan/regex_syntax.h"

namespace skald::logql {
namespace {

constexpr std::size_t cover_max = 8;  // literals searched before the expression

// Literals one of which every matching line holds; empty when there is no such small set.
struct literal_cover {
  std::vector<literal_search> literals;
  // Letters that some non-ASCII characters equal when case is ignored: i, k and s.
  bool has_folding_letters = false;
};

struct cover_choice {
  std::vector<const literal_requirement*> texts;
  std::size_t shortest = 0;
};

// One literal of at least 3 bytes beats several; longer beats shorter.
bool is_better(const cover_choice& a, const cover_choice& b) {
  if (b.texts.empty()) return true;
  const bool a_short = a.shortest < 3;
  const bool b_short = b.shortest < 3;
  if (a_short != b_short) return b_short;
  if (a.texts.size() != b.texts.size()) return a.texts.size() < b.texts.size();
  return a.shortest > b.shortest;
}

cover_choice choose_cover(const literal_requirement& need) {
  cover_choice choice;
  switch (need.what) {
    case literal_requirement::kind::always:
      break;
    case literal_requirement::kind::text:
      choice.texts.push_back(&need);
      choice.shortest = need.text.size();
      break;
    case literal_requirement::kind::all_of:
      for (const literal_requirement& child : need.children) {
        cover_choice other = choose_cover(child);
        if (!other.texts.empty() && is_better(other, choice)) choice = std::move(other);
      }
      break;
    case literal_requirement::kind::any_of:
      choice.shortest = std::string::npos;
      for (const literal_requirement& child : need.children) {
        const cover_choice other = choose_cover(child);
        if (other.texts.empty()) return {};
        choice.texts.insert(choice.texts.end(), other.texts.begin(), other.texts.end());
        choice.shortest = std::min(choice.shortest, other.shortest);
      }
      break;
  }
  if (choice.texts.size() > cover_max) return {};
  return choice;
}

literal_cover make_cover(const literal_requirement& need) {
  literal_cover cover;
  for (const literal_requirement* text : choose_cover(need).texts) {
    cover.literals.emplace_back(text->text,
                                text->ignore_case ? letter_case::ignore_ascii : letter_case::exact);
    cover.has_folding_letters =
        cover.has_folding_letters ||
        (text->ignore_case && text->text.find_first_of("iks") != std::string::npos);
  }
  return cover;
}

// Whether the expression holds exactly when one of its required literals does: literals and
// alternations of literals, with `.*` around them.
bool is_just_literals(const regex_node& node) {
  using kind = regex_node::kind;
  switch (node.what) {
    case kind::literal:
      return !node.fold_case;
    case kind::capture:
      return is_just_literals(node.children[0]);
    case kind::alternate:
      for (const regex_node& child : node.children) {
        if (!is_just_literals(child)) return false;
      }
      return true;
    case kind::concat: {
      int others = 0;
      for (const regex_node& child : node.children) {
        const bool dots =
            child.what == kind::star && child.children[0].what == kind::any_not_newline;
        if (dots) continue;
        if (++others > 1 || !is_just_literals(child)) return false;
      }
      return others == 1;
    }
    default:
      return false;
  }
}

}  // namespace

struct regex_filter::program {
  explicit program(std::unique_ptr<re2::RE2> compiled) : regex(std::move(compiled)) {}
  std::unique_ptr<re2::RE2> regex;
  regex_anchoring anchoring = regex_anchoring::unanchored;
  literal_cover cover;
  bool just_literals = false;

  bool run(std::string_view text) const {
    const re2::StringPiece piece(text.data(), text.size());
    const auto anchor =
        anchoring == regex_anchoring::whole_text ? re2::RE2::ANCHOR_BOTH : re2::RE2::UNANCHORED;
    return regex->Match(piece, 0, piece.size(), anchor, nullptr, 0);
  }
  // The same with invalid bytes seen as U+FFFD.
  bool run_repaired(std::string_view text) const {
    if (is_valid_utf8(text)) return run(text);
    return run(replace_invalid_utf8(text));
  }
  // Whether the cover can be trusted for text that may hold non-ASCII bytes.
  bool cover_is_safe(bool ascii) const {
    return !cover.literals.empty() && (ascii || !cover.has_folding_letters);
  }
  bool cover_hits(std::string_view text) const {
    for (const literal_search& literal : cover.literals) {
      if (literal.is_in(text)) return true;
    }
    return false;
  }
};

regex_filter::regex_filter(std::shared_ptr<const program> code) : code_(std::move(code)) {}

result<regex_filter> regex_filter::compile(std::string_view regex, regex_anchoring anchoring) {
  const std::optional<regex_node> node = read_regex(regex);
  const bool is_line_filter = anchoring == regex_anchoring::unanchored;
  const std::optional<std::string> lower_case =
      is_line_filter && node.has_value() ? with_lower_case_literals(*node) : std::nullopt;
  SKALD_TRY_ASSIGN(std::unique_ptr<re2::RE2> compiled,
                   compile_go_regex(lower_case ? std::string_view(*lower_case) : regex));
  auto code = std::make_shared<program>(std::move(compiled));
  code->anchoring = anchoring;
  const literal_requirement need = required_literals(regex);
  code->cover = make_cover(need);
  if (is_line_filter) {
    // The cover must be the whole requirement, not one factor of it.
    code->just_literals = node.has_value() && is_just_literals(*node) &&
                          !code->cover.literals.empty() &&
                          need.what != literal_requirement::kind::all_of;
  }
  regex_filter filter(std::move(code));
  filter.pattern_ = std::string(regex);
  return filter;
}

bool regex_filter::matches(std::string_view text) const {
  const bool ascii = !code_->cover.has_folding_letters || is_ascii_text(text);
  if (code_->cover_is_safe(ascii)) {
    const bool hit = code_->cover_hits(text);
    if (!hit || code_->just_literals) return hit;
  }
  return code_->run_repaired(text);
}

void regex_filter::select(const line_column& lines, const text_flags& flags,
                          std::span<const row_range> ranges, row_selection& out) const {
  if (!code_->cover_is_safe(flags.ascii)) {
    row_selection rows;
    select_all(ranges, rows);
    narrow(lines, flags, rows);
    out.insert(out.end(), rows.begin(), rows.end());
    return;
  }
  row_selection candidates;
  row_selection one;
  row_selection merged;
  for (const literal_search& literal : code_->cover.literals) {
    one.clear();
    literal.select(lines, ranges, one);
    merge_selections(candidates, one, merged);
    candidates.swap(merged);
  }
  if (!code_->just_literals) {
    std::erase_if(candidates, [&](std::uint32_t row) {
      const std::string_view line = lines.line(row);
      return !(flags.ascii || flags.utf8 ? code_->run(line) : code_->run_repaired(line));
    });
  }
  out.insert(out.end(), candidates.begin(), candidates.end());
}

void regex_filter::narrow(const line_column& lines, const text_flags& flags, row_selection& rows,
                          bool keep_hits) const {
  const bool safe = code_->cover_is_safe(flags.ascii);
  std::erase_if(rows, [&](std::uint32_t row) {
    const std::string_view line = lines.line(row);
    bool hit = !safe || code_->cover_hits(line);
    if (hit && !(safe && code_->just_literals)) {
      hit = flags.ascii || flags.utf8 ? code_->run(line) : code_->run_repaired(line);
    }
    return hit != keep_hits;
  });
}

}  // namespace skald::logql
