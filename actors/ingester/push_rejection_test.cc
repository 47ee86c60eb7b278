// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/push_rejection.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t noon = 1'795'351'917LL * second;  // 2026-11-22T12:51:57Z

TEST(PushRejection, FormatsTimesAsGoDoes) {
  EXPECT_EQ(format_go_time(noon + 157413373), "2026-11-22 12:51:57.157413373 +0000 UTC");
  EXPECT_EQ(format_go_time(noon + 150000000), "2026-11-22 12:51:57.15 +0000 UTC");
  EXPECT_EQ(format_go_time(noon), "2026-11-22 12:51:57 +0000 UTC");
  EXPECT_EQ(format_go_time(-1), "1969-12-31 23:59:59.999999999 +0000 UTC");
  EXPECT_EQ(format_rfc3339_seconds(noon + 999), "2026-11-22T12:51:57Z");
}

TEST(PushRejection, FormatsSizesAsHumanizeDoes) {
  EXPECT_EQ(format_byte_size(0), "0B");
  EXPECT_EQ(format_byte_size(9), "9B");
  EXPECT_EQ(format_byte_size(90), "90B");
  EXPECT_EQ(format_byte_size(100), "100B");
  EXPECT_EQ(format_byte_size(999), "999B");
  EXPECT_EQ(format_byte_size(1000), "1.0kB");
  EXPECT_EQ(format_byte_size(3 << 20), "3.1MB");
  EXPECT_EQ(format_byte_size(3'000'000), "3.0MB");
  EXPECT_EQ(format_byte_size(15u << 20), "16MB");
}

TEST(PushRejection, LateEntriesReadAsLokiWritesThem) {
  const auto late = reject_late({"fake", "{app=\"a\", env=\"dev\", service_name=\"a\"}", 1, 10},
                                {{noon + 157413373, noon + 7200 * second}}, 12);
  EXPECT_EQ(late.http_status, 400);
  EXPECT_EQ(late.lines, 1U);
  EXPECT_EQ(late.bytes, 12U);
  EXPECT_EQ(late.text,
            "entry with timestamp 2026-11-22 12:51:57.157413373 +0000 UTC ignored, reason: 'entry "
            "too far behind, entry timestamp is: 2026-11-22T12:51:57Z, oldest acceptable timestamp "
            "is: 2026-11-22T14:51:57Z',\nuser 'fake', total ignored: 1 out of 1 for stream: "
            "{app=\"a\", env=\"dev\", service_name=\"a\"}");
}

TEST(PushRejection, ListsAtMostTheGivenNumberOfEntries) {
  std::vector<late_entry> late(25, {noon, noon});
  const auto count = [](const std::string& text) {
    std::size_t found = 0;
    for (auto at = text.find("entry with"); at != std::string::npos;
         at = text.find("entry with", at + 1)) {
      ++found;
    }
    return found;
  };
  EXPECT_EQ(count(reject_late({"t", "{}", 30, 10}, late, 0).text), 10U);
  EXPECT_EQ(count(reject_late({"t", "{}", 30, 0}, late, 0).text), 25U);
  EXPECT_NE(reject_late({"t", "{}", 30, 10}, late, 0).text.find("total ignored: 25 out of 30"),
            std::string::npos);
}

TEST(PushRejection, RateAndStreamLimitsReadAsLokiWritesThem) {
  push_frame_builder builder("psr");
  builder.begin_stream(fingerprint_of("{a=\"5\"}"), "{a=\"5\"}");
  builder.add(noon, std::string(90, 'x'));
  const auto frame = builder.finish();
  const auto& slice = frame->slices()[0];
  const rejection_context context{"psr", slice.canonical_labels, 1, 10};
  const auto rate = reject_rate_limited(context, slice, 100);
  EXPECT_EQ(rate.http_status, 429);
  EXPECT_EQ(rate.text,
            "entry with timestamp 2026-11-22 12:51:57 +0000 UTC ignored, reason: 'Per stream rate "
            "limit exceeded (limit: 100B/sec) while attempting to ingest for stream '{a=\"5\"}' "
            "totaling 90B, consider splitting a stream via additional labels or contact your Loki "
            "administrator to see if the limit can be increased',\nuser 'psr', total ignored: 1 "
            "out of 1 for stream: {a=\"5\"}");
  const auto limit = reject_stream_limit(context, slice);
  EXPECT_EQ(limit.http_status, 429);
  EXPECT_EQ(limit.text,
            "maximum active stream limit exceeded when trying to create stream {a=\"5\"}, reduce "
            "the number of active streams (reduce labels or reduce label values), or contact your "
            "Loki administrator to see if the limit can be increased, user: 'psr'");
  EXPECT_EQ(reject_quarantined(context, slice).http_status, 503);
}

}  // namespace
}  // namespace skald
