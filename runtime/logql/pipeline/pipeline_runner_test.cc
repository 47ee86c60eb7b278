// SPDX-License-Identifier: Apache-2.0
// The runner over blocks, and extraction under the hints of metric queries.
#include "runtime/logql/pipeline/pipeline_runner.h"

#include <gtest/gtest.h>

#include "runtime/logql/pipeline/pipeline_fixture.h"

namespace skald::logql {
namespace {

// A block in memory that counts which columns were read.
class memory_block : public log_block {
 public:
  void add_run(const std::string& labels, const std::vector<std::pair<int, std::string>>& rows,
               const std::vector<metadata_pair>& metadata = {}) {
    row_run run;
    run.stream = *make_stream(labels);
    run.first_row = static_cast<std::uint32_t>(timestamps_.size());
    run.row_count = static_cast<std::uint32_t>(rows.size());
    run.min_timestamp_ns = rows.front().first;
    run.max_timestamp_ns = rows.back().first;
    for (const auto& [time, line] : rows) {
      timestamps_.push_back(time);
      bytes_ += line + "\n";
      run.line_bytes += line.size();
      starts_.push_back(static_cast<std::uint32_t>(bytes_.size()));
      pairs_.insert(pairs_.end(), metadata.begin(), metadata.end());
      pair_starts_.push_back(static_cast<std::uint32_t>(pairs_.size()));
    }
    runs_.push_back(run);
  }

  std::span<const row_run> runs() const override { return runs_; }
  std::uint64_t arrival_order() const override { return 0; }
  bool in_memory() const override { return true; }
  bool may_match(const skip_probe&) override { return true; }
  result<std::span<const std::int64_t>> timestamps() override {
    reads += "t";
    return std::span<const std::int64_t>(timestamps_);
  }
  result<line_column> lines() override {
    reads += "l";
    if (lines_fail) return {errc::corrupt, "lines are damaged"};
    return line_column{bytes_, starts_};
  }
  result<metadata_column> metadata() override {
    reads += "m";
    return pairs_.empty() ? metadata_column() : metadata_column{pair_starts_, pairs_};
  }
  text_flags flags() const override { return {}; }
  block_read_stats read_stats() const override { return {}; }
  void release() override {}

  std::string reads;
  bool lines_fail = false;

 private:
  std::vector<row_run> runs_;
  std::vector<std::int64_t> timestamps_;
  std::string bytes_;
  std::vector<std::uint32_t> starts_{0};
  std::vector<std::uint32_t> pair_starts_{0};
  std::vector<metadata_pair> pairs_;
};

class collecting_sink : public row_sink {
 public:
  bool on_row(const pipeline_row& row) override {
    rows.push_back(std::to_string(row.timestamp_ns) + " " + std::string(row.line) +
                   printing_sink::print_labels(row.labels));
    values.push_back(row.value);
    return rows.size() < stop_after;
  }
  std::vector<std::string> rows;
  std::vector<double> values;
  std::size_t stop_after = 1000;
};

void fill(memory_block& block) {
  block.add_run("{app=\"a\"}", {{1, "one x"}, {2, "two"}, {3, "three x"}});
  block.add_run("{app=\"b\"}", {{1, "four x"}, {5, "five x"}});
}

TEST(PipelineRunner, SendsRowsInsideTheRangeThatPassTheLeadingFilter) {
  memory_block block;
  fill(block);
  pipeline_runner runner(compile_stages("|= \"x\""));
  collecting_sink sink;
  ASSERT_TRUE(runner.run_block(block, {2, 6}, sink).ok());
  EXPECT_EQ(sink.rows,
            (std::vector<std::string>{R"(3 three x {app="a"})", R"(5 five x {app="b"})"}));
  EXPECT_EQ(runner.stats().rows_seen, 3);
  EXPECT_EQ(runner.stats().bytes_seen, 3 + 7 + 6);
  EXPECT_EQ(runner.stats().rows_passed, 2);
}

TEST(PipelineRunner, ReversesARun) {
  memory_block block;
  fill(block);
  for (const char* stages : {"", "|~ \"t|o\"", "| logfmt"}) {
    pipeline_runner runner(compile_stages(stages));
    collecting_sink sink;
    ASSERT_TRUE(runner.open_block(block, {0, 10}).ok());
    ASSERT_TRUE(runner.run(block.runs()[0], sink, true).ok());
    ASSERT_EQ(sink.rows.size(), 3) << stages;
    EXPECT_EQ(sink.rows[0].substr(0, 9), "3 three x");
  }
}

TEST(PipelineRunner, StopsWhenTheSinkSaysSo) {
  memory_block block;
  fill(block);
  pipeline_runner runner(compile_stages(""));
  collecting_sink sink;
  sink.stop_after = 2;
  ASSERT_TRUE(runner.run_block(block, {0, 10}, sink).ok());
  EXPECT_EQ(sink.rows.size(), 2);
}

// A block of rows that each take long must not keep its worker after the client has gone.
TEST(PipelineRunner, EndsWithinABlockWhenTheQueryIsCancelled) {
  memory_block block;
  std::vector<std::pair<int, std::string>> rows;
  for (int i = 0; i < 10'000; ++i) rows.emplace_back(i, "a line of some length");
  block.add_run("{app=\"a\"}", rows);
  const auto pipeline = compile_stages("| line_format \"x{{range 2}}y{{end}}\"");
  for (const bool reverse : {false, true}) {
    pipeline_runner runner(pipeline);
    cancellation cancelled;
    runner.stop_with(cancelled);
    collecting_sink sink;
    sink.stop_after = 1'000'000;
    ASSERT_TRUE(runner.run_block(block, {0, 1'000'000}, sink, reverse).ok());
    EXPECT_EQ(runner.stats().rows_passed, 10'000u);
    cancelled.cancel();
    const auto ended = runner.run_block(block, {0, 1'000'000}, sink, reverse);
    ASSERT_FALSE(ended.ok());
    EXPECT_EQ(ended.error().code, errc::cancelled);
    EXPECT_LT(runner.stats().rows_passed, 11'000u);
  }
}

TEST(PipelineRunner, StagesCannotDoubleTextsWithoutEnd) {
  std::string stages = "| label_format t=\"xxxxxxxxxx{{range 2}}{{end}}\"";
  for (int i = 0; i < 26; ++i) stages += " | label_format t=\"{{.t}}{{.t}}\"";
  const std::string out = run_stages(stages, "line");
  EXPECT_NE(out.find("the stages of the query make too long texts"), std::string::npos);
  EXPECT_LT(out.size(), 100'000'000u);
}

TEST(PipelineRunner, AppliesSeveralLeadingFilters) {
  memory_block block;
  fill(block);
  pipeline_runner runner(compile_stages("!~ \"^f\" |= \"x\" != \"one\" |~ \"(?i)THREE\""));
  collecting_sink sink;
  ASSERT_TRUE(runner.run_block(block, {0, 10}, sink).ok());
  EXPECT_EQ(sink.rows, (std::vector<std::string>{R"(3 three x {app="a"})"}));
}

TEST(PipelineRunner, ReadsOnlyTheColumnsItNeeds) {
  struct need {
    const char* stages;
    bool want_lines;
    bool want_labels;
    const char* reads;
  };
  for (const need& item :
       {need{"", true, true, "tlm"}, need{"", false, false, "t"}, need{"", false, true, "tm"},
        need{"|= \"x\"", false, false, "tl"}, need{"|= \"none\"", true, true, "tl"},
        need{"| json", false, false, "tlm"}, need{"| app=\"a\"", false, false, "tm"}}) {
    memory_block block;
    fill(block);
    pipeline_options options;
    options.use = pipeline_use::metric;
    options.want_lines = item.want_lines;
    options.want_labels = item.want_labels;
    pipeline_runner runner(compile_stages(item.stages, options));
    collecting_sink sink;
    ASSERT_TRUE(runner.run_block(block, {0, 10}, sink).ok());
    EXPECT_EQ(block.reads, item.reads) << item.stages;
  }
}

// Of the other rows of a run they are known together only.
TEST(PipelineRunner, CountsBytesOfLinesItDoesNotRead) {
  pipeline_options options;
  options.use = pipeline_use::metric;
  options.want_lines = options.want_labels = false;
  struct range_case {
    time_range range;
    std::uint64_t rows, bytes;
  };
  for (const range_case& one :
       {range_case{{0, 10}, 5, 15 + 12}, range_case{{2, 5}, 2, 15 * 2 / 3},
        range_case{{3, 6}, 2, 15 / 3 + 12 / 2}, range_case{{6, 10}, 0, 0}}) {
    memory_block block;
    fill(block);
    pipeline_runner runner(compile_stages("| app!=\"c\"", options));
    collecting_sink sink;
    ASSERT_TRUE(runner.run_block(block, one.range, sink).ok());
    EXPECT_EQ(runner.stats().rows_seen, one.rows);
    EXPECT_EQ(runner.stats().bytes_seen, one.bytes);
    EXPECT_EQ(block.reads.find('l'), std::string::npos);
  }
}

TEST(PipelineRunner, PassesOnErrorsOfTheBlock) {
  memory_block block;
  fill(block);
  block.lines_fail = true;
  pipeline_runner runner(compile_stages("|= \"x\""));
  collecting_sink sink;
  const auto done = runner.run_block(block, {0, 10}, sink);
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, errc::corrupt);
}

TEST(PipelineRunner, SurvivesMoreNamesThanItCaches) {
  pipeline_runner runner(compile_stages("| logfmt"));
  const auto stream = make_stream("{app=\"x\"}");
  printing_sink sink;
  for (int i = 0; i < 60'000; ++i) {
    const std::string line = "key" + std::to_string(i) + "=1 same=2";
    ASSERT_TRUE(runner.run_line(*stream, {}, 0, line, sink));
    ASSERT_EQ(sink.text, line + " {app=\"x\", key" + std::to_string(i) + "=\"1\", same=\"2\"}");
  }
}

struct hint_case {
  const char* stages;
  const char* line;
  label_demand::kind what;
  std::vector<std::string> names;
  const char* expected;
};

TEST(ExtractionHints, DecideWhatIsParsedAndWhichErrorsAreSeen) {
  using kind = label_demand::kind;
  const char* broken = R"({"a":"1","b":)";
  const char* error = R"(__error__="JSONParserErr", __error_details__="Malformed JSON error")";
  const std::string with_error = std::string("{") + error + ", a=\"1\"}";
  const std::string preserved =
      R"({__error__="JSONParserErr", __error_details__="Malformed JSON error", )"
      R"(__preserve_error__="true"})";
  const std::vector<hint_case> cases{
      {"| json | a=`1`", broken, kind::everything, {}, with_error.c_str()},
      {"| json | a=`1`", broken, kind::nothing, {}, R"({a="1"})"},
      {"| json", broken, kind::only, {"a"}, R"({a="1"})"},
      {"| json",
       broken,
       kind::only,
       {"b"},
       R"({__error__="JSONParserErr", __error_details__="Malformed JSON error"})"},
      {"| json", broken, kind::nothing, {}, "{}"},
      {"| json", R"({"a":1,"b":2,"c":{"d":3}})", kind::only, {"c_d"}, R"({c_d="3"})"},
      {"| json", broken, kind::only, {"__error__"}, preserved.c_str()},
      {"| json | __error__!=``", broken, kind::nothing, {}, preserved.c_str()},
      {"| logfmt", "a=1 b=2 c=3", kind::only, {"b"}, R"({b="2"})"},
      {"| logfmt | c=`3`", "a=1 b=2 c=3", kind::only, {"b"}, R"({b="2", c="3"})"},
      {"| logfmt", "a=1 app=2", kind::only, {"app_extracted"}, R"({app_extracted="2"})"},
      {"| pattern `<a> <b>`", "1 2", kind::only, {"b"}, R"({b="2"})"},
      {"| regexp `(?P<a>\\d)(?P<b>\\d)`", "12", kind::only, {"b"}, R"({a="1", b="2"})"},
      // Early rejection runs with everything and nothing, not with `by`.
      {"| json | label_format a=`z` | a=`z`", R"({"a":"1","c":"2"})", kind::everything, {}, "-"},
      {"| json | label_format a=`z` | a=`z`",
       R"({"a":"1","c":"2"})",
       kind::only,
       {"c"},
       R"({a="z", c="2"})"},
  };
  for (const hint_case& item : cases) {
    pipeline_options options;
    options.use = pipeline_use::metric;
    options.demand = {item.what, item.names};
    EXPECT_EQ(run_case({item.stages, item.line, item.expected}, {}, options), item.expected)
        << item.stages;
  }
}

TEST(PipelineCompiler, LeavesOutLineFormatThatNobodyReads) {
  pipeline_options metric;
  metric.use = pipeline_use::metric;
  EXPECT_FALSE(compile_stages("| line_format `x`", metric)->rewrites_lines());
  EXPECT_TRUE(compile_stages("| line_format `x` |= `y`", metric)->rewrites_lines());
  metric.use = pipeline_use::metric_bytes;
  EXPECT_TRUE(compile_stages("| line_format `x`", metric)->rewrites_lines());
  EXPECT_EQ(compile_stages("| decolorize |= `a` | json |= `b` | x=`1` |= `c`")
                ->leading_line_filters()
                .size(),
            2);
}

unwrap_expr unwrap_of(const std::string& text) {
  const auto query = parse_query("sum_over_time({app=\"x\"} | logfmt " + text + " [1m])");
  EXPECT_TRUE(query.ok()) << (query.ok() ? "" : query.error().message);
  return *std::get<range_aggregation>(query->metric()->node).range.unwrap;
}

struct unwrap_case {
  const char* unwrap;
  const char* line;
  bool passes;
  double value;
  const char* details;
};

TEST(Unwrap, ConvertsTheLabel) {
  const std::vector<unwrap_case> cases{
      {"| unwrap v", "v=1e3", true, 1000, ""},
      {"| unwrap v", "v=1_000", true, 1000, ""},
      {"| unwrap v", "k=1", false, 0, ""},
      {"| unwrap v", "v=abc", true, 0, "strconv.ParseFloat: parsing \"abc\": invalid syntax"},
      {"| unwrap v | v>3", "v=2", false, 0, ""},
      {"| unwrap v | __error__=\"\"", "v=abc", false, 0, ""},
      {"| unwrap bytes(v)", "v=1.5KB", true, 1500, ""},
      {"| unwrap duration(v)", "v=1500ms", true, 1.5, ""},
      {"| unwrap duration_seconds(v)", "v=2m", true, 120, ""},
      {"| unwrap duration(v)", "v=1d", true, 0, "time: unknown unit \"d\" in duration \"1d\""},
      {"| unwrap app", "v=1", true, 0, "strconv.ParseFloat: parsing \"x\": invalid syntax"},
  };
  const auto stages = parse_log_query("{app=\"x\"} | logfmt");
  ASSERT_TRUE(stages.ok());
  for (const unwrap_case& item : cases) {
    const unwrap_expr unwrap = unwrap_of(item.unwrap);
    pipeline_options options;
    options.use = pipeline_use::metric;
    const auto compiled = compiled_pipeline::compile(stages->stages, &unwrap, options);
    ASSERT_TRUE(compiled.ok());
    pipeline_runner runner(*compiled);
    printing_sink sink;
    EXPECT_EQ(runner.run_line(*make_stream("{app=\"x\"}"), {}, 0, item.line, sink), item.passes)
        << item.unwrap;
    if (!item.passes) continue;
    EXPECT_EQ(sink.value, item.value) << item.unwrap;
    const bool failed = sink.text.find("SampleExtractionErr") != std::string::npos;
    EXPECT_EQ(failed, item.details[0] != '\0');
    EXPECT_NE(sink.text.find(item.details), std::string::npos) << sink.text;
  }
}

TEST(RowLabels, HashesFollowTheSetAndNotItsOrder) {
  class checking_sink : public row_sink {
   public:
    bool on_row(const pipeline_row& row) override {
      const std::vector<std::string_view> names{"b", "missing", "app", "b"};
      const row_labels& labels = row.labels;
      EXPECT_EQ(labels.hash_only(names), row_labels::hash_of(labels.only(names)));
      EXPECT_EQ(labels.hash_without(names), row_labels::hash_of(labels.without(names)));
      EXPECT_EQ(labels.only(names).canonical(), R"({app="x", b="2"})");
      EXPECT_EQ(labels.without(names).canonical(), R"({a="1"})");
      EXPECT_EQ(labels.get("a"), "1");
      EXPECT_FALSE(labels.has("missing"));
      EXPECT_NE(labels.hash(), labels.hash_only(names));
      hashes.push_back(labels.hash());
      return true;
    }
    std::vector<hash128> hashes;
  };
  pipeline_runner runner(compile_stages("| logfmt"));
  checking_sink sink;
  const auto stream = make_stream("{app=\"x\"}");
  ASSERT_TRUE(runner.run_line(*stream, {}, 0, "a=1 b=2", sink));
  ASSERT_TRUE(runner.run_line(*stream, {}, 0, "b=2 a=1", sink));
  EXPECT_EQ(sink.hashes[0], sink.hashes[1]);
}

TEST(RowLabels, HashesTellCategoriesApartWhereAsked) {
  class hashing_sink : public row_sink {
   public:
    bool on_row(const pipeline_row& row) override {
      plain.push_back(row.labels.hash());
      with_categories.push_back(row.labels.hash_with_categories());
      return true;
    }
    std::vector<hash128> plain;
    std::vector<hash128> with_categories;
  };
  pipeline_runner runner(compile_stages("| logfmt"));
  hashing_sink sink;
  const auto stream = make_stream("{app=\"x\"}");
  const std::vector<metadata_pair> pairs{{"a", "1"}};
  ASSERT_TRUE(runner.run_line(*stream, {}, 0, "a=1 b=2", sink));
  ASSERT_TRUE(runner.run_line(*stream, {}, 0, "b=2 a=1", sink));
  ASSERT_TRUE(runner.run_line(*stream, pairs, 0, "b=2", sink));
  ASSERT_TRUE(runner.run_line(*stream, pairs, 0, "b=3", sink));
  EXPECT_EQ(sink.plain[0], sink.plain[2]);
  EXPECT_EQ(sink.with_categories[0], sink.with_categories[1]);
  EXPECT_NE(sink.with_categories[0], sink.with_categories[2]);
  EXPECT_NE(sink.with_categories[2], sink.with_categories[3]);
}

}  // namespace
}  // namespace skald::logql
