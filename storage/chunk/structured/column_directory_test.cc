// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/structured/column_directory.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

column_directory example() {
  column_directory made;
  made.plain_rows.bytes = 500;
  made.small_columns.bytes = 90;
  column_directory::column one;
  one.facts.type = column_type::integer;
  for (const std::uint32_t bytes : {100U, 300U, 20U, 256U}) {
    one.payload_bytes = bytes;
    made.columns.push_back(one);
  }
  return made;
}

TEST(ColumnDirectory, PlacesColumnsOneBehindTheOther) {
  std::string bytes;
  append_directory(example(), bytes);
  const section_place place{1000, 500 + 90 + 316 + 272};
  const auto parsed = parse_directory(bytes, 4, place);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->plain_rows.offset, 1000);
  EXPECT_EQ(parsed->small_columns.offset, 1500);
  EXPECT_EQ(parsed->small_bytes, 120);
  EXPECT_EQ(parsed->columns[0].section.offset, 1500);
  EXPECT_EQ(parsed->columns[0].offset, 0);
  EXPECT_EQ(parsed->columns[1].section.offset, 1590);
  EXPECT_EQ(parsed->columns[1].section.bytes, 316);
  EXPECT_EQ(parsed->columns[2].offset, 100);
  EXPECT_EQ(parsed->columns[3].section.offset, 1906);
}

TEST(ColumnDirectory, RefusesWhatDoesNotFitThePlace) {
  std::string bytes;
  append_directory(example(), bytes);
  const section_place place{1000, 500 + 90 + 316 + 272};
  EXPECT_FALSE(parse_directory(bytes, 3, place).ok());
  EXPECT_FALSE(parse_directory(bytes, 4, {1000, place.bytes + 1}).ok());
  EXPECT_FALSE(parse_directory(bytes, 4, {1000, place.bytes - 1}).ok());
  EXPECT_FALSE(parse_directory(bytes + "x", 4, place).ok());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    const auto parsed = parse_directory(std::string_view(bytes).substr(0, cut), 4, place);
    ASSERT_FALSE(parsed.ok());
    EXPECT_EQ(parsed.error().code, errc::corrupt);
  }
}

}  // namespace
}  // namespace skald
