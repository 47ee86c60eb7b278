// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/wal_checkpoint.h"

#include <array>
#include <cstring>

#include "runtime/base/hash.h"
#include "storage/wal/wal_format.h"

namespace skald {
namespace {

constexpr std::string_view magic = "SKALDCKP";
constexpr std::size_t header_bytes = 48;
constexpr std::uint64_t checkpoint_bytes_max = std::uint64_t{16} << 30;
constexpr std::string_view current_name = "/checkpoint";
constexpr std::string_view former_name = "/checkpoint.former";
constexpr std::string_view new_name = "/checkpoint.tmp";

// Magic, version, zero, sequence, length of the bytes, XXH3-64 of the bytes, XXH3-64 of all before.
std::array<char, header_bytes> encode_header(std::string_view bytes, std::uint64_t sequence) {
  std::array<char, header_bytes> out{};
  const std::uint32_t version = wal_format_version;
  const std::uint64_t length = bytes.size();
  const std::uint64_t hash = xxh3_64(bytes);
  std::memcpy(out.data(), magic.data(), magic.size());
  std::memcpy(out.data() + 8, &version, 4);
  std::memcpy(out.data() + 16, &sequence, 8);
  std::memcpy(out.data() + 24, &length, 8);
  std::memcpy(out.data() + 32, &hash, 8);
  const std::uint64_t header_hash = xxh3_64({out.data(), 40});
  std::memcpy(out.data() + 40, &header_hash, 8);
  return out;
}

std::uint64_t load64(std::string_view bytes, std::size_t offset) {
  std::uint64_t value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

result<wal_checkpoint> read_one(const std::string& path, file_system& files) {
  SKALD_TRY_ASSIGN(std::string stored, read_file(files, path, checkpoint_bytes_max));
  const auto damaged = [&](const char* what) {
    return error{errc::corrupt, "checkpoint " + path + ": " + what};
  };
  if (stored.size() < header_bytes) return damaged("shorter than its header");
  if (std::string_view(stored).substr(0, magic.size()) != magic) return damaged("wrong magic");
  if (xxh3_64({stored.data(), 40}) != load64(stored, 40)) return damaged("header checksum differs");
  std::uint32_t version;
  std::memcpy(&version, stored.data() + 8, 4);
  if (version != wal_format_version) {
    return error{errc::unimplemented,
                 "checkpoint " + path + ": version " + std::to_string(version) + " is unknown"};
  }
  if (stored.size() - header_bytes != load64(stored, 24)) return damaged("wrong length");
  wal_checkpoint out;
  out.sequence = load64(stored, 16);
  const std::uint64_t hash = load64(stored, 32);
  out.bytes = std::move(stored);
  out.bytes.erase(0, header_bytes);
  if (xxh3_64(out.bytes) != hash) return damaged("checksum differs");
  return out;
}

}  // namespace

result<void> write_checkpoint(const std::string& directory, file_system& files,
                              std::string_view bytes, std::uint64_t sequence) {
  const std::string current = directory + std::string(current_name);
  const std::string fresh = directory + std::string(new_name);
  {
    SKALD_TRY_ASSIGN(auto out, files.open(fresh, open_mode::create_or_empty));
    const auto header = encode_header(bytes, sequence);
    SKALD_TRY(out->write_at(0, {header.data(), header.size()}));
    SKALD_TRY(out->write_at(header_bytes, bytes));
    SKALD_TRY(out->sync_data());
  }
  SKALD_TRY_ASSIGN(const wal_checkpoint read_back, read_one(fresh, files));
  if (read_back.sequence != sequence || read_back.bytes != bytes) {
    return error{errc::corrupt, "checkpoint " + fresh + ": read back differs"};
  }
  // A damaged current file must not push out a good former one.
  if (read_one(current, files).ok()) {
    SKALD_TRY(files.rename(current, directory + std::string(former_name)));
  }
  SKALD_TRY(files.rename(fresh, current));
  return files.sync_directory(directory);
}

result<wal_checkpoint> read_checkpoint(const std::string& directory, file_system& files) {
  auto current = read_one(directory + std::string(current_name), files);
  if (current.ok()) return current;
  auto former = read_one(directory + std::string(former_name), files);
  if (former.ok()) {
    former->from_former = true;
    return former;
  }
  if (current.error().code == errc::not_found && former.error().code != errc::not_found) {
    return former;
  }
  return current;
}

}  // namespace skald
