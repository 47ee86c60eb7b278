// SPDX-License-Identifier: Apache-2.0
// What a segment's columns say of a label is what the parsers of the query language extract from
// the lines, row by row, on random lines and on lines that were made to be misread.
#include <gtest/gtest.h>

#include <limits>
#include <map>
#include <random>
#include <set>

#include "runtime/logql/pipeline/label_builder.h"
#include "runtime/logql/pipeline/parser/json_parser.h"
#include "runtime/logql/pipeline/parser/logfmt_parser.h"
#include "runtime/logql/pipeline/row_arena.h"
#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_writer.h"
#include "storage/chunk/shape/generated_lines.h"
#include "storage/object_store/memory_store.h"
#include "testing/kit/test_seed.h"

namespace skald {
namespace {

// What a parser made of a line.
struct extraction {
  std::map<std::string, std::string> labels;
  bool failed = false;
};

// Runs one parser stage on single lines.
template <class Stage>
class stage_runner {
 public:
  template <class... Options>
  explicit stage_runner(const Options&... options) : stage_(labels_, options...) {
    labels_.set_stream(stream_);
  }

  extraction run(std::string_view line) {
    labels_.begin_row({});
    arena_.reset();
    logql::row_context row{labels_, arena_, 0, line};
    stage_.process(row);
    extraction made;
    made.failed = labels_.has_error();
    for (const logql::row_label& one : labels_.sorted()) {
      if (one.category == logql::label_category::parsed) made.labels.emplace(one.name, one.value);
    }
    return made;
  }

 private:
  stream_ptr stream_ = *make_stream("{stream_of_the_test=\"1\"}");
  logql::label_builder labels_;
  logql::row_arena arena_;
  Stage stage_;
};

// All lines of one block, with what each parser extracts under each of its options.
class parsed_block {
 public:
  explicit parsed_block(log_block& block) : block_(block), lines_(*block.lines()) {
    stage_runner<logql::json_parser> json;
    std::vector<std::unique_ptr<stage_runner<logql::logfmt_parser>>> logfmt;
    for (const bool strict : {false, true}) {
      for (const bool keep_empty : {false, true}) {
        logfmt.push_back(std::make_unique<stage_runner<logql::logfmt_parser>>(
            logql::logfmt_options{.strict = strict, .keep_empty = keep_empty}));
      }
    }
    for (std::size_t row = 0; row < lines_.rows(); ++row) {
      json_.push_back({json.run(lines_.line(row))});
      logfmt_.emplace_back();
      for (const auto& one : logfmt) logfmt_.back().push_back(one->run(lines_.line(row)));
    }
  }

  // Counts rows of which something is known.
  std::size_t check(line_format_kind format) {
    const auto& rows = format == line_format_kind::json ? json_ : logfmt_;
    std::set<std::string> labels = {"no_such_label", "_", "a"};
    for (const auto& row : rows) {
      for (const extraction& one : row) {
        for (const auto& [name, value] : one.labels) labels.insert(name);
      }
    }
    std::size_t known = 0;
    for (const std::string& label : labels) known += check_label(format, label, rows);
    return known;
  }

 private:
  std::size_t check_label(line_format_kind format, const std::string& label,
                          const std::vector<std::vector<extraction>>& rows) {
    const auto field = block_.field(format, label);
    EXPECT_TRUE(field.ok());
    const field_column& column = **field;
    EXPECT_EQ(column.codes.size(), rows.size());
    std::size_t known = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) {
      const std::uint32_t code = column.codes[row];
      if (code == field_column::unknown) continue;
      ++known;
      for (const extraction& wanted : rows[row]) {
        EXPECT_FALSE(wanted.failed) << lines_.line(row);
        const auto found = wanted.labels.find(label);
        if (code == field_column::absent) {
          EXPECT_EQ(found, wanted.labels.end()) << label << " of " << lines_.line(row);
        } else if (found == wanted.labels.end()) {
          ADD_FAILURE() << label << " is not in " << lines_.line(row);
        } else {
          EXPECT_EQ(column.values[code - field_column::first_value], found->second)
              << label << " of " << lines_.line(row);
        }
      }
    }
    return known;
  }

  log_block& block_;
  const line_column lines_;
  std::vector<std::vector<extraction>> json_;  // by row, then by option
  std::vector<std::vector<extraction>> logfmt_;
};

// How many rows of labels were known over all blocks.
struct known_counts {
  std::size_t json = 0;
  std::size_t logfmt = 0;
};

known_counts check_lines(const std::vector<std::string>& lines) {
  stream_rows stream("{app=\"a\"}");
  std::int64_t at = 1'795'305'600'000'000'000;
  for (const std::string& line : lines) stream.add(at += 1'000'000, line);
  pack_writer writer({.segment_bytes_target = 64U << 10, .columns = column_use::always});
  const auto written = writer.write({"t", "o", 1, 1}, {stream.input()});
  EXPECT_TRUE(written.ok());
  memory_store store;
  EXPECT_TRUE(store.put("p", written->views()).ok());
  const auto reader = *pack_reader::open(store, "p");
  const chunk_selection all[] = {{0, nullptr}};
  const auto blocks = *reader->blocks(all, {0, std::numeric_limits<std::int64_t>::max()});
  known_counts counts;
  for (const auto& block : blocks) {
    EXPECT_TRUE(block->has_fields());
    parsed_block parsed(*block);
    counts.json += parsed.check(line_format_kind::json);
    counts.logfmt += parsed.check(line_format_kind::logfmt);
  }
  return counts;
}

TEST(FieldEquivalence, TameLinesAreAllKnown) {
  line_generator random(3);
  std::vector<std::string> json;
  std::vector<std::string> logfmt;
  for (int i = 0; i < 500; ++i) {
    json.push_back(random.json());
    logfmt.push_back("level=info msg=\"a b\" id=" + std::to_string(i));
  }
  // Seven to nine labels of each line, and three that are not there.
  EXPECT_GE(check_lines(json).json, 500 * 10);
  EXPECT_GE(check_lines(logfmt).logfmt, 500 * 6);
}

TEST(FieldEquivalence, RandomLinesAgree) {
  const std::uint64_t seed = test_seed();
  SCOPED_TRACE("seed " + std::to_string(seed));
  line_generator random(seed);
  for (int round = 0; round < 40; ++round) {
    std::vector<std::string> lines;
    for (int i = 0; i < 60; ++i) {
      switch (round % 4) {
        case 0:
          lines.push_back(random.wild_json());
          break;
        case 1:
          lines.push_back(random.wild_logfmt());
          break;
        case 2:
          lines.push_back(random.mutated());
          break;
        default:
          lines.push_back(random.any());
          break;
      }
    }
    check_lines(lines);
    if (HasFailure()) break;
  }
}

TEST(FieldEquivalence, LinesMadeToBeMisreadAgree) {
  check_lines({
      R"({"a":1,"a":2})",
      R"({"a_b":1,"a":{"b":2}})",
      R"({"a":{"b":2},"a.b":3})",
      R"({"a":null,"a":1})",
      R"({"a":null})",
      R"({"a":"null"})",
      R"({"a":[1],"b":2})",
      R"({"a":[{"b":1}],"a_b":2})",
      R"({"a":{},"b":""})",
      R"({"":1,"a":{"":2}})",
      R"({"\u0061":1,"b":2})",
      R"({"a":"\u0061","b":2})",
      R"({"a":"\q","b":"\ud800"})",
      "{\"a\":\"\xff\",\"b\":\"\xEF\xBF\xBD\",\"c\":\"\xC3\xA9\"}",
      "{\"\xC3\xA9\":1,\"b\":2}",
      "{\"a\":\"x\ny\",\"b\":\"\x01\"}",
      R"({"a":-0,"b":01,"c":1e5,"d":-,"e":1-2})",
      R"( { "a" : true , "b" : false } )",
      "a=1 a=2",
      "a= a=2",
      "a=\"\" b=1",
      "a=\"x\\ny\" b=1",
      "a=\"x\\\"y\" b=\"\\u00e9\"",
      "a=\"x\ty\" b=1",
      "a=\xff b=\xC3\xA9",
      "\xC3\xA9=1 b=2",
      "\xff=1 b=2",
      "1a=1 a-b=2 a_b=3",
      "\"=1 b=2",
      "a={\"b\":1} c=2",
  });
}

}  // namespace
}  // namespace skald
