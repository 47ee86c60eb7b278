// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "storage/chunk/column/column_decoder.h"
#include "storage/chunk/column/column_encoder.h"
#include "storage/chunk/column/generated_values.h"

namespace skald {
namespace {

using strings = std::vector<std::string>;

struct encoded {
  std::string payload;
  column_facts facts;
};

encoded encode(const value_column& column, column_type hint = column_type::none) {
  static column_encoder encoder;
  static compressor zstd;
  encoded made;
  const auto views = column.views();
  const column_type type = encoder.append(views, column.times_ns, hint, zstd, made.payload);
  made.facts = encoder.facts();
  EXPECT_EQ(type, made.facts.type);
  return made;
}

strings decode(const std::string& payload, const value_column& column) {
  column_decoder decoder;
  const auto rows = static_cast<std::uint32_t>(column.times_ns.size());
  const auto decoded = decoder.decode(payload, rows, column.times_ns);
  EXPECT_TRUE(decoded.ok()) << decoded.error().message;
  strings texts;
  if (!decoded.ok()) return texts;
  EXPECT_EQ(decoded->rows, rows);
  for (std::uint32_t row = 0; row < rows; ++row) texts.emplace_back(decoded->value(row));
  return texts;
}

column_type round_trip(const value_column& column, column_type hint = column_type::none) {
  const encoded made = encode(column, hint);
  EXPECT_EQ(decode(made.payload, column), column.texts);
  return made.facts.type;
}

// The same values over and over, with other ones at random places would be no dictionary: each is
// made unlike the others by `vary`.
strings many(std::size_t count, const auto& vary) {
  strings texts;
  for (std::size_t i = 0; i < count; ++i) texts.push_back(vary(i));
  return texts;
}

struct border_case {
  const char* name;
  strings texts;
  column_type type;
};

const std::vector<border_case>& border_cases() {
  using namespace std::string_literals;
  static const std::vector<border_case> cases = {
      {"one value", {"abc"}, column_type::constant},
      {"one empty value", {""}, column_type::constant},
      {"equal values", {"7", "7", "7"}, column_type::constant},
      {"empty and not", {"", "a", "bc"}, column_type::strings},
      {"NULs", {"\0"s, "\0\0"s, "a\0b"s}, column_type::strings},
      {"invalid UTF-8", {"\xff\xfe", "\xc3", "a\x80"}, column_type::strings},
      {"100 KB", {std::string(100'000, 'x'), "y", std::string(99'999, 'z')}, column_type::strings},
      {"two of four distinct", {"a", "b", "a", "b"}, column_type::dictionary},
      {"three of four distinct", {"a", "b", "c", "b"}, column_type::strings},
      {"integers", {"0", "-1", "17"}, column_type::integer},
      {"leading zero of one width", {"01", "22", "99"}, column_type::fixed},
      {"leading zero of two widths", {"01", "2", "993"}, column_type::strings},
      {"negative zero", {"-0", "1", "25"}, column_type::strings},
      {"negative zero with fraction", {"-0.0", "1.5", "25.1"}, column_type::strings},
      {"18 digits", {"999999999999999999", "-999999999999999999", "1"}, column_type::integer},
      {"19 digits", {"9999999999999999991", "1", "25"}, column_type::strings},
      {"18 digits of one width", {"099999999999999999", "100000000000000000"}, column_type::fixed},
      {"plus sign", {"+1", "2", "33"}, column_type::strings},
      {"only a minus", {"-", "2", "33"}, column_type::strings},
      {"prefix before numbers", {"ord-1", "ord-20", "ord-300"}, column_type::integer},
      {"prefix and suffix", {"<10>", "<2>", "<333>"}, column_type::integer},
      {"number is not cut", {"100", "101", "1"}, column_type::integer},
      {"fractions", {"1.5", "0.25", "-3"}, column_type::decimal},
      {"fraction without whole", {".5", "0.25", "3"}, column_type::strings},
      {"point at the end", {"5.", "0.25", "3"}, column_type::strings},
      {"units", {"1.5ms", "20s", "-3%"}, column_type::decimal},
      {"unit of two bytes", {"150\xc2\xb5s", "2ms", "1.25s"}, column_type::decimal},
      {"unit too long", {"1bytes", "20s", "3"}, column_type::strings},
      {"exponent", {"1e-05", "0.25", "3"}, column_type::strings},
      {"18 digits with fraction", {"1.23456789012345678", "1", "2.5"}, column_type::decimal},
      {"19 digits with fraction", {"1.234567890123456789", "1", "2.5"}, column_type::strings},
      {"hex", {"00ff", "a0b1", "cdef"}, column_type::hex},
      {"upper-case hex", {"00FF", "A0B1", "CDEF"}, column_type::strings},
      {"odd hex", {"0ff", "ab1", "cde"}, column_type::strings},
      {"hex of two widths", {"00ff", "a0b1", "cdef01"}, column_type::strings},
      {"hex with a common odd prefix", {"65abf00d", "65a1c0de", "65a2beef"}, column_type::hex},
      {"uuid",
       {"123e4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-00000000000f"},
       column_type::uuid},
      {"uuid, upper case",
       {"123E4567-e89b-12d3-a456-426614174000", "00000000-0000-0000-0000-00000000000f"},
       column_type::strings},
      {"addresses", {"10.0.0.1", "255.255.255.255", "0.0.0.0"}, column_type::address},
      {"addresses of one net", {"10.0.0.1", "10.0.0.22", "10.0.0.3"}, column_type::address},
      {"address of an upstream",
       {"10.0.0.1:8080", "10.4.0.22:8080", "9.0.0.3:8080"},
       column_type::address},
      {"256", {"10.0.0.1", "256.0.0.1", "0.0.0.0"}, column_type::strings},
      {"address with leading zero", {"10.0.0.1", "10.0.0.02", "1.2.3.4"}, column_type::strings},
      {"five parts", {"10.0.0.1.2", "10.0.0.22.3", "1.2.3.4.5"}, column_type::strings},
      {"three parts", {"10.0.1", "10.0.22", "1.2.3"}, column_type::strings},
  };
  return cases;
}

TEST(ColumnCodec, TakesTheTypeThatRendersTheSameBytes) {
  for (const border_case& one : border_cases()) {
    EXPECT_EQ(to_string(round_trip(column_of(one.texts))), to_string(one.type)) << one.name;
  }
}

TEST(ColumnCodec, HintsNeverChangeValues) {
  for (const border_case& one : border_cases()) {
    SCOPED_TRACE(one.name);
    for (int hint = 0; hint <= 10; ++hint) {
      round_trip(column_of(one.texts), static_cast<column_type>(hint));
    }
  }
}

const std::vector<border_case>& time_cases() {
  static const std::vector<border_case> cases = {
      {"iso", {"2026-11-22T09:05:31Z", "2026-11-22T09:05:32Z"}, column_type::time},
      {"iso, offset",
       {"2026-11-22T09:05:31+02:00", "2026-11-23T09:05:32+02:00"},
       column_type::time},
      {"iso, offsets",
       {"2026-11-22T09:05:31+02:00", "2026-11-23T09:05:32+01:00"},
       column_type::strings},
      {"blank, comma", {"2026-11-22 09:05:31,120", "2026-11-22 09:05:31,123"}, column_type::time},
      {"one digit", {"2026-11-22T09:05:31.1", "2026-11-22T09:05:31.0"}, column_type::time},
      {"nine digits",
       {"2026-11-22T09:05:31.123456789Z", "2026-11-22T09:05:31.000000000Z"},
       column_type::time},
      {"ten digits",
       {"2026-11-22T09:05:31.1234567891Z", "2026-11-22T09:05:31.0000000000Z"},
       column_type::decimal},
      {"trimmed",
       {"2026-11-22T09:05:31.1234Z", "2026-11-22T09:05:31Z", "2026-11-22T09:05:31.5Z"},
       column_type::time},
      {"trimmed, but a zero",
       {"2026-11-22T09:05:31.120Z", "2026-11-22T09:05:31Z", "2026-11-22T09:05:31.5Z"},
       column_type::decimal},
      {"30 February", {"2026-02-30T00:00:00Z", "2026-02-28T00:00:01Z"}, column_type::strings},
      {"29 February", {"2028-02-29T00:00:00Z", "2028-03-01T00:00:01Z"}, column_type::time},
      {"29 February of a common year",
       {"2100-02-29T00:00:00Z", "2100-03-01T00:00:01Z"},
       column_type::strings},
      {"24 hours", {"2026-02-20T24:00:00Z", "2026-02-28T00:00:01Z"}, column_type::strings},
      {"leap second", {"2026-06-30T23:59:60Z", "2026-02-28T00:00:01Z"}, column_type::strings},
      {"first and last year",
       {"1700-01-01T00:00:00.5Z", "2200-12-31T23:59:59.9Z"},
       column_type::time},
      {"too early", {"1699-12-31T23:59:59Z", "2200-12-31T23:59:58Z"}, column_type::strings},
      {"too late", {"2201-01-01T00:00:00Z", "2200-12-31T23:59:59Z"}, column_type::strings},
      {"common log",
       {"22/Nov/2026:09:05:31 +0100", "01/Jan/2027:00:00:00 +0100"},
       column_type::time},
      {"no month", {"22/Now/2026:09:05:31", "01/Jan/2027:00:00:00"}, column_type::strings},
      {"month across two names",
       {"22/anF/2026:09:05:31", "01/Jan/2027:00:00:00"},
       column_type::strings},
      {"clock", {"23:59:59.999", "00:00:00.000"}, column_type::time},
      {"clock, 24 hours", {"24:00:00", "00:00:01"}, column_type::strings},
      {"epoch s", {"1795338331", "1795338332", "1795338340"}, column_type::time},
      {"epoch ms", {"1795338331123", "1795338331200"}, column_type::time},
      {"epoch ns", {"1795338331123456789", "1795338331200000000"}, column_type::time},
      {"epoch with fraction", {"1795338331.1234567", "1795338332.5"}, column_type::time},
      {"ten digits long ago", {"1234567890", "1234567899"}, column_type::integer},
  };
  return cases;
}

TEST(ColumnCodec, StoresTimesRelativeToTheEntry) {
  for (const border_case& one : time_cases()) {
    EXPECT_EQ(to_string(round_trip(column_of(one.texts))), to_string(one.type)) << one.name;
  }
}

TEST(ColumnCodec, TimesSurviveAnyEntryTime) {
  for (const std::int64_t entry : {INT64_MIN, INT64_MAX, std::int64_t{0}, std::int64_t{-1}}) {
    for (const border_case& one : time_cases()) {
      value_column column = column_of(one.texts);
      column.times_ns.assign(column.texts.size(), entry);
      round_trip(column);
    }
  }
}

TEST(ColumnCodec, TimesThatFollowTheEntryTakeNextToNothing) {
  std::mt19937_64 random(1);
  for (const value_kind kind : {value_kind::iso_time, value_kind::nano_time,
                                value_kind::common_log_time, value_kind::epoch_ms}) {
    EXPECT_LT(encode(generate_column(kind, 5000, random)).payload.size(), 32);
  }
}

TEST(ColumnCodec, FindsTrimmedFractionsThatTheSampleDidNotShow) {
  value_column column = column_of(many(1000, [](std::size_t i) {
    return "2026-11-22T09:05:3" + std::to_string(i % 10) + "." +
           std::to_string(111 + i * 7 % 889 / 10 * 10 + 1) + "Z";
  }));
  column.texts[500] = "2026-11-22T09:05:31.1234567Z";
  EXPECT_EQ(round_trip(column), column_type::time);
}

TEST(ColumnCodec, OneOddValueMakesStrings) {
  const auto numbers = [](std::size_t i) { return std::to_string(i * 7919 % 100'003); };
  for (const std::size_t at : {0U, 500U, 999U}) {
    value_column column = column_of(many(1000, numbers));
    EXPECT_EQ(round_trip(column), column_type::integer);
    column.texts[at] = "oops!";
    EXPECT_EQ(round_trip(column), column_type::strings);
    EXPECT_EQ(round_trip(column, column_type::integer), column_type::strings);
  }
}

TEST(ColumnCodec, IntegersWithOneFractionBecomeDecimals) {
  value_column column = column_of(many(1000, [](std::size_t i) { return std::to_string(i * 31); }));
  column.texts[777] = "0.5";
  EXPECT_EQ(round_trip(column), column_type::decimal);
}

TEST(ColumnCodec, DecimalsOfTooManyFormsBecomeStrings) {
  const auto texts = [](std::size_t forms) {
    return many(200, [&](std::size_t i) {
      return std::to_string(i * 7919 % 100'003) + static_cast<char>('a' + i % forms % 26) +
             static_cast<char>('a' + i % forms / 26);
    });
  };
  EXPECT_EQ(round_trip(column_of(texts(64))), column_type::decimal);
  EXPECT_EQ(round_trip(column_of(texts(65))), column_type::strings);
}

TEST(ColumnCodec, DictionariesNeedRepeats) {
  const auto texts = [](std::size_t distinct) {
    strings made = many(1024, [&](std::size_t i) {
      const std::size_t number = i % distinct;
      return "v" + std::to_string(number) + (number % 2 == 0 ? "x" : "y!");
    });
    std::mt19937_64 random(distinct);
    for (std::size_t i = made.size(); i > 1; --i) std::swap(made[i - 1], made[random() % i]);
    return made;
  };
  for (const std::size_t distinct : {2U, 255U, 256U, 257U, 512U}) {
    const value_column column = column_of(texts(distinct));
    const encoded made = encode(column);
    EXPECT_EQ(made.facts.distinct, distinct);
    EXPECT_EQ(round_trip(column), column_type::dictionary) << distinct;
  }
  EXPECT_NE(round_trip(column_of(texts(513))), column_type::dictionary);
}

TEST(ColumnCodec, FewNumbersAreADictionaryManyAreNot) {
  const std::vector<std::string> statuses = {"200", "404", "503"};
  EXPECT_EQ(round_trip(column_of(many(1000, [&](std::size_t i) { return statuses[i % 7 % 3]; }))),
            column_type::dictionary);
  EXPECT_EQ(round_trip(column_of(
                many(1000, [](std::size_t i) { return std::to_string(i * 7919 % 400); }))),
            column_type::integer);
}

TEST(ColumnCodec, CountersAreStoredAsDeltas) {
  const auto texts = many(5000, [](std::size_t i) { return std::to_string(1'000'000 + i * 300); });
  const encoded made = encode(column_of(texts));
  EXPECT_EQ(made.facts.type, column_type::integer);
  EXPECT_LT(made.payload.size(), 64);
}

TEST(ColumnCodec, EncodingIsDeterministic) {
  std::mt19937_64 random(7);
  for (int kind = 0; kind < value_kinds; ++kind) {
    const value_column column = generate_column(static_cast<value_kind>(kind), 700, random);
    const std::string first = encode(column).payload;
    encode(generate_column(value_kind::binary, 900, random));
    EXPECT_EQ(encode(column).payload, first) << kind;
    column_encoder other;
    compressor zstd;
    std::string payload;
    other.append(column.views(), column.times_ns, column_type::none, zstd, payload);
    EXPECT_EQ(payload, first) << kind;
  }
}

TEST(ColumnCodec, AppendsBehindWhatIsThere) {
  column_encoder encoder;
  compressor zstd;
  const value_column column = column_of({"1", "2", "5"});
  std::string payload = "before";
  encoder.append(column.views(), column.times_ns, column_type::none, zstd, payload);
  EXPECT_EQ(payload.substr(0, 6), "before");
  EXPECT_EQ(decode(payload.substr(6), column), column.texts);
}

TEST(ColumnCodec, KeepsAllDecodedColumnsUntilCleared) {
  std::mt19937_64 random(3);
  const value_column numbers = generate_column(value_kind::number, 3000, random);
  const value_column ids = generate_column(value_kind::trace_id, 3000, random);
  const std::string number_payload = encode(numbers).payload;
  const std::string id_payload = encode(ids).payload;
  column_decoder decoder;
  for (int again = 0; again < 3; ++again) {
    const auto first = decoder.decode(number_payload, 3000, numbers.times_ns);
    const auto second = decoder.decode(id_payload, 3000, ids.times_ns);
    ASSERT_TRUE(first.ok() && second.ok());
    for (std::size_t row = 0; row < 3000; ++row) {
      ASSERT_EQ(first->value(row), numbers.texts[row]);
      ASSERT_EQ(second->value(row), ids.texts[row]);
    }
    decoder.clear();
  }
}

}  // namespace
}  // namespace skald
