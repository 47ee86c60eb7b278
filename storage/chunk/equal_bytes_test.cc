// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/equal_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace skald {
namespace {

TEST(EqualBytes, SeesEveryByteOfEveryLength) {
  for (std::size_t bytes = 0; bytes < 70; ++bytes) {
    std::string a(bytes, 'a');
    for (std::size_t i = 0; i < bytes; ++i) a[i] = static_cast<char>('a' + i % 26);
    std::string b = a;
    EXPECT_TRUE(equal_bytes(a, b)) << bytes;
    for (std::size_t i = 0; i < bytes; ++i) {
      b[i] ^= 1;
      EXPECT_FALSE(equal_bytes(a, b)) << bytes << " " << i;
      b[i] ^= 1;
    }
    EXPECT_FALSE(equal_bytes(a, b + "x")) << bytes;
  }
}

}  // namespace
}  // namespace skald
