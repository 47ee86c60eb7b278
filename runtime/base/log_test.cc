// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/log.h"

#include <gtest/gtest.h>

#include <vector>

namespace skald {
namespace {

class Log : public testing::Test {
 protected:
  void SetUp() override {
    set_log_sink([this](std::string_view line) { lines_.emplace_back(line); });
  }
  void TearDown() override {
    set_log_sink({});
    set_log_level(log_level::info);
    set_log_format(log_format::logfmt);
  }
  // The line without its time.
  std::string last() const {
    if (lines_.empty()) return "";
    const std::string& line = lines_.back();
    return line.substr(line.find(line[0] == '{' ? ',' : ' ') + 1);
  }
  std::vector<std::string> lines_;
};

TEST_F(Log, WritesLogfmt) {
  log_info("ingester", "pack flushed",
           {{"tenant", "fake"}, {"bytes", 12u}, {"delta", -3}, {"ok", true}, {"ratio", 0.25}});
  EXPECT_EQ(last(),
            "level=info component=ingester msg=\"pack flushed\" tenant=fake bytes=12 delta=-3 "
            "ok=true ratio=0.25");
  EXPECT_EQ(lines_[0].substr(0, 3), "ts=");
  EXPECT_EQ(lines_[0].substr(3 + 29, 2), "Z ");
}

TEST_F(Log, QuotesWhatNeedsIt) {
  log_warn("x", "m", {{"a", ""}, {"b", "a=b"}, {"c", "say \"hi\"\n"}, {"d", "\x01"}});
  EXPECT_EQ(last(), R"(level=warn component=x msg=m a="" b="a=b" c="say \"hi\"\n" d="\u0001")");
}

TEST_F(Log, WritesErrors) {
  const error why{errc::timeout, "query timed out"};
  log_error("x", "failed", {log_field(why)});
  EXPECT_EQ(last(), R"(level=error component=x msg=failed error="timeout: query timed out")");
}

TEST_F(Log, WritesJson) {
  set_log_format(log_format::json);
  log_info("x", "hi \"you\"", {{"n", 5}, {"s", "t"}, {"b", false}});
  EXPECT_EQ(last(),
            R"("level":"info","component":"x","msg":"hi \"you\"","n":5,"s":"t","b":false})");
}

// As Go's encoders write them: a line must be valid JSON, or logfmt, whatever bytes it is about.
TEST_F(Log, BytesThatAreNoUtf8BecomeTheReplacementCharacter) {
  const char* const invalid[] = {"\x80", "\xff", "\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80"};
  const char* const written[] = {R"(\ufffd)", R"(\ufffd)", R"(\ufffd)", R"(\ufffd\ufffd\ufffd)",
                                 R"(\ufffd\ufffd\ufffd\ufffd)"};
  for (std::size_t i = 0; i < std::size(invalid); ++i) {
    const std::string text = std::string("a") + invalid[i] + "b\xc3\xa9";
    const std::string expected = "\"a" + std::string(written[i]) + "b\xc3\xa9\"";
    set_log_format(log_format::json);
    log_info("x", text, {{text, text}});
    EXPECT_EQ(last(), R"("level":"info","component":"x","msg":)" + expected + "," + expected + ":" +
                          expected + "}");
    set_log_format(log_format::logfmt);
    log_info("x", "m", {{"k", text}});
    EXPECT_EQ(last(), "level=info component=x msg=m k=" + expected);
  }
}

TEST_F(Log, LeavesTextBeyondAsciiAsItIs) {
  log_info("x", "m", {{"k", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"}});
  EXPECT_EQ(last(), "level=info component=x msg=m k=\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  set_log_format(log_format::json);
  log_info("x", "m", {{"k", "\xc3\xa9\x7f\x1f"}});
  EXPECT_EQ(last(),
            "\"level\":\"info\",\"component\":\"x\",\"msg\":\"m\",\"k\":\"\xc3\xa9\x7f\\u001f\"}");
}

TEST_F(Log, DropsLinesBelowTheLevel) {
  log_debug("x", "hidden");
  EXPECT_TRUE(lines_.empty());
  set_log_level(log_level::debug);
  log_debug("x", "seen");
  EXPECT_EQ(lines_.size(), 1u);
  set_log_level(log_level::off);
  log_error("x", "hidden");
  EXPECT_EQ(lines_.size(), 1u);
}

TEST(LogLevel, ParsesNames) {
  EXPECT_EQ(*parse_log_level("warn"), log_level::warn);
  EXPECT_EQ(*parse_log_level("debug"), log_level::debug);
  EXPECT_EQ(parse_log_level("loud").error().message, "unrecognized log level \"loud\"");
  EXPECT_EQ(*parse_log_format("json"), log_format::json);
  EXPECT_FALSE(parse_log_format("xml").ok());
}

}  // namespace
}  // namespace skald
