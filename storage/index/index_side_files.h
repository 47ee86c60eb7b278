// SPDX-License-Identifier: Apache-2.0
// The small files beside an index file: its checksum, since LMDB has none, and the note that it was
// shipped. Format: docs/formats/index.md. Thread-safe as long as two calls are not about one file.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/hash.h"
#include "runtime/base/result.h"
#include "storage/file/file_system.h"

namespace skald::index_side_files {

constexpr std::string_view data_suffix = ".lmdb";
constexpr std::string_view lock_suffix = ".lmdb-lock";
constexpr std::string_view sum_suffix = ".sum";
constexpr std::string_view shipped_suffix = ".shipped";

// `stem` is the path without a suffix everywhere.
inline std::string data_path(const std::string& stem) {
  return stem + std::string(data_suffix);
}

// Durable when it returns. The file must not change from now on.
result<void> write_sum(file_system& files, const std::string& stem);
// Reads the whole file. Errors: corrupt when it is not the file that write_sum saw, or there is no
// sum.
result<void> check_sum(file_system& files, const std::string& stem);

// The same for a caller who has read or written the file anyway.
std::string sum_text(std::uint64_t bytes, const hash128& hash);
result<void> write_sum(file_system& files, const std::string& stem, const std::string& sum);
result<void> compare_sum(file_system& files, const std::string& stem, const std::string& sum);

// Durable when it returns. Unix nanoseconds.
result<void> write_shipped(file_system& files, const std::string& stem, std::int64_t time_ns);
std::optional<std::int64_t> read_shipped(file_system& files, const std::string& stem);

// The data file and all beside it; absent ones are fine.
result<void> remove_all(file_system& files, const std::string& stem);

}  // namespace skald::index_side_files
