// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/drop_keep.h"

namespace skald::logql {

result<std::vector<label_choice>> compile_label_choices(
    const std::vector<named_label_matcher>& labels) {
  std::vector<label_choice> choices;
  for (const named_label_matcher& item : labels) {
    label_choice choice{item.name, std::nullopt};
    if (item.matcher.has_value()) {
      SKALD_TRY_ASSIGN(choice.matcher,
                       label_matcher::make(item.name, item.matcher->op, item.matcher->value));
    }
    choices.push_back(std::move(choice));
  }
  return choices;
}

drop_stage::drop_stage(label_builder& labels, std::vector<label_choice> choices)
    : choices_(std::move(choices)) {
  for (const label_choice& choice : choices_) names_.push_back(labels.intern(choice.name));
}

bool drop_stage::process(row_context& row) {
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    const label_choice& choice = choices_[i];
    if (choice.name == error_label) {
      const bool drops = !choice.matcher || choice.matcher->matches(row.labels.error());
      if (drops) row.labels.clear_error();
      continue;
    }
    if (choice.name == error_details_label) {
      const bool drops = !choice.matcher || choice.matcher->matches(row.labels.error_details());
      if (drops) row.labels.clear_error_details();
      continue;
    }
    std::string_view value;
    const bool present = row.labels.get(names_[i], value);
    // An absent label that a matcher accepts counts as deleted, which lets error details show.
    if (choice.matcher ? choice.matcher->matches(value) : present) row.labels.erase(names_[i]);
  }
  return true;
}

bool keep_stage::is_kept(std::string_view name, std::string_view value) const {
  if (name == error_label || name == error_details_label || name == preserve_error_label) {
    return true;
  }
  for (const label_choice& choice : choices_) {
    if (choice.name == name && (!choice.matcher || choice.matcher->matches(value))) return true;
  }
  return false;
}

bool keep_stage::process(row_context& row) {
  doomed_.clear();
  row.labels.for_each([&](std::string_view name, std::string_view value, label_category) {
    if (!is_kept(name, value)) doomed_.push_back(row.labels.find(name));
  });
  for (const name_id id : doomed_) row.labels.erase(id);
  return true;
}

}  // namespace skald::logql
