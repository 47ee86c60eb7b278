// SPDX-License-Identifier: Apache-2.0
#include "storage/file/atomic_write.h"

#include <unistd.h>

#include <atomic>

namespace skald {
namespace {

// Unlike that of any other call, in this process or another: two writers of one path must not share
// a file.
std::string temporary_path(const std::string& path) {
  static std::atomic<std::uint64_t> counter{0};
  return path + "." + std::to_string(::getpid()) + "-" + std::to_string(counter.fetch_add(1)) +
         std::string(temporary_suffix);
}

result<void> write_and_sync(file_system& files, const std::string& path,
                            const piece_source& pieces) {
  SKALD_TRY_ASSIGN(const auto opened, files.open(path, open_mode::create_or_empty));
  while (true) {
    SKALD_TRY_ASSIGN(const std::string_view piece, pieces());
    if (piece.empty()) return opened->sync_data();
    SKALD_TRY(opened->append(piece));
  }
}

}  // namespace

result<void> atomic_write(file_system& files, const std::string& path, const piece_source& pieces) {
  const std::string temporary = temporary_path(path);
  auto written = write_and_sync(files, temporary, pieces);
  if (written.ok()) written = files.rename(temporary, path);
  if (!written.ok()) {
    // The first error is the one to report; a left-over is found by its suffix.
    static_cast<void>(files.remove(temporary));
    return written;
  }
  return files.sync_directory(parent_directory(path));
}

result<void> atomic_write(file_system& files, const std::string& path,
                          std::span<const std::string_view> parts) {
  std::size_t next = 0;
  return atomic_write(files, path, piece_source([&]() -> result<std::string_view> {
                        while (next < parts.size() && parts[next].empty()) ++next;
                        return next < parts.size() ? parts[next++] : std::string_view();
                      }));
}

result<void> atomic_write(file_system& files, const std::string& path, std::string_view bytes) {
  return atomic_write(files, path, std::span<const std::string_view>(&bytes, 1));
}

}  // namespace skald
