// SPDX-License-Identifier: Apache-2.0
// Damaged payloads: every flipped bit and every cut of small columns of each type gives an error or
// other values. Meant for the sanitizers.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "storage/chunk/column/byte_blob.h"
#include "storage/chunk/column/column_decoder.h"
#include "storage/chunk/column/column_encoder.h"
#include "storage/chunk/column/column_layout.h"
#include "storage/chunk/column/generated_values.h"

namespace skald {
namespace {

// Looks at every byte of every value, so that sanitizers see bad views.
std::uint64_t sum_of(const decoded_column& column) {
  std::uint64_t sum = 0;
  for (std::size_t row = 0; row < column.rows; ++row) {
    for (const char byte : column.value(row)) sum += static_cast<unsigned char>(byte);
  }
  return sum;
}

class ColumnDamage : public testing::Test {
 protected:
  // Reads a payload in all ways. Returns whether it could be decoded.
  bool read(std::string_view payload, const value_column& column) {
    // A copy of its own, so that a read past the end is noticed.
    const std::vector<char> copy(payload.begin(), payload.end());
    const std::string_view bytes(copy.data(), copy.size());
    const auto rows = static_cast<std::uint32_t>(column.times_ns.size());
    const auto decoded = decoder_.decode(bytes, rows, column.times_ns);
    if (decoded.ok()) {
      sum_ += sum_of(*decoded);
    } else {
      EXPECT_EQ(decoded.error().code, errc::corrupt);
      EXPECT_TRUE(decoded.error().message.starts_with("column")) << decoded.error().message;
    }
    const std::array<std::uint32_t, 2> wanted = {0, rows - 1};
    const auto some = decoder_.decode_some(bytes, rows, column.times_ns,
                                           std::span(wanted).first(rows > 1 ? 2 : 1));
    if (some.ok()) sum_ += sum_of(*some);
    for (const char* needle : {"1", "E", "deadbeefdeadbeef"}) {
      std::vector<std::uint32_t> found;
      static_cast<void>(decoder_.find(bytes, rows, column.times_ns, needle, true, found).ok());
      for (const std::uint32_t row : found) EXPECT_LT(row, rows);
    }
    decoder_.clear();
    return decoded.ok();
  }

  std::string encode(const value_column& column) {
    std::string payload;
    column_encoder encoder;
    encoder.append(column.views(), column.times_ns, column_type::none, zstd_, payload);
    return payload;
  }

  compressor zstd_;
  column_decoder decoder_;
  std::uint64_t sum_ = 0;
};

TEST_F(ColumnDamage, AnyFlippedBitOrCutIsSurvived) {
  std::mt19937_64 random(99);
  for (int kind = 0; kind < value_kinds; ++kind) {
    for (const std::size_t rows : {1U, 5U, 70U}) {
      const value_column column = generate_column(static_cast<value_kind>(kind), rows, random);
      std::string payload = encode(column);
      ASSERT_TRUE(read(payload, column));
      for (std::size_t bytes = 0; bytes < payload.size(); ++bytes) {
        read(std::string_view(payload).substr(0, bytes), column);
      }
      for (std::size_t bit = 0; bit < payload.size() * 8; ++bit) {
        payload[bit / 8] = static_cast<char>(payload[bit / 8] ^ 1 << bit % 8);
        read(payload, column);
        payload[bit / 8] = static_cast<char>(payload[bit / 8] ^ 1 << bit % 8);
      }
    }
  }
}

TEST_F(ColumnDamage, RandomBytesAreSurvived) {
  std::mt19937_64 random(5);
  const value_column column = generate_column(value_kind::number, 40, random);
  for (int i = 0; i < 20'000; ++i) {
    std::string payload;
    payload += static_cast<char>(1 + random() % 10 + (random() % 4 == 0 ? column_flag_affix : 0));
    for (std::uint64_t left = random() % 60; left > 0; --left) {
      payload += static_cast<char>(random() % 3 == 0 ? random() : random() % 4);
    }
    read(payload, column);
  }
}

TEST_F(ColumnDamage, WrongNumberOfRowsIsSurvived) {
  std::mt19937_64 random(6);
  for (int kind = 0; kind < value_kinds; ++kind) {
    const std::string payload = encode(generate_column(static_cast<value_kind>(kind), 300, random));
    for (const std::size_t rows : {1U, 299U, 301U, 5000U}) {
      read(payload, generate_column(value_kind::number, rows, random));
    }
  }
}

struct refused_case {
  const char* name;
  std::string payload;
};

// The payload of `rows` rows.
std::string bytes_of(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

constexpr int affix = column_flag_affix;

TEST_F(ColumnDamage, RefusesWhatIsOutOfBounds) {
  const value_column column = column_of({"1", "2", "3"});
  const std::string big_length = bytes_of({0x80, 0x80, 0x80, 0x80, 0x01});  // 256 Mi
  const std::vector<refused_case> cases = {
      {"empty", ""},
      {"type 0", bytes_of({0})},
      {"type 11", bytes_of({11})},
      {"constant with a prefix", bytes_of({affix | 1, 1, 'x', 0, 'a'})},
      {"dictionary with a prefix", bytes_of({affix | 2, 1, 'x', 0, 1, 9, 0, 2, 0, 0, 'a', 0})},
      {"prefix past the end", bytes_of({affix | 4, 9, 'x'})},
      {"dictionary of no values", bytes_of({2, 0, 9, 0, 0, 0, 0})},
      {"dictionary of more values than rows", bytes_of({2, 4, 9, 0, 0, 0, 0})},
      {"dictionary of a dictionary", bytes_of({2, 1, 2, 1, 9, 0, 2, 1, 0, 1, 0, 'a', 0, 0})},
      {"dictionary of times", bytes_of({2, 1, 3, 0, 0, 0, 0, 0, 0})},
      {"dictionary of a constant", bytes_of({2, 1, 1, 'x'})},
      {"code out of range", bytes_of({2, 1, 9, 0, 2, 0, 0, 'a', 1, 1, 7})},
      {"unknown integer form", bytes_of({4, 2, 0, 0})},
      {"bytes left over", bytes_of({4, 0, 0, 0, 0})},
      {"width 0", bytes_of({5, 0, 0, 0, 0})},
      {"width 19", bytes_of({5, 19, 0, 0, 0})},
      {"number wider than the width", bytes_of({5, 1, 0, 20, 0})},
      {"negative number of a width", bytes_of({5, 1, 0, 1, 0})},
      {"no decimal form", bytes_of({6, 0, 0, 0, 0})},
      {"65 decimal forms", bytes_of({6, 65, 0, 0, 0})},
      {"scale 19", bytes_of({6, 1, 19, 0, 0, 0, 0})},
      {"unit of five bytes", bytes_of({6, 1, 0, 5, 'a', 'b', 'c', 'd', 'e', 0, 0, 0})},
      {"form code out of range", bytes_of({6, 2, 0, 0, 1, 0, 1, 1, 2, 0, 0, 0})},
      {"address of 33 bits", bytes_of({10, 0, 0x80, 0x80, 0x80, 0x80, 0x20, 0})},
      {"hex of odd width", bytes_of({7, 3, 0, 1, 2, 3, 4, 5, 6})},
      {"hex of no width", bytes_of({7, 0, 0})},
      {"hex too large", bytes_of({7}) + big_length + bytes_of({0})},
      {"ten fraction digits", bytes_of({3, 0, 10, 0, 0, 0})},
      {"time shape 6", bytes_of({3, 6, 0, 0, 0, 0})},
      {"time flag 128", bytes_of({3, 0, 0x80, 0, 0, 0})},
      {"time out of range", bytes_of({3, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0x7f, 0})},
      {"text too large", bytes_of({9, 0}) + big_length + bytes_of({0, 0})},
      {"negative length", bytes_of({9, 0, 1, 0, 0})},
      {"unknown blob codec", bytes_of({9, 0, 2, 0, 1, 'a'})},
      {"text past the end", bytes_of({9, 0, 2, 0, 0, 'a', 'b'})},
      {"frame of another length", bytes_of({9, 0, 2, 0, 2, 3, 0, 0, 0, 1, 2, 3})},
  };
  for (const refused_case& one : cases) EXPECT_FALSE(read(one.payload, column)) << one.name;
}

TEST_F(ColumnDamage, RefusesAffixesThatWouldFillMemory) {
  // 3 MiB before each of 40 numbers.
  std::string payload = bytes_of({affix | 4, 0x80, 0x80, 0xc0, 0x01});
  payload += std::string(3U << 20, 'x') + bytes_of({0, 0, 0, 0});
  EXPECT_FALSE(read(payload, column_of(std::vector<std::string>(40))));
  EXPECT_TRUE(read(payload, column_of(std::vector<std::string>(20))));
}

}  // namespace
}  // namespace skald
