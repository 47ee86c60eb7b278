// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_shipment.h"

#include <gtest/gtest.h>

namespace skald {
namespace {

std::string example() {
  std::string out;
  for (int i = 0; i < 500; ++i) out += "line " + std::to_string(i * i) + "\n";
  return out;
}

TEST(IndexShipment, RoundTrips) {
  for (const std::string& bytes : {std::string(), std::string(1, '\0'), example()}) {
    const auto shipment = encode_index_shipment(bytes, 3);
    ASSERT_TRUE(shipment.ok());
    EXPECT_EQ(decode_index_shipment(*shipment).value(), bytes);
  }
}

TEST(IndexShipment, AnyFlippedByteOrCutIsCorrupt) {
  const std::string good = encode_index_shipment(example(), 3).value();
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] ^= 0x20;
    ASSERT_EQ(decode_index_shipment(bad).error().code, errc::corrupt) << at;
    ASSERT_EQ(decode_index_shipment(good.substr(0, at)).error().code, errc::corrupt) << at;
  }
  EXPECT_EQ(decode_index_shipment(good + "x").error().code, errc::corrupt);
}

}  // namespace
}  // namespace skald
