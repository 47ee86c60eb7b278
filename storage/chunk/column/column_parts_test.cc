// SPDX-License-Identifier: Apache-2.0
// The parts that columns are made of, each by itself.
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

#include "storage/chunk/column/byte_blob.h"
#include "storage/chunk/column/column_facts.h"
#include "storage/chunk/column/column_scan.h"
#include "storage/chunk/column/hex_text.h"
#include "storage/chunk/column/integer_codec.h"
#include "storage/chunk/column/number_text.h"
#include "storage/chunk/column/text_search.h"
#include "storage/chunk/column/time_text.h"
#include "storage/chunk/column/value_table.h"

namespace skald {
namespace {

std::string integer_text(std::int64_t value) {
  char text[number_text_bytes_max];
  return {text, write_integer(value, text)};
}

TEST(NumberText, WritesEveryNumberOfDigits) {
  for (const std::uint64_t power : powers_of_ten) {
    for (const std::uint64_t value : {power - 1, power, power + 1}) {
      char text[number_text_bytes_max];
      EXPECT_EQ(std::string(text, write_unsigned(value, text)), std::to_string(value));
    }
  }
  for (const std::int64_t value : {INT64_MIN, INT64_MIN + 1, INT64_MAX, std::int64_t{-1}}) {
    EXPECT_EQ(integer_text(value), std::to_string(value));
  }
}

TEST(NumberText, WritesAllWidths) {
  for (unsigned width = 1; width <= number_digits_max; ++width) {
    for (const std::uint64_t value :
         {std::uint64_t{0}, powers_of_ten[width] - 1, powers_of_ten[width - 1] + 7 % width}) {
      char text[number_text_bytes_max];
      const std::string written(text, write_digits(value, width, text));
      ASSERT_EQ(written.size(), width);
      std::int64_t parsed;
      ASSERT_TRUE(parse_digits(written, parsed));
      EXPECT_EQ(parsed, static_cast<std::int64_t>(value)) << width;
    }
  }
}

TEST(NumberText, RoundTripsNumbersOfAllSizes) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 200'000; ++i) {
    const auto value = static_cast<std::int64_t>(random() % powers_of_ten[random() % 18 + 1]);
    std::int64_t parsed;
    ASSERT_TRUE(parse_integer(integer_text(value), parsed));
    ASSERT_EQ(parsed, value);
    decimal_form form;
    form.scale = static_cast<std::uint8_t>(random() % 18);
    char text[number_text_bytes_max];
    std::string written(text, write_decimal(value, form, text));
    if (form.scale > 0) {
      ASSERT_EQ(written[written.size() - form.scale - 1], '.') << value << " " << int{form.scale};
      written.erase(written.size() - form.scale - 1, 1);
    }
    ASSERT_EQ(std::stoll(written), value);
    ASSERT_TRUE(written.size() == form.scale + 1U || written[0] != '0') << written;
  }
}

TEST(NumberText, ParsesOnlyCanonicalIntegers) {
  for (const char* text : {"0", "7", "-7", "12345678", "123456789012345678"}) {
    std::int64_t value;
    ASSERT_TRUE(parse_integer(text, value)) << text;
    EXPECT_EQ(integer_text(value), text);
  }
  for (const char* text : {"", "-", "-0", "00", "01", "+1", "1 ", " 1", "1234567a", "a2345678",
                           "1234567/", "1234567:", "1234567890123456789", "1.0"}) {
    std::int64_t value;
    EXPECT_FALSE(parse_integer(text, value)) << text;
  }
}

TEST(NumberText, DecimalsKeepScaleSignAndUnit) {
  for (const char* text : {"0", "0.0", "-0.5", "1.50", "12ms", "0.000000000000001s", "-3%",
                           "99999999999999999.9", "7\xc2\xb5s"}) {
    std::int64_t mantissa;
    decimal_form form;
    ASSERT_TRUE(parse_decimal(text, mantissa, form)) << text;
    char out[number_text_bytes_max];
    EXPECT_EQ(std::string(out, write_decimal(mantissa, form, out)), text);
  }
}

struct time_case {
  const char* text;
  std::int64_t ticks;
};

TEST(TimeText, CountsTicksSince1970) {
  const time_case cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"1969-12-31T23:59:59.9", -1},
      {"2000-02-29T12:00:00", 951'825'600},
      {"2026-11-22 09:05:31,123", 1'795'338'331'123},
      {"22/Nov/2026:09:05:31", 1'795'338'331},
      {"1700-01-01T00:00:00.000000000", -8'520'336'000'000'000'000},
      {"00:00:01.5", 15},
  };
  for (const time_case& one : cases) {
    const auto form = guess_time_form(one.text);
    ASSERT_TRUE(form.has_value()) << one.text;
    time_text times(*form);
    std::int64_t ticks;
    ASSERT_TRUE(times.parse(one.text, ticks)) << one.text;
    EXPECT_EQ(ticks, one.ticks) << one.text;
    char text[time_text_bytes_max];
    EXPECT_EQ(std::string(text, times.write(ticks, text)), one.text);
  }
}

TEST(TimeText, WritesAllDaysOfItsYears) {
  time_text iso({time_shape::iso_t});
  time_text log({time_shape::common_log});
  // Days out of order, so that the remembered day does not help.
  for (std::int64_t day = 0; day < 182'986; ++day) {
    const std::int64_t ticks = (day * 7919 % 182'986 - 98'615) * 86'400;
    for (time_text* times : {&iso, &log}) {
      char text[time_text_bytes_max];
      const std::string_view written(text, times->write(ticks, text) - text);
      std::int64_t parsed;
      ASSERT_TRUE(time_text(times->form()).parse(written, parsed)) << written;
      ASSERT_EQ(parsed, ticks) << written;
    }
  }
  char text[time_text_bytes_max];
  EXPECT_EQ(iso.write(-98'615LL * 86'400 - 1, text), nullptr);
  EXPECT_EQ(iso.write(84'371LL * 86'400, text), nullptr);
}

TEST(TimeText, ClockTakesTheNearerWayAroundMidnight) {
  time_text clock({time_shape::clock});
  constexpr std::int64_t second_ns = 1'000'000'000;
  EXPECT_EQ(clock.relative(1, 86'399 * second_ns), 2);
  EXPECT_EQ(clock.relative(86'399, 86'401 * second_ns), -2);
  EXPECT_EQ(clock.absolute(2, 86'399 * second_ns), 1);
  EXPECT_EQ(clock.absolute(-2, 86'401 * second_ns), 86'399);
  char text[time_text_bytes_max];
  EXPECT_EQ(clock.write(clock.absolute(INT64_MIN, 0), text), nullptr);
}

TEST(TimeText, FormsSurviveStorage) {
  for (const char* text : {"2026-11-22 09:05:31,123", "2026-11-22T09:05:31.1Z", "1795338331123"}) {
    time_form form = *guess_time_form(text);
    form.trimmed = true;
    std::string bytes;
    append_time_form(form, bytes);
    bounded_reader from(bytes);
    EXPECT_EQ(take_time_form(from), form);
  }
}

TEST(HexText, RoundTripsEveryByteAndRefusesOthers) {
  std::string bytes(256, '\0');
  for (int i = 0; i < 256; ++i) bytes[i] = static_cast<char>(i);
  for (const std::size_t count : {1U, 7U, 8U, 9U, 255U, 256U}) {
    std::string text(2 * count, ' ');
    write_hex(bytes.data(), count, text.data());
    std::string back(count, ' ');
    ASSERT_TRUE(parse_hex(text, back.data()));
    EXPECT_EQ(back, bytes.substr(0, count));
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (const char bad : {'g', 'A', '/', ':', '`', '\x80', '\0'}) {
        std::string damaged = text;
        damaged[at] = bad;
        ASSERT_FALSE(parse_hex(damaged, back.data()));
      }
    }
  }
}

TEST(HexText, UuidsHaveMarksInPlace) {
  const std::string text = "123e4567-e89b-12d3-a456-426614174000";
  char bytes[uuid_bytes];
  ASSERT_TRUE(parse_uuid(text, bytes));
  std::string back(uuid_text_bytes, ' ');
  write_uuid(bytes, back.data());
  EXPECT_EQ(back, text);
  for (std::size_t at = 0; at < text.size(); ++at) {
    std::string damaged = text;
    damaged[at] = text[at] == '-' ? '0' : '-';
    EXPECT_FALSE(parse_uuid(damaged, bytes)) << at;
  }
  EXPECT_FALSE(parse_uuid(text.substr(1), bytes));
}

TEST(IntegerCodec, RoundTripsExtremes) {
  std::vector<std::int64_t> rising;
  for (std::int64_t i = 0; i < 1000; ++i) rising.push_back(i * 1000 + i % 3);
  const std::vector<std::vector<std::int64_t>> columns = {
      {0}, {INT64_MIN, INT64_MAX}, {INT64_MAX, INT64_MIN, 0, -1, 1}, {5, 5, 5, 5}, rising,
  };
  integer_encoder encoder;
  compressor zstd;
  for (const auto& column : columns) {
    std::string bytes;
    encoder.append(column, zstd, bytes);
    std::vector<std::int64_t> decoded(column.size());
    bounded_reader from(bytes);
    ASSERT_TRUE(decode_integers(from, decoded));
    EXPECT_TRUE(from.finished());
    EXPECT_EQ(decoded, column);
  }
  EXPECT_TRUE(plan_integers(columns.back()).delta);
  EXPECT_FALSE(plan_integers(columns[2]).delta);
}

TEST(ValueTable, NumbersValuesByAppearanceAndRanksByCount) {
  const std::vector<std::string_view> values = {"b", "a", "a", "c", "c", "a", "b", "c"};
  value_table table;
  ASSERT_TRUE(table.build(values));
  EXPECT_EQ(std::vector(table.codes().begin(), table.codes().end()),
            (std::vector<std::uint32_t>{0, 1, 1, 2, 2, 1, 0, 2}));
  table.rank();
  EXPECT_EQ(std::vector(table.by_rank().begin(), table.by_rank().end()),
            (std::vector<std::string_view>{"a", "c", "b"}));
}

TEST(ValueTable, TellsApartValuesOfAllLengths) {
  // Each text twice; two texts of one length differ in one byte only.
  std::vector<std::string> texts;
  for (std::size_t bytes = 0; bytes < 70; ++bytes) {
    texts.emplace_back(bytes, 'x');
    for (std::size_t at = 0; at < bytes; ++at) {
      texts.emplace_back(bytes, 'x');
      texts.back()[at] = 'y';
    }
  }
  std::vector<std::string_view> values;
  for (const std::string& text : texts) values.insert(values.end(), 2, text);
  value_table table;
  ASSERT_TRUE(table.build(values));
  EXPECT_EQ(table.distinct().size(), texts.size());
}

TEST(ColumnScan, FindsWhatAllValuesShareButCutsNoNumber) {
  struct scan_case {
    std::vector<std::string_view> values;
    column_affix affix;
  };
  const scan_case cases[] = {
      {{"abc-1/z", "abc-22/z"}, {4, 2}},
      {{"abc123", "abc124"}, {3, 0}},
      {{"x12y", "x32y"}, {1, 1}},
      {{"0.25", "0.5"}, {0, 0}},
      {{"-0.25", "-0.5"}, {0, 0}},
      {{"10.0.0.25", "10.0.0.5"}, {0, 0}},
      {{"v10.0.0.25", "v10.0.0.5"}, {1, 0}},
      {{"a.b", "a.c"}, {2, 0}},
      {{"a..1", "a..2"}, {3, 0}},
      {{"aa", "aaa"}, {2, 0}},
      {{"", "a"}, {0, 0}},
      {{"abcdefghijklm1nopqrstuvwxyz", "abcdefghijklm22nopqrstuvwxyz"}, {13, 13}},
  };
  for (const scan_case& one : cases) {
    const column_scan scan = scan_values(one.values);
    EXPECT_EQ(scan.affix.prefix, one.affix.prefix) << one.values[0];
    EXPECT_EQ(scan.affix.suffix, one.affix.suffix) << one.values[0];
  }
}

TEST(TextSearch, NeverMatchesAcrossValues) {
  const std::string text = "abcabcab";
  const std::string_view all = text;
  const std::vector<std::string_view> values = {all.substr(0, 2), all.substr(2, 0),
                                                all.substr(2, 4), all.substr(6)};
  std::vector<std::uint32_t> found;
  text_search("bca", false).in_values(values, found);
  EXPECT_TRUE(found.empty());
  text_search("AB", true).in_values(values, found);
  EXPECT_EQ(found, (std::vector<std::uint32_t>{0, 2, 3}));
}

TEST(ColumnFacts, SurviveStorageAndRefuseDamage) {
  column_facts facts;
  facts.type = column_type::integer;
  facts.bytes = classes_of("0123456789-");
  facts.bytes_min = 1;
  facts.bytes_max = 20;
  facts.has_range = true;
  facts.min = INT64_MIN;
  facts.max = INT64_MAX;
  column_facts any;
  any.type = column_type::dictionary;
  any.bytes_max = 7;
  any.distinct = 300;
  for (const column_facts& one : {facts, any}) {
    std::string bytes;
    append_facts(one, bytes);
    bounded_reader from(bytes);
    const auto read = read_facts(from);
    ASSERT_TRUE(read.ok());
    EXPECT_EQ(*read, one);
    EXPECT_TRUE(from.finished());
    for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
      bounded_reader less(std::string_view(bytes).substr(0, cut));
      EXPECT_FALSE(read_facts(less).ok()) << cut;
    }
    for (const char type : {'\0', '\x0b'}) {
      bytes[0] = type;
      bounded_reader other(bytes);
      EXPECT_FALSE(read_facts(other).ok());
    }
  }
}

TEST(ColumnFacts, NeedlesPassOverColumnsThatCannotHoldThem) {
  column_facts facts;
  facts.type = column_type::hex;
  facts.bytes = classes_of("0123456789abcdef");
  facts.bytes_min = facts.bytes_max = 16;
  EXPECT_TRUE(facts.may_hold("DEAD"));
  EXPECT_FALSE(facts.may_hold("dead-beef"));
  EXPECT_FALSE(facts.may_hold("0123456789abcdef0"));
  EXPECT_FALSE(facts.may_equal("dead"));
  EXPECT_TRUE(facts.may_equal("0123456789abcdef"));
}

}  // namespace
}  // namespace skald
