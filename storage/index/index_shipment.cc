// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_shipment.h"

#include <zstd.h>

#include <cstdint>
#include <cstring>

#include "runtime/base/hash.h"

namespace skald {
namespace {

constexpr std::string_view magic = "SKALDIDX";
constexpr std::uint32_t version = 1;
constexpr std::size_t header_bytes = 56;
constexpr std::uint64_t inflated_bytes_max = std::uint64_t{16} << 30;

std::uint64_t load64(std::string_view bytes, std::size_t offset) {
  std::uint64_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

void store64(std::string& out, std::size_t offset, std::uint64_t value) {
  std::memcpy(out.data() + offset, &value, sizeof value);
}

error damaged(const std::string& what) {
  return {errc::corrupt, "index shipment: " + what};
}

}  // namespace

result<std::string> encode_index_shipment(std::string_view file_bytes, int compression_level) {
  std::string out(header_bytes + ZSTD_compressBound(file_bytes.size()), '\0');
  const std::size_t bytes = ZSTD_compress(out.data() + header_bytes, out.size() - header_bytes,
                                          file_bytes.data(), file_bytes.size(), compression_level);
  if (ZSTD_isError(bytes)) {
    return error{errc::internal, std::string("index shipment: zstd: ") + ZSTD_getErrorName(bytes)};
  }
  out.resize(header_bytes + bytes);
  std::memcpy(out.data(), magic.data(), magic.size());
  std::memcpy(out.data() + 8, &version, sizeof version);
  store64(out, 16, file_bytes.size());
  store64(out, 24, bytes);
  store64(out, 32, xxh3_64(file_bytes));
  store64(out, 40, xxh3_64(std::string_view(out).substr(header_bytes)));
  store64(out, 48, xxh3_64(std::string_view(out).substr(0, 48)));
  return out;
}

result<std::string> decode_index_shipment(std::string_view shipment) {
  if (shipment.size() < header_bytes) return damaged("shorter than its header");
  if (!shipment.starts_with(magic)) return damaged("wrong magic");
  if (xxh3_64(shipment.substr(0, 48)) != load64(shipment, 48)) {
    return damaged("header checksum differs");
  }
  std::uint32_t stored_version;
  std::memcpy(&stored_version, shipment.data() + 8, sizeof stored_version);
  if (stored_version != version) {
    return damaged("version " + std::to_string(stored_version) + " is unknown");
  }
  const std::string_view body = shipment.substr(header_bytes);
  const std::uint64_t inflated_bytes = load64(shipment, 16);
  if (body.size() != load64(shipment, 24)) return damaged("wrong length");
  if (inflated_bytes > inflated_bytes_max) return damaged("inflated length above 16 GiB");
  if (xxh3_64(body) != load64(shipment, 40)) return damaged("checksum of stored bytes differs");
  std::string out(inflated_bytes, '\0');
  const std::size_t bytes = ZSTD_decompress(out.data(), out.size(), body.data(), body.size());
  if (ZSTD_isError(bytes) || bytes != inflated_bytes) return damaged("does not inflate");
  if (xxh3_64(out) != load64(shipment, 32)) return damaged("checksum of inflated bytes differs");
  return out;
}

}  // namespace skald
