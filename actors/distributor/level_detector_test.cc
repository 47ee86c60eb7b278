// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/level_detector.h"

#include <gtest/gtest.h>

#include <cctype>
#include <iterator>
#include <random>

namespace skald {
namespace {

struct line_case {
  std::string line;
  std::string level;
};

TEST(LevelDetector, ReadsLines) {
  const tenant_limits limits;
  const level_detector detector(limits);
  const line_case cases[] = {
      {"level=info msg=started", "info"},
      {"level=error msg=\"boom\"", "error"},
      {"lvl=err code=5", "error"},
      {"LeVeL=Warning", "warn"},
      {"msg=\"level=error inside\"", "error"},
      {"severity=warn level=debug", "debug"},  // the first field of the list wins
      {"notice=1 NOTICE something", "unknown"},
      {"level=\"fatal\" a=b", "fatal"},
      {"level=\"unfinished", "unknown"},
      {R"({"level":"WARN","msg":"json warn"})", "warn"},
      {R"( {"lvl":"dbg","x":1} )", "debug"},
      {R"({"severity":"critical","msg":"sev"})", "critical"},
      {R"({"log":{"level":"error"}})", "error"},
      {R"({"a":{"b":{"level":"error"}}})", "error"},  // too deep as a field, found as a word
      {R"({"a":{"b":{"level":"inf"}}})", "unknown"},
      {R"({"a":[1,{"level":"inf"},"]}"],"n":-1.5e3,"t":true,"level":"inf"})", "info"},
      {R"({"msg":"quote \" and \\","level":"trc"})", "trace"},
      {R"({"level":30,"msg":"x"})", "unknown"},
      {R"({"level":"odd","msg":"fatal"})", "fatal"},
      {R"({"level":"wa})", "unknown"},
      {"{}", "unknown"},
      {"{", "unknown"},
      {"", "unknown"},
      {"INFO plain", "info"},
      {"[DEBUG] bracket debug", "debug"},
      {"2026-11-01 ERROR java style", "error"},
      {"Warning: deprecated", "warn"},
      {"fatal error occurred", "fatal"},
      {"panic: runtime error", "error"},
      {"EMERG system unusable", "unknown"},
      {"trace: low level", "trace"},
      {"nothing to see", "unknown"},
      {"terrors and informal debugger", "unknown"},
      {"a long line without anything to find in it until the very end of it: err", "error"},
  };
  for (const line_case& c : cases) EXPECT_EQ(detector.from_line(c.line), c.level) << c.line;
}

TEST(LevelDetector, FindsWordsAtEveryOffset) {
  for (std::size_t before = 0; before < 40; ++before) {
    for (std::size_t after = 0; after < 40; ++after) {
      const std::string line = std::string(before, '.') + "Critical" + std::string(after, ' ');
      EXPECT_EQ(find_level_word(line), "critical") << before << ' ' << after;
    }
  }
}

// The definition, one position after the other.
std::string_view slow_level_word(std::string_view line) {
  constexpr std::string_view words[] = {"trace",       "trc",      "debug", "dbg",     "info",
                                        "information", "warn",     "wrn",   "warning", "error",
                                        "err",         "critical", "fatal"};
  const auto is_word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  };
  for (std::size_t at = 0; at < line.size(); ++at) {
    if (at > 0 && is_word(line[at - 1])) continue;
    std::string word;
    for (std::size_t i = at; i < line.size() && is_word(line[i]); ++i) {
      word += static_cast<char>(std::tolower(line[i]));
    }
    for (const std::string_view known : words) {
      if (word == known) return normalized_level(known);
    }
  }
  return {};
}

TEST(LevelDetector, FindsTheWordsThatASlowSearchFinds) {
  const std::string_view pieces[] = {
      "trace",    "TRC",      "deBug", "dbg", "INFO", "information", "warn", "Wrn", "error", "Err",
      "critical", "Fatal",    "inf",   "er",  "fa",   "in",          " ",    "  ",  "_",     ".",
      "-",        "\xc3\xa4", "9",     "x",   "=",    "[",           "@",    "`",   "{"};
  std::mt19937_64 random(17);
  std::size_t found = 0;
  for (int round = 0; round < 60'000; ++round) {
    std::string line;
    const std::size_t length = random() % 120;
    const bool noise = round % 2 == 0;
    while (line.size() < length) {
      if (noise && random() % 4 != 0) {
        line += static_cast<char>(random());
      } else {
        line += pieces[random() % std::size(pieces)];
        if (random() % 3 == 0) line += ' ';
      }
    }
    // A copy of its exact size: reading past it would be seen.
    const std::vector<char> exact(line.begin(), line.end());
    const std::string_view expected = slow_level_word(line);
    ASSERT_EQ(find_level_word({exact.data(), exact.size()}), expected) << line;
    found += !expected.empty();
  }
  EXPECT_GT(found, 10'000u);
  EXPECT_LT(found, 55'000u);
}

TEST(LevelDetector, MetadataComesFirst) {
  const tenant_limits limits;
  const level_detector detector(limits);
  const std::vector<metadata_pair> by_field{{"user", "u"}, {"severity", "INFO"}};
  EXPECT_EQ(detector.detect("level=error", by_field), "info");
  const std::vector<metadata_pair> odd{{"level", "Loud"}};
  EXPECT_EQ(detector.detect("level=error", odd), "Loud");
  const line_case numbers[] = {{"1", "trace"},  {"4", "trace"},    {"5", "debug"},
                               {"12", "info"},  {"13", "warn"},    {"17", "error"},
                               {"24", "fatal"}, {"25", "unknown"}, {"0", "unknown"},
                               {"x", "info"},   {"999", "unknown"}};
  for (const line_case& c : numbers) {
    const std::vector<metadata_pair> pairs{{"severity_number", c.line}};
    EXPECT_EQ(detector.detect("level=debug", pairs), c.level) << c.line;
  }
}

TEST(LevelDetector, HonoursItsLimits) {
  tenant_limits limits;
  limits.log_level_fields = {"prio"};
  limits.log_level_from_json_max_depth = 0;
  const level_detector detector(limits);
  EXPECT_EQ(detector.from_line("level=x prio=inf"), "info");
  EXPECT_EQ(detector.from_line(R"({"a":{"b":{"c":{"prio":"inf"}}}})"), "info");
  const std::string deep(100'000, '{');
  EXPECT_EQ(detector.from_line(deep + "}"), "unknown");
  std::string nested;
  for (int i = 0; i < 10'000; ++i) nested += "{\"a\":";
  EXPECT_EQ(detector.from_line(nested + "}"), "unknown");
}

TEST(LevelDetector, FindsLogfmtFieldsByAnyName) {
  tenant_limits limits;
  limits.log_level_fields = {"p", "Stufe_1", "="};
  const level_detector detector(limits);
  const line_case cases[] = {
      {"=inf p=wrn", "warn"},
      {"=inf", "unknown"},
      {"p=inf", "info"},
      {"P=inf", "info"},
      {"a=p b=inf p", "unknown"},
      {"ap=inf stufe_1=trc", "trace"},
      {"xstufe_1=inf", "unknown"},
      {"a=b STUFE_1=trc", "trace"},
      {"stufe_1=trc p=inf", "info"},
      {"msg=\"p=inf\" x=y", "unknown"},
      {"a==inf", "unknown"},
  };
  for (const line_case& c : cases) EXPECT_EQ(detector.from_line(c.line), c.level) << c.line;
  limits.log_level_fields = {""};
  const level_detector nameless(limits);
  EXPECT_EQ(nameless.from_line("=inf"), "info");
  EXPECT_EQ(nameless.from_line("a =inf"), "info");
  EXPECT_EQ(nameless.from_line("a=inf"), "unknown");
}

TEST(NormalizedLevel, KnowsItsSpellings) {
  EXPECT_EQ(normalized_level("Information"), "info");
  EXPECT_EQ(normalized_level("WRN"), "warn");
  EXPECT_EQ(normalized_level("notice"), "notice");
  EXPECT_EQ(normalized_level(""), "");
}

}  // namespace
}  // namespace skald
