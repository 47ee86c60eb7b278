// SPDX-License-Identifier: Apache-2.0
#include "storage/object_store/object_store.h"

#include <algorithm>
#include <cstring>

namespace skald {
namespace {

constexpr std::size_t key_bytes_max = 1024;
constexpr std::size_t key_part_bytes_max = 200;

result<void> refuse(std::string_view key, const char* why) {
  return error{errc::invalid_argument,
               "object key \"" + std::string(key.substr(0, key_bytes_max)) + "\" " + why};
}

}  // namespace

result<void> check_object_key(std::string_view key) {
  if (key.empty()) return refuse(key, "is empty");
  if (key.size() > key_bytes_max) return refuse(key, "is longer than 1024 bytes");
  for (const char c : key) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return refuse(key, "has a control byte");
    if (c == '\\') return refuse(key, "has a backslash");
  }
  for (std::size_t start = 0; start <= key.size();) {
    const std::size_t end = std::min(key.find('/', start), key.size());
    const std::string_view part = key.substr(start, end - start);
    if (part.empty()) return refuse(key, "has an empty part");
    if (part == "." || part == "..") return refuse(key, "has a part \".\" or \"..\"");
    if (part.size() > key_part_bytes_max) return refuse(key, "has a part over 200 bytes");
    start = end + 1;
  }
  return {};
}

result<void> object_store::put_pieces(const std::string& key, std::uint64_t bytes,
                                      const piece_source& pieces) {
  std::string all;
  all.reserve(bytes);
  while (true) {
    SKALD_TRY_ASSIGN(const std::string_view piece, pieces());
    if (piece.empty()) break;
    all += piece;
  }
  if (all.size() != bytes) return refuse(key, "is put with another length than was said");
  return put(key, all);
}

result<void> object_store::read_range(const std::string& key, std::uint64_t offset, char* out,
                                      std::uint64_t length) {
  SKALD_TRY_ASSIGN(const std::string bytes, get_range(key, offset, length));
  SKALD_ASSERT(bytes.size() == length);
  std::memcpy(out, bytes.data(), bytes.size());  // NOLINT(bugprone-not-null-terminated-result)
  return {};
}

result<object_tail> object_store::get_tail(const std::string& key, std::uint64_t length) {
  SKALD_TRY_ASSIGN(const object_info found, head(key));
  const std::uint64_t wanted = std::min(length, found.bytes);
  object_tail tail;
  tail.object_bytes = found.bytes;
  if (wanted == 0) return tail;
  SKALD_TRY_ASSIGN(tail.bytes, get_range(key, found.bytes - wanted, wanted));
  return tail;
}

result<void> object_store::put(const std::string& key, std::string_view bytes) {
  return put(key, std::span<const std::string_view>(&bytes, 1));
}

}  // namespace skald
