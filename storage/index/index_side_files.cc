// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_side_files.h"

#include <charconv>

#include "storage/file/atomic_write.h"
#include "storage/index/running_hash.h"

namespace skald::index_side_files {
namespace {

constexpr std::uint64_t note_bytes_max = 4096;

result<std::string> sum_of(file_system& files, const std::string& stem) {
  SKALD_TRY_ASSIGN(auto opened, files.open(data_path(stem), open_mode::read_only));
  const piece_source pieces = pieces_of(std::move(opened));
  running_hash128 hash;
  std::uint64_t bytes = 0;
  while (true) {
    SKALD_TRY_ASSIGN(const std::string_view piece, pieces());
    if (piece.empty()) return sum_text(bytes, hash.value());
    hash.add(piece);
    bytes += piece.size();
  }
}

}  // namespace

std::string sum_text(std::uint64_t bytes, const hash128& hash) {
  return "skald-index-sum 1 " + std::to_string(bytes) + " " + to_hex(hash) + "\n";
}

result<void> write_sum(file_system& files, const std::string& stem, const std::string& sum) {
  return atomic_write(files, stem + std::string(sum_suffix), sum);
}

result<void> write_sum(file_system& files, const std::string& stem) {
  SKALD_TRY_ASSIGN(const std::string sum, sum_of(files, stem));
  return write_sum(files, stem, sum);
}

result<void> check_sum(file_system& files, const std::string& stem) {
  SKALD_TRY_ASSIGN(const std::string sum, sum_of(files, stem));
  return compare_sum(files, stem, sum);
}

result<void> compare_sum(file_system& files, const std::string& stem, const std::string& sum) {
  const auto stored = read_file(files, stem + std::string(sum_suffix), note_bytes_max);
  if (!stored.ok()) {
    return error{errc::corrupt, "index file " + stem + ": no checksum: " + stored.error().message};
  }
  if (sum != *stored) return error{errc::corrupt, "index file " + stem + ": checksum differs"};
  return {};
}

result<void> write_shipped(file_system& files, const std::string& stem, std::int64_t time_ns) {
  return atomic_write(files, stem + std::string(shipped_suffix), std::to_string(time_ns));
}

std::optional<std::int64_t> read_shipped(file_system& files, const std::string& stem) {
  const auto stored = read_file(files, stem + std::string(shipped_suffix), note_bytes_max);
  if (!stored.ok()) return std::nullopt;
  std::int64_t time_ns = 0;
  std::from_chars(stored->data(), stored->data() + stored->size(), time_ns);
  return time_ns;
}

result<void> remove_all(file_system& files, const std::string& stem) {
  // The data file last: without its sum it is dropped at the next start, whatever happens in
  // between.
  for (const std::string_view suffix : {sum_suffix, shipped_suffix, lock_suffix, data_suffix}) {
    auto removed = files.remove(stem + std::string(suffix));
    if (!removed.ok() && removed.error().code != errc::not_found) return removed;
  }
  return {};
}

}  // namespace skald::index_side_files
