// SPDX-License-Identifier: Apache-2.0
// Which of a node's index files are open. There may be one per day of years: those used last stay
// open, the others are closed, and opened again when they are asked for. An open file takes up to
// three descriptors and a map. Safe from any thread.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>

#include "storage/index/index_file.h"

namespace skald {

// A file on disk. Its members but the path belong to open_index_files.
class index_file_place {
 public:
  // A writable file is made when it is opened first.
  explicit index_file_place(std::string path, bool writable)
      : path_(std::move(path)), writable_(writable) {}

 private:
  friend class open_index_files;
  const std::string path_;
  std::mutex mutex_;  // held while it is opened
  bool writable_;
  std::weak_ptr<index_file> file_;
  std::weak_ptr<const void> writer_;  // what it is open for writing in
  std::shared_ptr<index_file> kept_;  // removed, but wanted
};

class open_index_files {
 public:
  // `files_max` stay open that nobody uses, at least one.
  open_index_files(std::size_t files_max, std::uint64_t map_bytes)
      : files_max_(files_max), map_bytes_(map_bytes) {}

  // The file, which stays open as long as it is held. Errors: those of opening it.
  result<std::shared_ptr<index_file>> get(index_file_place& place);
  // The file is about to be removed. It is closed when nobody uses it: its blocks are free then.
  void let_go(index_file_place& place);
  // So is this one, but whoever has the place can get it as before. It is closed with the place.
  result<void> keep_open(index_file_place& place);
  // Ends writing, as index_file::finish().
  result<void> finish(index_file_place& place);

 private:
  void note_use(const std::shared_ptr<index_file>& file);
  void forget_use(const std::shared_ptr<index_file>& file);

  const std::size_t files_max_;
  const std::uint64_t map_bytes_;
  std::mutex mutex_;
  std::list<std::shared_ptr<index_file>> used_;  // latest first
};

}  // namespace skald
