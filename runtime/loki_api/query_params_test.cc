// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/query_params.h"

#include <gtest/gtest.h>

#include <limits>

#include "runtime/loki_api/rfc3339.h"

namespace skald {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t now = 1'795'362'825 * second;

form_values form(std::string_view encoded) {
  return parse_form(encoded).value();
}

std::string range_error(std::string_view encoded) {
  const auto params = parse_range_query(form(encoded), now);
  return params ? "no error" : params.error().message;
}

TEST(ApiTime, ReadsAllForms) {
  const std::pair<std::string_view, std::int64_t> cases[] = {
      {"1793491500", 1'793'491'500 * second},
      {"4000000000", 4'000'000'000 * second},
      {"0", 0},
      {"-5", -5 * second},
      {"1793491500000", 1'793'491'500'000},  // 13 digits are nanoseconds
      {"1793491500000000001", 1'793'491'500'000'000'001},
      {"1793491200.5", 1'793'491'200 * second + 500'000'000},
      {"1793491200.1234", 1'793'491'200 * second + 123'000'000},
      {"1.", second},
      {"2026-11-01T00:00:00.000000001Z", 1'793'491'200 * second + 1},
      {"2026-11-01T02:00:00+02:00", 1'793'491'200 * second},
      {"2026-10-31T23:30:00-00:30", 1'793'491'200 * second},
      {"1970-01-01T00:00:00Z", 0},
  };
  for (const auto& [text, ns] : cases) {
    const auto time = parse_api_time(text);
    ASSERT_TRUE(time.ok()) << text << " " << time.error().message;
    EXPECT_EQ(*time, ns) << text;
  }
}

TEST(ApiTime, GivesGosErrors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"abc", R"(strconv.ParseInt: parsing "abc": invalid syntax)"},
      {"2026-13-01T00:00:00Z",
       R"(strconv.ParseInt: parsing "2026-13-01T00:00:00Z": invalid syntax)"},
      {"2026-11-01", R"(strconv.ParseInt: parsing "2026-11-01": invalid syntax)"},
      {"12:00", R"(strconv.ParseInt: parsing "12:00": invalid syntax)"},
      {"1.2.3", R"(strconv.ParseInt: parsing "1.2.3": invalid syntax)"},
      {"99999999999999999999",
       R"(strconv.ParseInt: parsing "99999999999999999999": value out of range)"},
  };
  for (const auto& [text, message] : cases) {
    const auto time = parse_api_time(text);
    ASSERT_FALSE(time.ok()) << text;
    EXPECT_EQ(time.error().message, message);
  }
}

TEST(ApiTime, SaturatesHugeNumbers) {
  EXPECT_EQ(*parse_api_time("9999999999"), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(*parse_api_time("-999999999"), -999'999'999 * second);
  EXPECT_GT(*parse_api_time("99999999999999999999999999.0"), 0);
  EXPECT_LT(*parse_api_time("-99999999999999999999999999.5"), 0);
}

TEST(Rfc3339, ReadsAndWrites) {
  EXPECT_EQ(parse_rfc3339("2026-02-30T00:00:00Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("2026-02-28T24:00:00Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("2026-02-28 00:00:00Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("2026-02-28T00:00:00"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("2026-02-28T00:00:00.Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("2026-02-28T00:00:00Zx"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("9999-01-01T00:00:00Z"), std::nullopt);
  EXPECT_EQ(parse_rfc3339("1969-12-31T23:59:59.9999999999Z"), -1);
  for (const std::string_view text :
       {"2026-11-22T15:52:55Z", "2026-11-22T15:52:55.5Z", "1969-12-31T23:59:59.999999999Z",
        "2024-02-29T00:00:00.00001Z"}) {
    EXPECT_EQ(format_rfc3339(parse_rfc3339(text).value()), text);
  }
}

TEST(ApiDuration, ReadsSecondsAndPrometheusDurations) {
  EXPECT_EQ(*parse_api_duration("15000ms"), 15 * second);
  EXPECT_EQ(*parse_api_duration("0.5"), second / 2);
  EXPECT_EQ(*parse_api_duration("1h30m"), 5400 * second);
  EXPECT_EQ(*parse_api_duration("-1"), -second);
  for (const std::string_view bad : {"abc", "5x", "-5m", "1.5s", "NaN", "1e30"}) {
    const auto duration = parse_api_duration(bad);
    ASSERT_FALSE(duration.ok()) << bad;
    EXPECT_TRUE(duration.error().message.starts_with("cannot parse \"" + std::string(bad) +
                                                     "\" to a valid duration"));
  }
}

TEST(RangeQuery, HasLokisDefaults) {
  const auto params = parse_range_query(form("query=%7Ba%3D%22b%22%7D"), now);
  ASSERT_TRUE(params.ok());
  EXPECT_EQ(params->query, "{a=\"b\"}");
  EXPECT_EQ(params->end_ns, now);
  EXPECT_EQ(params->start_ns, now - 3600 * second);
  EXPECT_EQ(params->step_ns, 14 * second);
  EXPECT_EQ(params->limit, 100u);
  EXPECT_EQ(params->interval_ns, 0);
  EXPECT_EQ(params->direction, query_direction::backward);
}

TEST(RangeQuery, ReadsWhatGrafanaSends) {
  const auto params =
      parse_range_query(form("query=x&direction=Forward&limit=1000&start=1793491200000000000&end="
                             "1793494800000000000&step=15000ms&interval=1m&shards=bogus"),
                        now);
  ASSERT_TRUE(params.ok());
  EXPECT_EQ(params->limit, 1000u);
  EXPECT_EQ(params->step_ns, 15 * second);
  EXPECT_EQ(params->interval_ns, 60 * second);
  EXPECT_EQ(params->direction, query_direction::forward);
}

TEST(RangeQuery, SinceCountsBackFromTheEndOrNow) {
  auto bounds = parse_time_bounds(form("end=1793492100&since=1h"), now);
  EXPECT_EQ(bounds->start_ns, (1'793'492'100 - 3600) * second);
  bounds = parse_time_bounds(form("end=4000000000&since=30m"), now);
  EXPECT_EQ(bounds->start_ns, now - 1800 * second);
  bounds = parse_time_bounds(form("start=1793491500&end=1793492100&since=1m"), now);
  EXPECT_EQ(bounds->start_ns, 1'793'491'500 * second);
}

TEST(RangeQuery, RefusesWithLokisTexts) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"start=abc",
       R"(could not parse 'start' parameter: strconv.ParseInt: parsing "abc": invalid syntax)"},
      {"end=abc",
       R"(could not parse 'end' parameter: strconv.ParseInt: parsing "abc": invalid syntax)"},
      {"since=abc", R"(could not parse 'since' parameter: not a valid duration string: "abc")"},
      {"since=-1h", R"(could not parse 'since' parameter: not a valid duration string: "-1h")"},
      {"start=1793491800000000000&end=1793491200000000000",
       "end timestamp must not be before or equal to start time"},
      {"step=abc", R"(cannot parse "abc" to a valid duration)"},
      {"step=0",
       "zero or negative query resolution step widths are not accepted. Try a positive integer"},
      {"step=-1",
       "zero or negative query resolution step widths are not accepted. Try a positive integer"},
      {"limit=0", "limit must be a positive value"},
      {"limit=-3", "limit must be a positive value"},
      {"limit=x", R"(strconv.Atoi: parsing "x": invalid syntax)"},
      {"limit=1.5", R"(strconv.Atoi: parsing "1.5": invalid syntax)"},
      {"limit=99999999999", "limit value 99999999999 is out of range [0, 4294967295]"},
      {"limit=99999999999999999999",
       R"(strconv.Atoi: parsing "99999999999999999999": value out of range)"},
      {"direction=up", "invalid direction 'up'"},
      {"interval=-1", "interval must be >= 0"},
      {"interval=bogus", R"(cannot parse "bogus" to a valid duration)"},
      {"start=1793491200000000000&end=1796083200000000000&step=60",
       "exceeded maximum resolution of 11,000 points per time series. Try increasing the value "
       "of the step parameter"},
  };
  for (const auto& [query, message] : cases) EXPECT_EQ(range_error(query), message) << query;
  EXPECT_EQ(range_error("start=5&end=5"), "no error");
  EXPECT_EQ(range_error("start=0&end=11000&step=1"), "no error");
  EXPECT_NE(range_error("start=0&end=11001&step=1"), "no error");
}

TEST(InstantQuery, ReadsTime) {
  EXPECT_EQ(parse_instant_query(form("time=4000000000&direction=backward"), now)->time_ns,
            4'000'000'000 * second);
  EXPECT_EQ(parse_instant_query(form(""), now)->time_ns, now);
  EXPECT_EQ(parse_instant_query(form("time=abc"), now).error().message,
            R"(strconv.ParseInt: parsing "abc": invalid syntax)");
}

TEST(SeriesQuery, ReadsBothSpellings) {
  const auto params = parse_series_query(form("match=%7Ba%3D%221%22%7D&match[]=x"), now);
  EXPECT_EQ(params->matches, (std::vector<std::string>{"x", "{a=\"1\"}"}));
  EXPECT_TRUE(parse_series_query(form("match[]=%7B%7D"), now)->matches.empty());
  EXPECT_TRUE(parse_series_query(form(""), now)->matches.empty());
  EXPECT_EQ(parse_series_query(form("match=%7B%7D&match=x"), now).error().message,
            "0 matchers in group: {}");
  EXPECT_TRUE(parse_series_query(form("match[]=%7B%20%7D"), now)->matches.empty());
}

TEST(VolumeQuery, ReadsItsParameters) {
  const auto params = parse_volume_query(
      form("query=q&targetLabels=app,%20env,&aggregateBy=labels&limit=0&step=300"), now, true);
  ASSERT_TRUE(params.ok());
  EXPECT_EQ(params->target_labels, (std::vector<std::string>{"app", " env", ""}));
  EXPECT_TRUE(params->aggregate_by_labels);
  EXPECT_EQ(params->limit, 100u);
  EXPECT_EQ(params->step_ns, 300 * second);
  EXPECT_EQ(parse_volume_query(form("limit=-1"), now, false).error().message,
            "limit must be a positive value");
  EXPECT_EQ(parse_volume_query(form("aggregateBy=x"), now, false).error().message,
            "invalid aggregation option");
  EXPECT_EQ(parse_volume_query(form("step=bogus"), now, true).error().message,
            "cannot parse \"bogus\" to a valid duration");
  EXPECT_TRUE(parse_volume_query(form("step=bogus"), now, false).ok());
}

TEST(VolumeQuery, RefusesWhatTheQueryEndpointsRefuse) {
  const auto text = [](const char* given, bool with_step) {
    return parse_volume_query(form(given), now, with_step).error().message;
  };
  EXPECT_EQ(text("direction=up", false), "invalid direction 'up'");
  EXPECT_EQ(text("direction=up", true), "invalid direction 'up'");
  EXPECT_EQ(text("time=x&start=x", false), "strconv.ParseInt: parsing \"x\": invalid syntax");
  EXPECT_EQ(text("interval=-1", true), "interval must be >= 0");
  EXPECT_EQ(text("start=2&end=1", false),
            "end timestamp must not be before or equal to start time");
}

TEST(DetectedLabels, RefusesARangeThatEndsBeforeItStarts) {
  EXPECT_EQ(parse_detected_labels(form("start=2&end=1"), now).error().message,
            "end timestamp must not be before or equal to start time");
  EXPECT_TRUE(parse_detected_labels(form("start=1&end=1"), now).ok());
}

TEST(Patterns, ChecksItsStep) {
  EXPECT_EQ(parse_patterns_query(form("step=x"), now).error().message,
            "cannot parse \"x\" to a valid duration");
  EXPECT_EQ(parse_patterns_query(form("step=1ms"), now).error().message,
            "exceeded maximum resolution of 11,000 points per time series. Try increasing the "
            "value of the step parameter");
  EXPECT_EQ(parse_patterns_query(form("query=q"), now)->query, "q");
}

TEST(DetectedFields, ReadsItsParameters) {
  EXPECT_EQ(parse_detected_fields(form(""), now)->limit, 1000u);
  EXPECT_EQ(parse_detected_fields(form("field_limit=7"), now)->limit, 7u);
  EXPECT_EQ(parse_detected_fields(form("field_limit=7&limit=8"), now)->limit, 8u);
  EXPECT_EQ(parse_detected_fields(form("line_limit=0"), now).error().message,
            "limit must be a positive value");
}

TEST(EncodingFlags, EchoesWhatWasSent) {
  http_request request;
  EXPECT_TRUE(parse_encoding_flags(request).names.empty());
  request.headers = {{"X-Loki-Response-Encoding-Flags", "foo, categorize-labels"}};
  const encoding_flags flags = parse_encoding_flags(request);
  EXPECT_TRUE(flags.categorize_labels);
  EXPECT_EQ(flags.names, (std::vector<std::string>{"foo", "categorize-labels"}));
}

}  // namespace
}  // namespace skald
