// SPDX-License-Identifier: Apache-2.0
#include "testing/kit/columnar_block.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <optional>

#include "runtime/base/assert.h"
#include "runtime/logql/pipeline/pipeline_runner.h"
#include "runtime/logql/syntax/parser.h"

namespace skald {
namespace {

constexpr std::size_t dead_max = 16;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool holds_text(std::string_view line, std::string_view text, bool ignore_case) {
  if (!ignore_case) return line.find(text) != std::string_view::npos;
  return std::search(line.begin(), line.end(), text.begin(), text.end(),
                     [](char a, char b) { return lower(a) == lower(b); }) != line.end();
}

using label_values = std::map<std::string, std::string>;

// What the parser makes of a line; nothing when it sees an error.
class parsing_sink final : public logql::row_sink {
 public:
  bool on_row(const logql::pipeline_row& row) override {
    values.reset();
    if (row.labels.has_error()) return true;
    values.emplace();
    for (const logql::row_label& label : row.labels.sorted()) {
      if (label.category == logql::label_category::parsed) {
        values->emplace(label.name, label.value);
      }
    }
    return true;
  }
  std::optional<label_values> values;
};

logql::compiled_pipeline_ptr parser_of(line_format_kind format) {
  const auto query = logql::parse_log_query(
      format == line_format_kind::json ? "{a=\"b\"} | json" : "{a=\"b\"} | logfmt --strict");
  SKALD_ASSERT(query.ok());
  auto pipeline = logql::compiled_pipeline::compile(query->stages, nullptr, {});
  SKALD_ASSERT(pipeline.ok());
  return *std::move(pipeline);
}

}  // namespace

struct columnar_block::parsed_rows {
  bool refused = false;
  std::vector<std::optional<label_values>> rows;
};

struct columnar_block::owned_column {
  field_column column;
  std::vector<std::uint32_t> codes;
  std::deque<std::string> texts;
  std::vector<std::string_view> values;
};

columnar_block::columnar_block(std::unique_ptr<memory_block> rows, columnar_block_options options)
    : rows_(std::move(rows)), options_(options), random_(options.seed) {
  stored_ = *rows_->lines();
}

columnar_block::~columnar_block() = default;

// What was answered before is overwritten, so that who still reads it is found out.
line_column columnar_block::keep(std::string bytes, std::vector<std::uint32_t> starts) {
  std::fill(bytes_.begin(), bytes_.end(), '#');
  std::fill(starts_.begin(), starts_.end(), 0);
  dead_.emplace_back(std::move(bytes_), std::move(starts_));
  if (dead_.size() > dead_max) dead_.pop_front();
  bytes_ = std::move(bytes);
  starts_ = std::move(starts);
  return {bytes_, starts_};
}

result<line_column> columnar_block::lines() {
  ++reads_.all_lines;
  return keep(std::string(stored_.bytes), {stored_.starts.begin(), stored_.starts.end()});
}

result<std::span<const std::uint32_t>> columnar_block::line_starts() {
  return stored_.starts;
}

result<line_column> columnar_block::lines_of(std::span<const std::uint32_t> rows) {
  SKALD_ASSERT(std::is_sorted(rows.begin(), rows.end()));
  reads_.line_rows += rows.size();
  std::string bytes;
  std::vector<std::uint32_t> starts;
  std::size_t next = 0;
  for (std::uint32_t row = 0; row < stored_.rows(); ++row) {
    starts.push_back(static_cast<std::uint32_t>(bytes.size()));
    if (next == rows.size() || rows[next] != row) continue;
    bytes.append(stored_.line(row)).append("\n");
    ++next;
  }
  SKALD_ASSERT(next == rows.size());
  starts.push_back(static_cast<std::uint32_t>(bytes.size()));
  return keep(std::move(bytes), std::move(starts));
}

const columnar_block::parsed_rows& columnar_block::parse(line_format_kind format) {
  std::unique_ptr<parsed_rows>& made = parsed_[format];
  if (made) return *made;
  made = std::make_unique<parsed_rows>();
  made->refused = percent(options_.refusals);
  logql::pipeline_runner runner(parser_of(format));
  parsing_sink sink;
  const stream_ptr stream = stream_of("{no_such_key_in_any_line=\"x\"}");
  for (std::uint32_t row = 0; row < stored_.rows(); ++row) {
    sink.values.reset();
    runner.run_line(stream, {}, 0, stored_.line(row), sink);
    if (percent(options_.unknown_rows)) sink.values.reset();
    made->rows.push_back(std::move(sink.values));
  }
  return *made;
}

std::unique_ptr<columnar_block::owned_column> columnar_block::make_column(const parsed_rows& rows,
                                                                          std::string_view label) {
  auto made = std::make_unique<owned_column>();
  for (const std::optional<label_values>& values : rows.rows) {
    std::uint32_t code = field_column::unknown;
    if (values && !percent(options_.unknown_values)) {
      const auto at = values->find(std::string(label));
      if (at == values->end()) {
        code = field_column::absent;
      } else {
        auto known = std::find(made->texts.begin(), made->texts.end(), at->second);
        if (known == made->texts.end() || percent(5)) {
          known = made->texts.insert(made->texts.end(), at->second);
        }
        code = static_cast<std::uint32_t>(known - made->texts.begin()) + field_column::first_value;
      }
    }
    made->codes.push_back(code);
  }
  made->values.assign(made->texts.begin(), made->texts.end());
  made->column = {made->codes, made->values};
  return made;
}

result<const field_column*> columnar_block::field(line_format_kind format, std::string_view label) {
  ++reads_.fields;
  const parsed_rows& rows = parse(format);
  if (rows.refused) return static_cast<const field_column*>(nullptr);
  auto& column = columns_[{format, std::string(label)}];
  if (!column) column = make_column(rows, label);
  return &column->column;
}

result<std::optional<std::vector<std::uint32_t>>> columnar_block::rows_with_text(
    std::string_view text, bool ignore_case) {
  ++reads_.texts;
  std::optional<std::vector<std::uint32_t>> rows;
  if (percent(options_.refusals)) return rows;
  rows.emplace();
  for (std::uint32_t row = 0; row < stored_.rows(); ++row) {
    if (holds_text(stored_.line(row), text, ignore_case) || percent(5)) rows->push_back(row);
  }
  return rows;
}

}  // namespace skald
