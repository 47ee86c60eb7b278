// SPDX-License-Identifier: Apache-2.0
// Test support: runs the pipeline of a query over single lines and prints what comes out, so that
// tests are tables of texts.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/logql/pipeline/pipeline_runner.h"
#include "runtime/logql/syntax/parser.h"

namespace skald::logql {

// What the sink saw of the last row: `line {a="1", b="2"}`, with ` = value` behind it for samples.
class printing_sink : public row_sink {
 public:
  bool on_row(const pipeline_row& row) override {
    text = std::string(row.line) + print_labels(row.labels);
    value = row.value;
    categories.clear();
    for (const row_label& item : row.labels.sorted()) {
      categories += item.category == label_category::stream                ? 's'
                    : item.category == label_category::structured_metadata ? 'm'
                                                                           : 'p';
    }
    EXPECT_EQ(row.labels.hash(), row_labels::hash_of(row.labels.to_label_set()));
    return true;
  }
  static std::string print_labels(const row_labels& labels) {
    std::string out = " {";
    for (const row_label& item : labels.sorted()) {
      if (out.size() > 2) out += ", ";
      out += std::string(item.name) + "=\"" + std::string(item.value) + "\"";
    }
    return out + "}";
  }
  std::string text;
  double value = 0;
  std::string categories;
};

struct pipeline_input {
  std::string labels = "{app=\"x\"}";  // of the stream
  std::vector<metadata_pair> metadata;
  std::int64_t timestamp_ns = 0;
};

inline compiled_pipeline_ptr compile_stages(const std::string& stages,
                                            const pipeline_options& options = {}) {
  const auto query = parse_log_query("{app=\"x\"} " + stages);
  EXPECT_TRUE(query.ok()) << stages << ": " << (query.ok() ? "" : query.error().message);
  if (!query.ok()) return nullptr;
  auto compiled = compiled_pipeline::compile(query->stages, nullptr, options);
  EXPECT_TRUE(compiled.ok()) << stages << ": " << (compiled.ok() ? "" : compiled.error().message);
  return compiled.ok() ? *compiled : nullptr;
}

// "-" when the line is dropped.
inline std::string run_stages(const std::string& stages, std::string_view line,
                              const pipeline_input& input = {},
                              const pipeline_options& options = {}) {
  const compiled_pipeline_ptr pipeline = compile_stages(stages, options);
  if (pipeline == nullptr) return "error";
  pipeline_runner runner(pipeline);
  printing_sink sink;
  const auto stream = make_stream(input.labels);
  EXPECT_TRUE(stream.ok());
  // Twice: caches must not change the answer.
  std::string first = "-";
  for (int round = 0; round < 2; ++round) {
    sink.text.clear();
    const bool passed = runner.run_line(*stream, input.metadata, input.timestamp_ns, line, sink);
    const std::string text = passed ? sink.text : "-";
    if (round == 0) first = text;
    EXPECT_EQ(text, first);
  }
  return first;
}

struct stage_case {
  const char* stages;
  const char* line;
  const char* expected;  // without the line where that is unchanged
};

// Prints only the labels that are not the stream's app="x"; the line when it was rewritten.
inline std::string run_case(const stage_case& item, const pipeline_input& input = {},
                            const pipeline_options& options = {}) {
  std::string out = run_stages(item.stages, item.line, input, options);
  const std::string prefix = std::string(item.line) + " ";
  if (out.starts_with(prefix)) out.erase(0, prefix.size());
  const std::string own = "app=\"x\"";
  const std::size_t at = out.find(own);
  if (at != std::string::npos) {
    const bool first = out[at - 1] == '{';
    const bool last = out[at + own.size()] == '}';
    out.erase(first ? at : at - 2, own.size() + (first && last ? 0 : 2));
  }
  return out;
}

}  // namespace skald::logql
