// SPDX-License-Identifier: Apache-2.0
#include "storage/file/atomic_write.h"

#include <unistd.h>

#include <atomic>

#include "storage/file/file_lock.h"

namespace skald {
namespace {

// Unlike that of any other call, in this process or another: two writers of one path must not share
// a file.
std::string temporary_path(const std::string& directory, const std::string& path) {
  static std::atomic<std::uint64_t> counter{0};
  const std::size_t slash = path.rfind('/');
  return directory + "/" + path.substr(slash == std::string::npos ? 0 : slash + 1) + "." +
         std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1)) +
         std::string(temporary_suffix);
}

result<void> write_and_rename(file_system& files, const std::string& temporary,
                              const std::string& path, const piece_source& pieces) {
  SKALD_TRY_ASSIGN(const auto opened, files.open(temporary, open_mode::create_or_empty));
  SKALD_TRY(try_lock(*opened));
  while (true) {
    SKALD_TRY_ASSIGN(const std::string_view piece, pieces());
    if (piece.empty()) break;
    SKALD_TRY(opened->append(piece));
  }
  SKALD_TRY(opened->sync_data());
  return files.rename(temporary, path);
}

}  // namespace

result<void> atomic_write_in(file_system& files, const std::string& workshop,
                             const std::string& path, const piece_source& pieces) {
  const std::string temporary = temporary_path(workshop, path);
  const auto written = write_and_rename(files, temporary, path, pieces);
  if (!written.ok()) {
    // The first error is the one to report; a left-over is found by its suffix.
    static_cast<void>(files.remove(temporary));
    return written;
  }
  return files.sync_directory(parent_directory(path));
}

result<void> atomic_write(file_system& files, const std::string& path, const piece_source& pieces) {
  return atomic_write_in(files, parent_directory(path), path, pieces);
}

result<void> atomic_write(file_system& files, const std::string& path,
                          std::span<const std::string_view> parts) {
  return atomic_write(files, path, pieces_of(parts));
}

result<void> atomic_write(file_system& files, const std::string& path, std::string_view bytes) {
  return atomic_write(files, path, std::span<const std::string_view>(&bytes, 1));
}

result<void> remove_abandoned(file_system& files, const std::string& workshop) {
  SKALD_TRY_ASSIGN(const auto entries, files.list(workshop));
  for (const directory_entry& entry : entries) {
    if (entry.kind != entry_kind::regular || !entry.name.ends_with(temporary_suffix)) continue;
    const std::string path = workshop + "/" + entry.name;
    const auto opened = files.open(path, open_mode::read_write);
    // Renamed or removed since it was listed.
    if (!opened.ok() && opened.error().code == errc::not_found) continue;
    if (!opened.ok()) return opened.error();
    SKALD_TRY_ASSIGN(const bool abandoned, try_lock(**opened));
    if (!abandoned) continue;
    const auto removed = files.remove(path);
    if (!removed.ok() && removed.error().code != errc::not_found) return removed;
  }
  return {};
}

}  // namespace skald
