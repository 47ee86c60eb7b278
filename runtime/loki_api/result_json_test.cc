// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/result_json.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <cmath>
#include <limits>

namespace skald {
namespace {

label_set labels_of(std::vector<label> labels) {
  return label_set(std::move(labels));
}

// The body without its stats block, which tests of other parts need not repeat. Checks that it is
// valid JSON.
std::string without_stats(const std::string& body) {
  simdjson::dom::parser parser;
  simdjson::dom::element document;
  EXPECT_EQ(parser.parse(body).get(document), simdjson::SUCCESS) << body;
  EXPECT_TRUE(body.ends_with("}\n"));
  const std::size_t stats = body.find(",\"stats\":{");
  return stats == std::string::npos ? body : body.substr(0, stats) + "}}";
}

std::string render(logql::query_result answer, const encoding_flags& flags = {}) {
  return without_stats(*render_query_result(answer, flags));
}

const encoding_flags categorize{true, {"categorize-labels"}};

logql::streams_result sample_streams() {
  const auto plain = std::make_shared<logql::entry_labels>();
  plain->stream = labels_of({{"app", "api"}});
  const auto rich = std::make_shared<logql::entry_labels>();
  rich->stream = labels_of({{"app", "api"}});
  rich->structured_metadata = labels_of({{"trace_id", "t29"}});
  rich->parsed = labels_of({{"level", "info"}, {"method", "GET"}});
  logql::streams_result streams;
  streams.entries = {{1795362785000000001, "second \"quoted\"", rich},
                     {1795362785000000000, "first\n", plain}};
  return streams;
}

TEST(ResultJson, RendersStreamsFlat) {
  // Sorted by the label text, where ',' stands before '}'.
  EXPECT_EQ(render({sample_streams()}),
            R"({"status":"success","data":{"resultType":"streams","result":[)"
            R"({"stream":{"app":"api","level":"info","method":"GET","trace_id":"t29"},)"
            R"("values":[["1795362785000000001","second \"quoted\""]]},)"
            R"({"stream":{"app":"api"},"values":[["1795362785000000000","first\n"]]}]}})");
}

// Escapes take more bytes than the line, and categorised answers repeat the labels of each entry.
TEST(ResultJson, LongTextsAreRefused) {
  const auto labels = std::make_shared<logql::entry_labels>();
  labels->parsed = labels_of({{"long", std::string(10'000, 'x')}});
  logql::streams_result streams;
  for (int i = 0; i < 100; ++i) streams.entries.push_back({i, std::string(1000, '\1'), labels});
  const logql::query_result answer{streams, {}, {}};
  EXPECT_TRUE(render_query_result(answer, {}, 700'000).ok());
  EXPECT_TRUE(render_query_result(answer, categorize, 2'000'000).ok());
  for (const auto& text : {render_query_result(answer, {}, 500'000),
                           render_query_result(answer, categorize, 1'500'000)}) {
    ASSERT_FALSE(text.ok());
    EXPECT_EQ(text.error().code, errc::resource_exhausted);
  }
}

TEST(ResultJson, RendersStreamsCategorised) {
  EXPECT_EQ(
      render({sample_streams()}, categorize),
      R"({"status":"success","data":{"resultType":"streams","encodingFlags":["categorize-labels"],)"
      R"("result":[{"stream":{"app":"api"},"values":[["1795362785000000001","second \"quoted\"",)"
      R"({"structuredMetadata":{"trace_id":"t29"},"parsed":{"level":"info","method":"GET"}}],)"
      R"(["1795362785000000000","first\n",{}]]}]}})");
}

// As Loki answers when its queries are not sharded.
TEST(ResultJson, KeepsAllLabelsInStreamWhenAsked) {
  logql::streams_result streams;
  auto labels = std::make_shared<logql::entry_labels>();
  labels->stream = label_set(std::vector<label>{{"app", "web"}});
  labels->parsed = label_set(std::vector<label>{{"level", "info"}});
  streams.entries.push_back({1, "x", labels});
  encoding_flags flags = categorize;
  flags.all_labels_in_stream = true;
  const std::string body = render({streams}, flags);
  EXPECT_NE(
      body.find(
          R"({"stream":{"app":"web","level":"info"},"values":[["1","x",{"parsed":{"level":"info"}}]]})"),
      std::string::npos)
      << body;
}

TEST(ResultJson, EchoesUnknownFlagsWithoutCategorising) {
  EXPECT_EQ(render({logql::streams_result{}}, {false, {"foo"}}),
            R"({"status":"success","data":{"resultType":"streams","encodingFlags":["foo"],)"
            R"("result":[]}})");
}

TEST(ResultJson, RendersMetrics) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double inf = std::numeric_limits<double>::infinity();
  logql::matrix_result matrix;
  matrix.series = {{labels_of({{"app", "web"}}),
                    {{1795362240000, 28}, {1795362299999, 0.1}, {1795362300050, 1e21}}},
                   {label_set(), {{-1500, nan}, {0, inf}, {500, -inf}}}};
  EXPECT_EQ(render({matrix}),
            R"({"status":"success","data":{"resultType":"matrix","result":[)"
            R"({"metric":{"app":"web"},"values":[[1795362240,"28"],[1795362299.999,"0.1"],)"
            R"([1795362300.05,"1000000000000000000000"]]},)"
            R"({"metric":{},"values":[[-1.5,"NaN"],[0,"+Inf"],[0.5,"-Inf"]]}]}})");
  logql::vector_result vector;
  vector.samples = {{labels_of({{"app", "api"}}), {1795362825000, 0.6666666666666666}}};
  EXPECT_EQ(render({vector}),
            R"({"status":"success","data":{"resultType":"vector","result":[)"
            R"({"metric":{"app":"api"},"value":[1795362825,"0.6666666666666666"]}]}})");
  EXPECT_EQ(render({logql::scalar_result{{1795362825000, 2}}}),
            R"({"status":"success","data":{"resultType":"scalar","result":[1795362825000,"2"]}})");
  EXPECT_EQ(render({logql::matrix_result{}}),
            R"({"status":"success","data":{"resultType":"matrix","result":[]}})");
}

TEST(ResultJson, PutsWarningsBeforeData) {
  logql::query_result answer{logql::vector_result{}};
  answer.warnings = {"partial"};
  EXPECT_EQ(render(answer),
            R"({"status":"success","warnings":["partial"],"data":{"resultType":"vector",)"
            R"("result":[]}})");
}

TEST(ResultJson, RendersStatsInLokisShape) {
  logql::query_result answer{logql::streams_result{}};
  answer.stats.store.lines = 10;
  answer.stats.store.line_bytes = 1000;
  answer.stats.memory.lines = 2;
  answer.stats.memory.line_bytes = 50;
  answer.stats.exec_seconds = 0.5;
  answer.stats.chunk_refs = 4;
  answer.stats.ingesters_reached = 1;
  const std::string body = *render_query_result(answer, {});
  simdjson::dom::parser parser;
  const simdjson::dom::element stats = parser.parse(body)["data"]["stats"];
  EXPECT_EQ(std::int64_t(stats["summary"]["bytesProcessedPerSecond"]), 2100);
  EXPECT_EQ(std::int64_t(stats["summary"]["totalLinesProcessed"]), 12);
  EXPECT_EQ(double(stats["summary"]["execTime"]), 0.5);
  EXPECT_EQ(std::int64_t(stats["querier"]["store"]["totalChunksRef"]), 4);
  EXPECT_EQ(std::int64_t(stats["querier"]["store"]["chunk"]["decompressedLines"]), 10);
  EXPECT_EQ(std::int64_t(stats["ingester"]["store"]["chunk"]["headChunkLines"]), 2);
  EXPECT_EQ(std::int64_t(stats["ingester"]["totalReached"]), 1);
  EXPECT_EQ(std::int64_t(stats["cache"]["taskResult"]["queryLengthServed"]), 0);
  EXPECT_EQ(bool(stats["index"]["usedBloomFilters"]), false);
}

// As Loki, whose chunks are compressed in its cache, counts them: found, they are not downloaded
// but processed.
TEST(ResultJson, StatsCountWhatTheCacheHad) {
  logql::query_result answer{logql::streams_result{}};
  answer.stats.store.blocks_read = 5;
  answer.stats.store.stored_bytes_read = 1000;
  answer.stats.store.cache = {7, 4, 2, 3000, 900, 11};
  const std::string body = *render_query_result(answer, {});
  simdjson::dom::parser parser;
  const simdjson::dom::element stats = parser.parse(body)["data"]["stats"];
  const simdjson::dom::element store = stats["querier"]["store"];
  EXPECT_EQ(std::int64_t(store["totalChunksDownloaded"]), 5);
  EXPECT_EQ(std::int64_t(store["chunk"]["compressedBytes"]), 4000);
  const simdjson::dom::element chunk = stats["cache"]["chunk"];
  EXPECT_EQ(std::int64_t(chunk["entriesRequested"]), 7);
  EXPECT_EQ(std::int64_t(chunk["entriesFound"]), 4);
  EXPECT_EQ(std::int64_t(chunk["entriesStored"]), 2);
  EXPECT_EQ(std::int64_t(chunk["bytesReceived"]), 3000);
  EXPECT_EQ(std::int64_t(chunk["bytesSent"]), 900);
  EXPECT_EQ(std::int64_t(chunk["requests"]), 9);
  EXPECT_EQ(std::int64_t(chunk["downloadTime"]), 11);
  EXPECT_EQ(std::int64_t(chunk["queryLengthServed"]), 0);
  EXPECT_EQ(std::int64_t(stats["cache"]["index"]["entriesRequested"]), 0);
  EXPECT_EQ(std::int64_t(stats["ingester"]["store"]["chunk"]["compressedBytes"]), 0);
}

TEST(ResultJson, KeepsStatsFinite) {
  logql::query_result answer{logql::streams_result{}};
  answer.stats.store.line_bytes = 1000;
  answer.stats.exec_seconds = 0;
  answer.stats.queue_seconds = std::nan("");
  const std::string body = *render_query_result(answer, {});
  EXPECT_NE(body.find(R"("bytesProcessedPerSecond":0,)"), std::string::npos);
  EXPECT_NE(body.find(R"("queueTime":0,)"), std::string::npos);
}

TEST(ResultJson, RendersLabelsAndSeries) {
  EXPECT_EQ(render_label_values({"app", "env"}),
            "{\"status\":\"success\",\"data\":[\"app\",\"env\"]}\n");
  EXPECT_EQ(render_label_values({}), "{\"status\":\"success\"}\n");
  const label_set web = labels_of({{"env", "prod"}, {"app", "web"}});
  const label_set none;
  EXPECT_EQ(render_series({&web, &none}),
            "{\"status\":\"success\",\"data\":[{\"app\":\"web\",\"env\":\"prod\"},{}]}\n");
  EXPECT_EQ(render_series({}), "{\"status\":\"success\",\"data\":[]}\n");
}

TEST(ResultJson, RendersIndexAnswers) {
  EXPECT_EQ(render_index_stats({2, 2, 5120, 70}),
            "{\"streams\":2,\"chunks\":2,\"bytes\":5120,\"entries\":70}\n");
  std::vector<volume_sample> samples = {{labels_of({{"app", "b"}}), 5},
                                        {labels_of({{"app", "c"}}), 7},
                                        {labels_of({{"app", "a"}}), 5}};
  sort_volumes(samples);
  EXPECT_EQ(without_stats(render_volume(samples, 1795362825000000000, {})),
            R"({"status":"success","data":{"resultType":"vector","result":[)"
            R"({"metric":{"app":"c"},"value":[1795362825,"7"]},)"
            R"({"metric":{"app":"a"},"value":[1795362825,"5"]},)"
            R"({"metric":{"app":"b"},"value":[1795362825,"5"]}]}})");
  EXPECT_EQ(
      without_stats(render_volume_range(
          {{labels_of({{"app", "web"}}), {{1795362299999, 506}, {1795362825000, 1023}}}}, {})),
      R"({"status":"success","data":{"resultType":"matrix","result":[)"
      R"({"metric":{"app":"web"},"values":[[1795362299.999,"506"],[1795362825,"1023"]]}]}})");
}

TEST(ResultJson, RendersDetection) {
  EXPECT_EQ(render_detected_labels({{"env", 2}}),
            "{\"detectedLabels\":[{\"label\":\"env\",\"cardinality\":2}]}\n");
  EXPECT_EQ(render_detected_labels({}), "{}\n");
  EXPECT_EQ(render_detected_fields({{"level", "string", 3, {"logfmt", "json"}, {"level"}},
                                    {"trace_id", "string", 30, {}, {}}},
                                   1000),
            "{\"fields\":[{\"label\":\"level\",\"type\":\"string\",\"cardinality\":3,"
            "\"parsers\":[\"logfmt\",\"json\"],\"jsonPath\":[\"level\"]},"
            "{\"label\":\"trace_id\",\"type\":\"string\",\"cardinality\":30,\"parsers\":null}],"
            "\"limit\":1000}\n");
  EXPECT_EQ(render_detected_fields({}, 10), "{}\n");
  EXPECT_EQ(render_detected_field_values({"info"}, 1000),
            "{\"limit\":1000,\"values\":[\"info\"]}\n");
  EXPECT_EQ(render_detected_field_values({}, 1000), "{}\n");
}

TEST(ResultJson, RendersTheRest) {
  EXPECT_EQ(render_patterns({{"a <_>", "info", {{1795362960, 54}}}}),
            "{\"status\":\"success\",\"data\":[{\"pattern\":\"a <_>\",\"level\":\"info\","
            "\"samples\":[[1795362960,54]]}]}\n");
  EXPECT_EQ(render_patterns({}), "{\"status\":\"success\",\"data\":[]}\n");
  EXPECT_EQ(render_format_query("{a=\"b\"}"),
            "{\"status\":\"success\",\"data\":\"{a=\\\"b\\\"}\"}\n");
  EXPECT_EQ(render_build_info({}),
            "{\"version\":\"3.8.0\",\"revision\":\"\",\"branch\":\"\",\"buildUser\":\"\","
            "\"buildDate\":\"\",\"goVersion\":\"\"}\n");
}

TEST(ResultJson, SetsTheQueryHeaders) {
  const http_response response = query_json_response("{}\n");
  EXPECT_EQ(response.content_type, "application/json; charset=UTF-8");
  EXPECT_EQ(response.headers, (std::vector<http_header>{{"Vary", "Accept-Encoding"}}));
  EXPECT_TRUE(response.compressible);
}

}  // namespace
}  // namespace skald
