// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/logfmt_parser.h"

#include <algorithm>

#include "runtime/logql/pipeline/parser/json_scanner.h"
#include "runtime/logql/pipeline/parser/logfmt_scanner.h"

namespace skald::logql {
namespace {

constexpr std::string_view logfmt_parser_error = "LogfmtParserErr";

}  // namespace

logfmt_parser::logfmt_parser(label_builder& labels, const logfmt_options& options)
    : options_(options), keys_(labels), preserve_name_(labels.intern(preserve_error_label)) {}

bool logfmt_parser::process(row_context& row) {
  label_builder& labels = row.labels;
  if (labels.no_labels()) return true;
  keys_.begin_line();
  logfmt_scanner scanner(row.line, row.arena);
  while (!scanner.at_end()) {
    if (!scanner.next()) {
      if (options_.strict && scanner.first_error() != logfmt_error::none) break;
      continue;
    }
    const name_id found = keys_.at(keys_.find(key_cache::root, scanner.key())).name;
    if (found == no_name) continue;
    const name_id name = labels.parsed_name(found);
    if (labels.is_extracted(name) || !labels.is_wanted(name)) continue;
    const std::string_view value = without_replacement_runes(scanner.value(), row.arena);
    if (value.empty() && !options_.keep_empty) continue;
    labels.set_parsed(name, value);
    if (!labels.passes_early(name, row)) return false;
    if (labels.all_required_extracted()) break;
  }
  if (options_.strict && scanner.first_error() != logfmt_error::none) {
    labels.set_error(logfmt_parser_error, row.arena.keep(scanner.error_text()));
    if (labels.preserves_error()) labels.set_parsed(preserve_name_, "true");
  }
  return true;
}

logfmt_expression_parser::logfmt_expression_parser(label_builder& labels,
                                                   const std::vector<target>& targets, bool strict)
    : strict_(strict), keys_(labels), preserve_name_(labels.intern(preserve_error_label)) {
  for (const target& item : targets) {
    const name_id name = labels.intern(item.name);
    const auto same = std::find(names_.begin(), names_.end(), name);
    if (same != names_.end()) {
      line_keys_[static_cast<std::size_t>(same - names_.begin())] = item.key;
      continue;
    }
    names_.push_back(name);
    line_keys_.push_back(item.key);
  }
}

// Of targets that want the same key the first gets it. A key that no target wants, but that is
// called like one, is stored under its own name.
std::size_t logfmt_expression_parser::target_of(const key_cache::node& key) const {
  const auto wanted = std::find(line_keys_.begin(), line_keys_.end(), key.path);
  if (wanted != line_keys_.end()) return static_cast<std::size_t>(wanted - line_keys_.begin());
  return static_cast<std::size_t>(std::find(names_.begin(), names_.end(), key.name) -
                                  names_.begin());
}

// False ends the line.
bool logfmt_expression_parser::store(std::size_t target, std::string_view value,
                                     row_context& row) const {
  label_builder& labels = row.labels;
  const name_id name = labels.parsed_name(names_[target]);
  if (name != names_[target] && !labels.is_wanted(name)) return false;
  // A value that would need repair is dropped.
  const std::string_view cleaned = without_replacement_runes(value, row.arena);
  labels.set_parsed(name, cleaned.data() == value.data() ? cleaned : std::string_view());
  return !labels.all_required_extracted();
}

bool logfmt_expression_parser::process(row_context& row) {
  label_builder& labels = row.labels;
  if (labels.no_labels()) return true;
  for (const name_id name : names_) {
    if (labels.parsed_name(name) == name) labels.set_parsed(name, "");
  }
  keys_.begin_line();
  logfmt_scanner scanner(row.line, row.arena);
  while (!scanner.at_end()) {
    if (!scanner.next()) {
      if (strict_ && scanner.first_error() != logfmt_error::none) break;
      continue;
    }
    const key_cache::node& key = keys_.at(keys_.find(key_cache::root, scanner.key()));
    if (key.name == no_name) continue;
    // Hints are asked for the key of the line, not for the target that it goes to.
    const bool is_target = std::find(names_.begin(), names_.end(), key.name) != names_.end();
    if (!is_target && !labels.is_wanted(key.name)) continue;
    const std::size_t target = target_of(key);
    if (target == names_.size()) continue;
    if (!store(target, scanner.value(), row)) break;
  }
  if (strict_ && scanner.first_error() != logfmt_error::none) {
    labels.set_error(logfmt_parser_error, row.arena.keep(scanner.error_text()));
    if (labels.preserves_error()) labels.set_parsed(preserve_name_, "true");
  }
  return true;
}

}  // namespace skald::logql
