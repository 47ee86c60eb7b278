// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/detected_fields.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

logql::log_entry entry(std::string line, label_set metadata = {}, label_set parsed = {}) {
  auto made = std::make_shared<logql::entry_labels>();
  made->stream = label_set(std::vector<label>{{"app", "web"}});
  made->structured_metadata = std::move(metadata);
  made->parsed = std::move(parsed);
  return {1, std::move(line), std::move(made)};
}

label_set one(std::string name, std::string value) {
  return label_set(std::vector<label>{{std::move(name), std::move(value)}});
}

// name:type:cardinality:parsers:path
std::string text_of(const std::vector<detected_field>& fields) {
  std::string out;
  for (const detected_field& field : fields) {
    out += field.name + ":" + field.type + ":" + std::to_string(field.cardinality) + ":";
    for (const auto& parser : field.parsers) out += parser + ",";
    out += ":";
    for (const auto& key : field.json_path) out += key + "/";
    out += " ";
  }
  return out;
}

std::string detect(std::vector<logql::log_entry> entries, std::size_t limit = 100) {
  return text_of(detect_fields({false, std::move(entries)}, limit));
}

TEST(DetectedType, TakesTheFirstThatReadsTheValue) {
  const std::pair<const char*, const char*> cases[] = {
      {"12", "int"},       {"-3", "int"},       {"1.5", "float"},  {"1e9", "float"},
      {"true", "boolean"}, {"5ms", "duration"}, {"1KB", "bytes"},  {"10 KB", "bytes"},
      {"abc", "string"},   {"", "string"},      {"1h2x", "string"}};
  for (const auto& [value, type] : cases) EXPECT_EQ(detected_type(value), type) << value;
}

TEST(DetectFields, ReadsJsonWithPathsAndLogfmt) {
  EXPECT_EQ(detect({entry(R"({"a":1,"b":{"c d":"x"}})")}),
            "a:int:1:json,:a/ b_c_d:string:1:json,:b/c d/ ");
  EXPECT_EQ(detect({entry("a=1 b=5ms")}), "a:int:1:logfmt,: b:duration:1:logfmt,: ");
  EXPECT_EQ(detect({entry("just text")}), "");
  EXPECT_EQ(detect({entry(R"({"a":1})"), entry("a=2")}), "a:int:2:json,logfmt,:a/ ");
}

TEST(DetectFields, KeepsMetadataWithoutParser) {
  EXPECT_EQ(detect({entry("x", one("trace", "t1")), entry("y", one("trace", "t2"))}),
            "trace:string:2:: ");
}

TEST(DetectFields, RenamesWhatClashesWithStreamAndMetadata) {
  EXPECT_EQ(detect({entry(R"({"app":"q"})")}), "app_extracted:string:1:json,:app/ ");
  EXPECT_EQ(detect({entry("t=2", one("t", "1"))}), "t:int:1:: t_extracted:int:1:logfmt,: ");
}

TEST(DetectFields, CountsWhatTheQueryParsedButNotItsErrors) {
  EXPECT_EQ(detect({entry("plain", {}, one("z", "1"))}), "z:int:1:logfmt,: ");
  EXPECT_EQ(detect({entry("plain", {}, one("__error__", "JSONParserErr"))}), "");
}

TEST(DetectFields, StopsAtTheLimit) {
  EXPECT_EQ(detect({entry("a=1 b=2 c=3")}, 2), "a:int:1:logfmt,: b:int:1:logfmt,: ");
}

TEST(DetectFieldValues, ListsDifferentValues) {
  const logql::streams_result streams{
      false, {entry("a=1"), entry("a=2"), entry("a=1"), entry("x", one("a", "9"))}};
  EXPECT_EQ(detect_field_values(streams, "a", 10), (std::vector<std::string>{"1", "2", "9"}));
  EXPECT_EQ(detect_field_values(streams, "a", 1).size(), 1u);
  EXPECT_TRUE(detect_field_values(streams, "nosuch", 10).empty());
}

TEST(DetectLabels, LeavesOutNumbersAndUuids) {
  const label_set a(std::vector<label>{{"app", "web"},
                                       {"flag", "0"},
                                       {"pod", "1"},
                                       {"port", "80"},
                                       {"run", "123e4567-e89b-12d3-a456-426614174000"}});
  const label_set b(std::vector<label>{{"app", "api"}, {"flag", "1"}, {"port", "81"}});
  const label_set* streams[] = {&a, &b};
  std::string names;
  for (const auto& l : detect_labels(streams))
    names += l.name + std::to_string(l.cardinality) + " ";
  EXPECT_EQ(names, "app2 flag2 pod1 ");
}

}  // namespace
}  // namespace skald
