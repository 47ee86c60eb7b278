// SPDX-License-Identifier: Apache-2.0
// Locks between processes: one node per data directory, and who still writes a temporary file. They
// are advisory (flock) and end with the process, however it ends.
#pragma once

#include <memory>
#include <string>

#include "storage/file/file_system.h"

namespace skald {

// Takes the exclusive lock of an open file, kept until the file is closed. False when it is held
// through another opening, by this process or another. Files without a descriptor are always free.
result<bool> try_lock(file& opened);

// Keeps a directory for one process: its file "LOCK" is locked as long as this lives, and names the
// holder for whoever comes second. The file stays behind; it means nothing unlocked.
class directory_lock {
 public:
  // Makes the directory if absent. Errors: unavailable when another has it, naming the process;
  // those of the file system.
  static result<directory_lock> acquire(file_system& files, const std::string& directory);

 private:
  explicit directory_lock(std::unique_ptr<file> held) : held_(std::move(held)) {}

  std::unique_ptr<file> held_;
};

}  // namespace skald
