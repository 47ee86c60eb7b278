// SPDX-License-Identifier: Apache-2.0
// The files of one machine, behind an interface so that tests can make a disk fail, fill up or lose
// unsynced bytes. Context: both classes are safe to use from many threads at once as far as POSIX
// is; all calls may block. Errors everywhere: not_found (ENOENT), already_exists (EEXIST),
// resource_exhausted (ENOSPC, EDQUOT, EMFILE, EFBIG), unauthorized (EACCES, EPERM, EROFS),
// invalid_argument (paths that cannot exist), unavailable (other I/O errors). The message names the
// call, the path and the system's reason.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace skald {

enum class open_mode : std::uint8_t {
  read_only,        // must exist
  read_write,       // must exist
  create_or_open,   // read and write; made if absent, kept as it is otherwise
  create_new,       // read and write; already_exists if there is one
  create_or_empty,  // read and write; an existing file is cut to zero length
};

// One open file. Closed by the destructor, which does not sync.
class file {
 public:
  virtual ~file() = default;
  file() = default;
  file(const file&) = delete;
  file& operator=(const file&) = delete;

  // Reads up to `length` bytes at `offset` into `out`. Returns the bytes read: fewer only at the
  // end of the file.
  virtual result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t length) = 0;
  // Writes all of `bytes` at `offset` (the file grows as needed). Nothing is durable until
  // sync_data().
  virtual result<void> write_at(std::uint64_t offset, std::string_view bytes) = 0;
  // Writes all of `bytes` behind what this object read or wrote last through append() (from 0 when
  // opened). Not safe from two threads.
  virtual result<void> append(std::string_view bytes) = 0;
  // Makes contents and length durable (fdatasync). After an error nothing may be assumed about
  // unsynced bytes, also not after a second call that succeeds.
  virtual result<void> sync_data() = 0;
  virtual result<std::uint64_t> size() = 0;
  // Cuts or extends (with zeros) to `bytes`.
  virtual result<void> resize(std::uint64_t bytes) = 0;
  // The POSIX descriptor for calls that this interface does not have (mmap, fallocate, fcntl), or
  // -1. Still owned here.
  virtual int descriptor() const = 0;
};

// Of a file system, as df tells them: what is reserved for root is neither.
struct disk_space {
  std::uint64_t used_bytes = 0;
  std::uint64_t available_bytes = 0;  // to an unprivileged process
};

enum class entry_kind : std::uint8_t { regular, directory, other };

struct directory_entry {
  std::string name;  // without the directory
  entry_kind kind = entry_kind::regular;
  friend bool operator==(const directory_entry&, const directory_entry&) = default;
};

// Paths are relative to the working directory or absolute, '/' separated.
class file_system {
 public:
  virtual ~file_system() = default;

  virtual result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) = 0;
  // Replaces `to` in one step. Durable after sync_directory() of the directories of both.
  virtual result<void> rename(const std::string& from, const std::string& to) = 0;
  // Removes a file. not_found when it is not there.
  virtual result<void> remove(const std::string& path) = 0;
  // Removes an empty directory.
  virtual result<void> remove_directory(const std::string& path) = 0;
  // Entries of a directory sorted by name, without "." and "..".
  virtual result<std::vector<directory_entry>> list(const std::string& directory) = 0;
  // Like mkdir -p. New directories are synced into their parents.
  virtual result<void> create_directories(const std::string& path) = 0;
  virtual result<std::uint64_t> file_size(const std::string& path) = 0;
  // Whether something exists at `path`, of whatever kind.
  virtual result<bool> exists(const std::string& path) = 0;
  // Makes creations, renames and removals in a directory durable.
  virtual result<void> sync_directory(const std::string& directory) = 0;
  // Of the file system that holds `path`.
  virtual result<disk_space> space(const std::string& path) = 0;
};

// The whole contents of a file. Errors: also resource_exhausted when it is larger than `bytes_max`.
result<std::string> read_file(file_system& files, const std::string& path,
                              std::uint64_t bytes_max = std::uint64_t{1} << 30);

// The directory part of a path: "a/b" gives "a", "a" gives ".", "/a" gives "/".
std::string parent_directory(std::string_view path);

}  // namespace skald
