// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/regexp_parser.h"

#include <re2/re2.h>

#include <set>

#include "runtime/logql/pipeline/parser/key_cache.h"
#include "runtime/logql/scan/go_regex.h"

namespace skald::logql {
regexp_extraction::regexp_extraction() = default;
regexp_extraction::~regexp_extraction() = default;

result<std::shared_ptr<const regexp_extraction>> regexp_extraction::compile(
    std::string_view pattern) {
  SKALD_TRY_ASSIGN(std::unique_ptr<re2::RE2> regex, compile_go_regex(pattern));
  std::shared_ptr<regexp_extraction> extraction(new regexp_extraction());
  std::set<std::string> seen;
  for (const auto& [number, name] : regex->CapturingGroupNames()) {
    if (!seen.insert(name).second) {
      return skald::error{errc::invalid_argument, "duplicate extracted label name '" + name + "'"};
    }
    extraction->groups_.emplace_back(number, name);
  }
  if (extraction->groups_.empty()) {
    return skald::error{errc::invalid_argument, "at least one named capture must be supplied"};
  }
  extraction->regex_ = std::move(regex);
  return std::shared_ptr<const regexp_extraction>(std::move(extraction));
}

struct regexp_parser::scratch {
  std::vector<re2::StringPiece> groups;
};

regexp_parser::regexp_parser(label_builder& labels,
                             std::shared_ptr<const regexp_extraction> extraction)
    : extraction_(std::move(extraction)), scratch_(std::make_unique<scratch>()) {
  int last = 0;
  for (const auto& [number, name] : extraction_->groups()) {
    std::string sanitized;
    append_sanitized(sanitized, name);
    names_.push_back(labels.intern(sanitized));
    last = number;
  }
  scratch_->groups.resize(static_cast<std::size_t>(last) + 1);
}

regexp_parser::~regexp_parser() = default;

bool regexp_parser::process(row_context& row) {
  std::string_view line = row.line;
  if (!is_valid_utf8(line)) line = row.arena.keep(replace_invalid_utf8(line));
  const re2::StringPiece text(line.data(), line.size());
  if (!extraction_->regex().Match(text, 0, text.size(), re2::RE2::UNANCHORED,
                                  scratch_->groups.data(),
                                  static_cast<int>(scratch_->groups.size()))) {
    return true;
  }
  for (std::size_t i = 0; i < names_.size(); ++i) {
    const name_id name = row.labels.parsed_name(names_[i]);
    if (row.labels.is_extracted(name)) continue;
    const auto number = static_cast<std::size_t>(extraction_->groups()[i].first);
    const re2::StringPiece& group = scratch_->groups[number];
    row.labels.set_parsed(name, group.data() == nullptr
                                    ? std::string_view()
                                    : std::string_view(group.data(), group.size()));
    if (!row.labels.passes_early(name, row)) return false;
  }
  return true;
}

}  // namespace skald::logql
