// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/logfmt_parser.h"

#include <utility>

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
                                                   std::vector<target> targets, bool strict)
    : targets_(std::move(targets)), strict_(strict), keys_(labels) {
  for (const target& item : targets_) names_.push_back(labels.intern(item.name));
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
    const std::string_view key = keys_.at(keys_.find(key_cache::root, scanner.key())).path;
    if (key.empty()) continue;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (targets_[i].key != key) continue;
      const std::string_view cleaned = without_replacement_runes(scanner.value(), row.arena);
      // A value that would need repair is dropped.
      const bool clean = cleaned.data() == scanner.value().data();
      labels.set_parsed(labels.parsed_name(names_[i]), clean ? cleaned : std::string_view());
    }
  }
  if (strict_ && scanner.first_error() != logfmt_error::none) {
    labels.set_error(logfmt_parser_error, row.arena.keep(scanner.error_text()));
  }
  return true;
}

}  // namespace skald::logql
