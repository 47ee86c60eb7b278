// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/column_rows.h"

#include <algorithm>

#include "runtime/logql/pipeline/label_builder.h"
#include "runtime/logql/pipeline/unwrap.h"

namespace skald::logql {
namespace {

constexpr auto known = static_cast<std::uint8_t>(row_verdict::known);
constexpr auto unknown = static_cast<std::uint8_t>(row_verdict::unknown);
constexpr auto refused = static_cast<std::uint8_t>(row_verdict::refused);

std::uint8_t code_of(label_verdict verdict) {
  switch (verdict) {
    case label_verdict::passes:
      return known;
    case label_verdict::sets_error:
      return unknown;
    case label_verdict::fails:
      return refused;
  }
  return unknown;
}

std::uint8_t bits(row_verdict verdict) {
  return static_cast<std::uint8_t>(verdict);
}

void join(row_verdict& verdict, std::uint8_t more) {
  verdict = static_cast<row_verdict>(bits(verdict) | more);
}

void join_all(std::span<row_verdict> verdicts, std::uint8_t more) {
  for (row_verdict& verdict : verdicts) join(verdict, more);
}

// What an OR says after one more of its conditions. A refused one of which a part was unknown may
// have set an error on the row, so that the row is not known either when a later one holds.
row_verdict either(row_verdict before, row_verdict next) {
  if ((bits(before) & refused) == 0) return before;
  const std::uint8_t doubt = bits(before) & unknown;
  return static_cast<row_verdict>(bits(next) | doubt);
}

}  // namespace

column_rows::column_rows(const column_plan& plan)
    : plan_(plan), columns_(plan.labels.size()), stream_values_(plan.labels.size()) {
  for (const column_condition& condition : plan.conditions) add_tests(condition);
}

void column_rows::add_tests(const column_condition& condition) {
  if (condition.what == column_condition::kind::test) {
    tests_.push_back({condition.label, condition.test.get(), condition.absent_is_unknown, {}});
  }
  for (const column_condition& child : condition.children) add_tests(child);
}

result<bool> column_rows::open(log_block& block) {
  ++block_number_;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    SKALD_TRY_ASSIGN(columns_[i], block.field(plan_.format, plan_.labels[i]));
    if (columns_[i] == nullptr) return false;
  }
  for (tested_values& values : tests_) {
    const field_column& column = *columns_[values.label];
    values.by_code.assign(column.values.size() + field_column::first_value, untested);
    values.by_code[field_column::unknown] = unknown;
    values.by_code[field_column::absent] =
        values.absent_is_unknown ? unknown : code_of(values.test->of_absent());
  }
  if (plan_.complete && plan_.sample) {
    const field_column& column = *columns_[plan_.sample->label];
    samples_.resize(column.values.size() + field_column::first_value);
    sample_states_.assign(samples_.size(), untested);
    sample_states_[field_column::unknown] = unknown;
    sample_states_[field_column::absent] = refused;
  }
  return true;
}

// A label that the stream has is the stream's: the parser's goes by another name.
void column_rows::enter_run(const row_run& run) {
  for (std::size_t i = 0; i < plan_.labels.size(); ++i) {
    const std::string& name = plan_.labels[i];
    stream_values_[i].reset();
    if (run.stream->labels.has(name)) stream_values_[i] = run.stream->labels.get(name);
  }
}

void column_rows::judge(const row_run& run, const row_range& range, const metadata_column& metadata,
                        std::span<row_verdict> verdicts) {
  enter_run(run);
  const std::span<row_verdict> out = verdicts.subspan(range.first, range.last - range.first);
  std::fill(out.begin(), out.end(), row_verdict::known);
  std::size_t test = 0;
  for (const column_condition& condition : plan_.conditions) {
    judge_condition(condition, range, out, test, 0);
  }
  if (plan_.complete) {
    for (const field_column* column : columns_) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        if (column->codes[range.first + i] == field_column::unknown) join(out[i], unknown);
      }
    }
    if (plan_.sample) judge_sample(range, out);
    if (plan_.drops_clean_rows) {
      for (row_verdict& verdict : out) {
        if (verdict == row_verdict::known) verdict = row_verdict::refused;
      }
    }
  }
  for (row_verdict& verdict : out) {
    if ((bits(verdict) & refused) != 0) verdict = row_verdict::refused;
  }
  if (!metadata.empty()) apply_metadata(range, metadata, out);
}

// Joins the condition's verdicts into `out`. `test` counts the tests of the walk.
void column_rows::judge_condition(const column_condition& condition, const row_range& range,
                                  std::span<row_verdict> out, std::size_t& test,
                                  std::size_t depth) {
  switch (condition.what) {
    case column_condition::kind::test:
      judge_test(tests_[test++], range, out);
      return;
    case column_condition::kind::unknown:
      join_all(out, unknown);
      return;
    case column_condition::kind::all_of:
      for (const column_condition& child : condition.children) {
        judge_condition(child, range, out, test, depth);
      }
      return;
    case column_condition::kind::any_of:
      break;
  }
  while (scratch_.size() < 2 * depth + 2) scratch_.emplace_back();
  scratch_[2 * depth].assign(out.size(), row_verdict::refused);
  for (const column_condition& child : condition.children) {
    scratch_[2 * depth + 1].assign(out.size(), row_verdict::known);
    // Deeper calls may enlarge scratch_, which does not move the rows of its vectors.
    judge_condition(child, range, scratch_[2 * depth + 1], test, depth + 1);
    for (std::size_t i = 0; i < out.size(); ++i) {
      row_verdict& joined = scratch_[2 * depth][i];
      joined = either(joined, scratch_[2 * depth + 1][i]);
    }
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    join(out[i], static_cast<std::uint8_t>(scratch_[2 * depth][i]));
  }
}

void column_rows::judge_test(tested_values& values, const row_range& range,
                             std::span<row_verdict> out) const {
  if (const auto& fixed = stream_values_[values.label]) {
    join_all(out,
             code_of(fixed->empty() ? values.test->of_absent() : values.test->of_value(*fixed)));
    return;
  }
  const field_column& column = *columns_[values.label];
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint32_t code = column.codes[range.first + i];
    std::uint8_t& verdict = values.by_code[code];
    if (verdict == untested) {
      verdict = code_of(values.test->of_value(column.values[code - field_column::first_value]));
    }
    join(out[i], verdict);
  }
}

std::uint8_t column_rows::convert_sample(std::uint32_t code) {
  const field_column& column = *columns_[plan_.sample->label];
  const std::string_view text = column.values[code - field_column::first_value];
  const result<double> value = unwrapped_value(text, plan_.sample->conversion);
  if (value.ok()) samples_[code] = *value;
  return value.ok() ? known : unknown;
}

// That the label is there and not empty is one of the conditions.
void column_rows::judge_sample(const row_range& range, std::span<row_verdict> out) {
  if (const auto& fixed = stream_values_[plan_.sample->label]) {
    if (!unwrapped_value(*fixed, plan_.sample->conversion).ok()) join_all(out, unknown);
    return;
  }
  const field_column& column = *columns_[plan_.sample->label];
  for (std::size_t i = 0; i < out.size(); ++i) {
    if ((bits(out[i]) & refused) != 0) continue;
    const std::uint32_t code = column.codes[range.first + i];
    std::uint8_t& state = sample_states_[code];
    if (state == untested) state = convert_sample(code);
    join(out[i], state);
  }
}

bool column_rows::is_relevant(std::string_view metadata_name) const {
  if (metadata_name.starts_with("__")) return true;  // errors
  return std::any_of(plan_.labels.begin(), plan_.labels.end(),
                     [&](const std::string& name) { return name == metadata_name; });
}

// Metadata hides the columns of labels that it has, and may bring errors.
void column_rows::apply_metadata(const row_range& range, const metadata_column& metadata,
                                 std::span<row_verdict> out) const {
  const char* last_name = nullptr;
  std::size_t last_size = 0;
  bool last_relevant = false;
  for (std::size_t i = 0; i < out.size(); ++i) {
    for (const metadata_pair& pair : metadata.row(range.first + i)) {
      if (pair.name.data() != last_name || pair.name.size() != last_size) {
        last_name = pair.name.data();
        last_size = pair.name.size();
        last_relevant = is_relevant(pair.name);
      }
      if (last_relevant) out[i] = row_verdict::unknown;
    }
  }
}

known_rows column_rows::describe(const row_run& run) {
  enter_run(run);
  known_rows rows;
  rows.run = &run;
  rows.block_number = block_number_;
  sources_.clear();
  for (const std::uint32_t label : plan_.series_labels) {
    known_rows::source source;
    if (const auto& fixed = stream_values_[label]) {
      if (!fixed->empty()) source.fixed = *fixed;
    } else {
      source.codes = columns_[label]->codes;
      source.values = columns_[label]->values;
    }
    sources_.push_back(source);
  }
  rows.labels = sources_;
  if (!plan_.sample) return rows;
  if (stream_values_[plan_.sample->label]) {
    const result<double> value =
        unwrapped_value(*stream_values_[plan_.sample->label], plan_.sample->conversion);
    rows.sample = value.ok() ? *value : 0;  // where it fails no row is known
  } else {
    rows.sample_codes = columns_[plan_.sample->label]->codes;
    rows.samples = samples_;
  }
  return rows;
}

}  // namespace skald::logql
