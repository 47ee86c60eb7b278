// SPDX-License-Identifier: Apache-2.0
#include "testing/golden/logql/golden_script.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <utility>

#include "runtime/base/go_number.h"
#include "runtime/base/units.h"
#include "runtime/model/go_string.h"
#include "testing/kit/memory_block.h"

namespace skald::logql::golden {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::string_view answer_mark = "= ";

error wrong(std::size_t line_number, const std::string& what) {
  return {errc::invalid_argument, "line " + std::to_string(line_number) + ": " + what};
}

std::vector<std::string> rows_of(std::string_view text) {
  std::vector<std::string> rows;
  std::istringstream in{std::string(text)};
  for (std::string row; std::getline(in, row);) rows.push_back(row);
  return rows;
}

// `1.5s` as nanoseconds; the number is written in front of its unit, so zero is `0s`.
result<std::int64_t> read_time(const std::string& text) {
  return parse_go_duration(text);
}

std::string time_text(std::int64_t timestamp_ns) {
  return format_go_duration(timestamp_ns);
}

std::string quoted(const std::string& text) {
  const auto plain = [](char c) { return c >= ' ' && c < 0x7F && c != '`'; };
  const bool raw = std::all_of(text.begin(), text.end(), plain) &&
                   text.find_first_of("\"\\") != std::string::npos;
  if (raw) return "`" + text + "`";
  std::string out;
  append_go_quoted(out, text);
  return out;
}

class script_reader {
 public:
  result<script> read(std::string_view text) {
    for (const std::string& row : rows_of(text)) {
      ++line_number_;
      SKALD_TRY(read_row(row));
    }
    return std::move(script_);
  }

 private:
  result<void> read_row(const std::string& row) {
    if (row.empty() || row[0] == '#') return {};
    if (row.starts_with("  ")) return read_entry(row.substr(2));
    if (row.starts_with(answer_mark)) {
      if (script_.cases.empty()) return wrong(line_number_, "an answer without a query");
      script_.cases.back().answer.push_back(row.substr(answer_mark.size()));
      return {};
    }
    if (row == "data") {
      data_.clear();
      stream_ = nullptr;
      return {};
    }
    if (row.starts_with("{")) {
      SKALD_TRY_ASSIGN(const label_set labels, parse_labels(row));
      SKALD_TRY_ASSIGN(stream_, make_stream(labels.canonical()));
      return {};
    }
    if (row.starts_with("? ")) return start_case(row.substr(2));
    if (row.starts_with("with ")) return read_options(row.substr(5));
    return wrong(line_number_, "neither data, query nor answer");
  }

  // `1s "line" {metadata}`
  result<void> read_entry(const std::string& row) {
    if (!stream_) return wrong(line_number_, "an entry without a stream");
    const std::size_t space = row.find(' ');
    const result<std::int64_t> time = read_time(row.substr(0, space));
    if (!time.ok() || space == std::string::npos) return wrong(line_number_, "no time");
    const std::string rest = row.substr(space + 1);
    SKALD_TRY_ASSIGN(const go_string_token line, scan_go_string(rest));
    reference::stored_entry entry{stream_, *time, {}, line.value};
    if (line.length + 1 < rest.size()) {
      SKALD_TRY_ASSIGN(const label_set metadata, parse_labels(rest.substr(line.length + 1)));
      entry.metadata.assign(metadata.begin(), metadata.end());
    }
    data_.push_back(std::move(entry));
    return {};
  }

  result<void> start_case(const std::string& query) {
    script_case one;
    one.line_number = line_number_;
    one.data = data_;
    one.request.query = query;
    one.request.end_ns = 60 * second;
    one.request.step_ns = 10 * second;
    one.request.forward = true;
    const auto first = query.find_first_not_of(" (");
    // Metric queries are instant ones unless the case says otherwise.
    one.request.instant = first != std::string::npos && query[first] != '{';
    script_.cases.push_back(std::move(one));
    return {};
  }

  result<void> read_options(const std::string& row) {
    if (script_.cases.empty()) return wrong(line_number_, "options without a query");
    script_case& one = script_.cases.back();
    std::istringstream words(row);
    for (std::string word; words >> word;) {
      const std::size_t equals = word.find('=');
      const std::string name = word.substr(0, equals);
      const std::string value = equals == std::string::npos ? "" : word.substr(equals + 1);
      SKALD_TRY(set_option(one, name, value));
    }
    return {};
  }

  result<void> set_option(script_case& one, const std::string& name, const std::string& value) {
    query_request& request = one.request;
    if (name == "backward") {
      request.forward = false;
    } else if (name == "without-early-rejection") {
      request.early_rejection = false;
    } else if (name == "without-reference") {
      one.with_reference = false;
    } else if (name == "limit") {
      request.limit = static_cast<std::uint32_t>(std::atoi(value.c_str()));
    } else {
      SKALD_TRY_ASSIGN(const std::int64_t time, read_time(value));
      if (name == "start") {
        request.start_ns = time;
      } else if (name == "end" || name == "at") {
        request.end_ns = time;
      } else if (name == "interval") {
        request.interval_ns = time;
      } else if (name == "step") {  // a range query
        request.step_ns = time;
        request.instant = false;
      } else {
        return wrong(line_number_, "unknown option " + name);
      }
    }
    return {};
  }

  script script_;
  std::vector<reference::stored_entry> data_;
  stream_ptr stream_;
  std::size_t line_number_ = 0;
};

std::string number_text(double value) {
  std::string out;
  append_go_float_g(out, value);
  return out;
}

std::string milliseconds_text(std::int64_t milliseconds) {
  return time_text(milliseconds * 1'000'000);
}

std::vector<std::string> rows(const streams_result& streams) {
  std::vector<std::string> out;
  for (const log_entry& entry : streams.entries) {
    out.push_back(time_text(entry.timestamp_ns) + " " + quoted(entry.line) + " " +
                  entry.labels->flat().canonical());
  }
  return out;
}

std::vector<std::string> rows(const matrix_result& matrix) {
  std::vector<std::string> out;
  for (const matrix_series& series : matrix.series) {
    std::string row = series.labels.canonical();
    for (const sample_point& point : series.points) {
      row += " " + milliseconds_text(point.timestamp_ms) + ":" + number_text(point.value);
    }
    out.push_back(std::move(row));
  }
  return out;
}

std::vector<std::string> rows(const vector_result& vector) {
  std::vector<std::string> out;
  for (const vector_sample& sample : vector.samples) {
    out.push_back(sample.labels.canonical() + " " + number_text(sample.point.value));
  }
  return out;
}

std::vector<std::string> rows(const scalar_result& scalar) {
  return {"scalar " + number_text(scalar.point.value)};
}

}  // namespace

result<script> read_script(std::string_view text) {
  return script_reader().read(text);
}

std::vector<std::string> answer_rows(const result<query_result>& answer) {
  std::vector<std::string> out;
  if (!answer.ok()) {
    for (const std::string& row : rows_of(answer.error().message)) out.push_back("error: " + row);
    return out;
  }
  out = std::visit([](const auto& value) { return rows(value); }, answer->value);
  if (out.empty()) out.push_back("nothing");
  return out;
}

std::string rewrite(std::string_view text, const std::vector<std::vector<std::string>>& answers) {
  std::string out;
  std::size_t next = 0;
  const std::vector<std::string> all = rows_of(text);
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].starts_with(answer_mark)) continue;
    out += all[i] + "\n";
    const bool is_query = all[i].starts_with("? ");
    const bool options_follow = i + 1 < all.size() && all[i + 1].starts_with("with ");
    const bool is_options = all[i].starts_with("with ");
    if (is_options || (is_query && !options_follow)) {
      for (const std::string& row : answers[next]) out += std::string(answer_mark) + row + "\n";
      ++next;
    }
  }
  return out;
}

}  // namespace skald::logql::golden
