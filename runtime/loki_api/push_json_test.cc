// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/push_json.h"

#include <gtest/gtest.h>

#include "runtime/http/content_coding.h"
#include "runtime/loki_api/json_unescape.h"
#include "runtime/loki_api/push_codec.h"

namespace skald {
namespace {

result<decoded_push> decode(std::string body) {
  return decode_push("application/json; charset=utf-8", "", std::move(body), {});
}

// One entry's line as the decoder sees it, for bodies with a single entry.
std::string line_of(const std::string& json_string) {
  auto push = decode(R"({"streams":[{"stream":{"a":"b"},"values":[["1",)" + json_string + "]]}]}");
  if (!push) return "error: " + push.error().message;
  return std::string(push->entries.at(0).line);
}

TEST(PushJson, DecodesStreamsEntriesAndMetadata) {
  const auto push = decode(
      R"({"other":[1,{"x":2}],"streams":[{"stream":{"env":"dev","app":"a"},"more":null,"values":[)"
      R"(["1795362717157413373","hello",{"trace_id":"abc","b":"c"}],["2","two"],["3","x",{},5,"y"]]},)"
      R"({"values":null,"stream":{}},{"values":[]}]})");
  ASSERT_TRUE(push.ok()) << push.error().message;
  ASSERT_EQ(push->streams.size(), 3u);
  EXPECT_EQ(push->streams[0].labels_text, R"({app="a", env="dev"})");
  const auto entries = push->entries_of(push->streams[0]);
  ASSERT_EQ(entries.size(), 3u);
  EXPECT_EQ(entries[0].timestamp_ns, 1795362717157413373);
  EXPECT_EQ(entries[0].line, "hello");
  ASSERT_EQ(push->metadata_of(entries[0]).size(), 2u);
  EXPECT_EQ(push->metadata_of(entries[0])[0].name, "trace_id");
  EXPECT_EQ(push->metadata_of(entries[0])[1].value, "c");
  EXPECT_EQ(entries[1].timestamp_ns, 2);
  EXPECT_TRUE(push->metadata_of(entries[2]).empty());
  EXPECT_EQ(push->streams[1].labels_text, "{}");
  EXPECT_EQ(push->streams[2].labels_text, "{}");
  EXPECT_EQ(push->streams[2].entry_count, 0u);
  EXPECT_EQ(push->format, push_format::json);
}

TEST(PushJson, MakesLabelTextLikeLoki) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"a":5,"b":true,"c":null,"d":[1, 2],"e":{"x":"y"}})",
       R"({a="5", b="true", c="null", d="[1, 2]", e="{\"x\":\"y\"}"})"},
      {R"({"a":"1","a":"2"})", R"({a="2"})"},
      {R"({"a-b":"x"})", R"({a-b="x"})"},
      {R"({"q":"say \"hi\"\n\u00e9"})", R"({q="say \"hi\"\né"})"},
      {"null", "{}"},
  };
  for (const auto& [labels, text] : cases) {
    const auto push = decode(R"({"streams":[{"stream":)" + labels + R"(,"values":[]}]})");
    ASSERT_TRUE(push.ok()) << labels << " " << push.error().message;
    EXPECT_EQ(push->streams[0].labels_text, text);
  }
}

TEST(PushJson, LastOfDuplicateKeysWins) {
  const auto push = decode(
      R"({"streams":[{"values":[["1","gone"]]}],"streams":[{"values":[["1","a"]],"stream":{"a":"1"},)"
      R"("stream":{"b":"2"},"values":[["2","b"]]}]})");
  ASSERT_TRUE(push.ok()) << push.error().message;
  ASSERT_EQ(push->streams.size(), 1u);
  EXPECT_EQ(push->streams[0].labels_text, R"({b="2"})");
  ASSERT_EQ(push->entries.size(), 1u);
  EXPECT_EQ(push->entries[0].line, "b");
}

TEST(PushJson, Unescapes) {
  const std::pair<std::string, std::string> cases[] = {
      {R"("")", ""},
      {R"("plain")", "plain"},
      {R"("\"\\\/\b\f\n\r\t")", "\"\\/\b\f\n\r\t"},
      {R"("a\u0041\u00e9\u20ac\ud83d\ude00z")", "aA\u00e9\u20ac\U0001f600z"},
      {R"("\u0000x")", std::string("\0x", 2)},
      {R"("\ud800")", "\ufffd"},
      {R"("\ud800\u0041")", "\ufffdA"},
      {R"("\udc00\ud800\udc00")", "\ufffd\U00010000"},
      {R"("0123456789abcdef\n0123456789abcdef\"")", "0123456789abcdef\n0123456789abcdef\""},
      {"\"\u20ac unescaped\"", "\u20ac unescaped"},
  };
  for (const auto& [text, value] : cases) EXPECT_EQ(line_of(text), value) << text;
  for (const std::string bad : {R"("\x")", R"("\u12")", R"("\u12g4")", R"("\u")"}) {
    EXPECT_EQ(line_of(bad), "error: invalid escape in string") << bad;
  }
}

TEST(PushJson, ReplacesInvalidUtf8) {
  EXPECT_EQ(line_of("\"a\xff\\n\xc3z\""), "a\ufffd\n\ufffdz");
  EXPECT_EQ(replace_invalid_utf8("\xed\xa0\x80|\xf4\x90\x80\x80|ok\xe2\x82"),
            "\ufffd\ufffd\ufffd|\ufffd\ufffd\ufffd\ufffd|ok\ufffd\ufffd");
}

TEST(PushJson, IgnoresWhatFollowsTheDocument) {
  for (const std::string tail : {"\n", "garbage", "]]", "{\"streams\":[]}", "}", " \"x"}) {
    const auto push = decode(R"({"streams":[{"stream":{"a":"}"},"values":[["1","x"]]}]})" + tail);
    if (tail == " \"x") continue;  // an open string may be refused
    ASSERT_TRUE(push.ok()) << tail << " " << push.error().message;
    EXPECT_EQ(push->entries.size(), 1u);
  }
}

TEST(PushJson, RefusesWrongTypes) {
  const std::string entries[] = {
      R"([1,"x"])",
      R"(["1",5])",
      R"(["1","x","y"])",
      R"(["1","x",{"a":5}])",
      R"(["1","x",null])",
      R"(["1"])",
      R"([])",
      R"(["","x"])",
      R"(["1.5","x"])",
      R"(["12x","x"])",
      R"({"a":"b"})",
      R"("x")",
      R"(["99999999999999999999","x"])",
      R"([null,"x"])",
  };
  for (const auto& entry : entries) {
    const auto push = decode(R"({"streams":[{"stream":{},"values":[)" + entry + "]}]}");
    ASSERT_FALSE(push.ok()) << entry;
    EXPECT_EQ(push.error().code, errc::invalid_argument);
  }
  const std::string bodies[] = {"[]",
                                "5",
                                "\"x\"",
                                "true",
                                "x",
                                "{",
                                R"({"streams":5})",
                                R"({"streams":{}})",
                                R"({"streams":[5]})",
                                R"({"streams":[{"stream":[]}]})",
                                R"({"streams":[{"values":{}}]})",
                                R"({"streams":[{"values":"x"}]})",
                                "{\"streams\":[{\"stream\":{\"a\":\"\x01\"}}]}"};
  for (const auto& body : bodies) {
    const auto push = decode(body);
    ASSERT_FALSE(push.ok()) << body;
    EXPECT_EQ(push.error().code, errc::invalid_argument);
  }
}

TEST(PushJson, AcceptsASignedTimestamp) {
  const auto push = decode(R"({"streams":[{"values":[["-5","x"],["+7","y"]]}]})");
  ASSERT_TRUE(push.ok()) << push.error().message;
  EXPECT_EQ(push->entries[0].timestamp_ns, -5);
  EXPECT_EQ(push->entries[1].timestamp_ns, 7);
}

TEST(PushJson, RefusesTruncationAtEveryByte) {
  const std::string body =
      R"({"streams":[{"stream":{"a":"b\n"},"values":[["1","li\u00e9ne",{"k":"v"}],["2","z"]]}]})";
  ASSERT_TRUE(decode(body).ok());
  for (std::size_t length = 0; length < body.size(); ++length) {
    EXPECT_FALSE(decode(body.substr(0, length)).ok()) << body.substr(0, length);
  }
}

TEST(PushJson, SurvivesDamageAtEveryByte) {
  const std::string body =
      R"({"streams":[{"stream":{"a":"b\n"},"values":[["1","li\u00e9ne",{"k":"v"}],["2","z"]]}]})";
  for (std::size_t at = 0; at < body.size(); ++at) {
    for (const char c : {'"', '\\', '{', '}', '[', ']', ',', ':', '\0', '\xff', ' ', 'u'}) {
      std::string damaged = body;
      damaged[at] = c;
      const auto push = decode(damaged);
      if (!push) {
        EXPECT_EQ(push.error().code, errc::invalid_argument);
      }
    }
  }
}

TEST(PushJson, RefusesDeepNesting) {
  const std::string deep(100'000, '[');
  EXPECT_FALSE(decode("{\"x\":" + deep + "}").ok());
  EXPECT_FALSE(decode("{\"streams\":[{\"stream\":{\"a\":" + deep + "}}]}").ok());
}

TEST(PushJson, DecodesGzipAndRawDeflate) {
  const std::string body = R"({"streams":[{"stream":{"a":"b"},"values":[["1","x"]]}]})";
  const auto push = decode_push("application/json", "gzip", gzip_compress(body), {});
  ASSERT_TRUE(push.ok()) << push.error().message;
  EXPECT_EQ(push->inflated_bytes, body.size());
  EXPECT_EQ(push->entries.size(), 1u);
}

TEST(PushJson, CountsTheArraysOfManySmallEntries) {
  std::string body = R"({"streams":[{"values":[["1",""])";
  for (int i = 0; i < 400'000; ++i) body += R"(,["1",""])";
  body += "]}]}";
  push_decode_options options;
  options.inflated_bytes_max = body.size() * 2;
  const auto push = decode_push("application/json", "", body, options);
  ASSERT_FALSE(push.ok());
  EXPECT_EQ(push.error().code, errc::resource_exhausted);
}

TEST(JsonDocumentLength, FindsTheEnd) {
  EXPECT_EQ(json_document_length(R"({"a":"}\"{"}x)"), 12u);
  EXPECT_EQ(json_document_length("{} "), 3u);
  EXPECT_EQ(json_document_length("{{x"), 3u);
  EXPECT_EQ(json_document_length("[1]x"), 4u);
  EXPECT_EQ(json_document_length("  "), 2u);
  EXPECT_EQ(json_document_length("{\"a\\"), 4u);
}

}  // namespace
}  // namespace skald
