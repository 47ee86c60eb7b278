// SPDX-License-Identifier: Apache-2.0
// The real file system: open, pread, pwrite, fdatasync and the like. Interrupted calls are
// repeated, short ones go on.
#pragma once

#include "storage/file/file_system.h"

namespace skald {

// Stateless; one object may serve all threads. Files are opened with O_CLOEXEC and mode 0644,
// directories 0755.
class posix_file_system final : public file_system {
 public:
  result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) override;
  result<void> rename(const std::string& from, const std::string& to) override;
  result<void> remove(const std::string& path) override;
  result<void> remove_directory(const std::string& path) override;
  result<std::vector<directory_entry>> list(const std::string& directory) override;
  result<void> create_directories(const std::string& path) override;
  result<std::uint64_t> file_size(const std::string& path) override;
  result<bool> exists(const std::string& path) override;
  result<void> sync_directory(const std::string& directory) override;
  result<disk_space> space(const std::string& path) override;
};

// The error for a failed system call: `call` and `path` go into the message. `error_number` is
// errno.
error error_from_errno(int error_number, std::string_view call, std::string_view path);

}  // namespace skald
