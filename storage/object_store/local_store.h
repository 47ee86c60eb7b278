// SPDX-License-Identifier: Apache-2.0
// An object store on a directory: a key is a path below it. Writes go through a temporary file in
// ".incoming", fsync and rename. Context: safe from many threads; also two processes may share a
// directory, as no object that is read by range is ever replaced. Lifetime: the file system must
// outlive the store.
#pragma once

#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "storage/file/file_system.h"
#include "storage/object_store/object_store.h"

namespace skald {

struct local_store_options {
  // Open files kept for range reads. More saves an open() per read on nodes with many hot packs;
  // each costs a descriptor. At least 1.
  std::size_t open_files_max = 256;
};

class local_store final : public object_store {
 public:
  // `directory` is made when the first object is put. Keys in ".incoming" are refused: unfinished
  // writes are there, and list() leaves them out.
  local_store(file_system& files, std::string directory, local_store_options options = {});
  ~local_store() override;

  // Removes unfinished writes of processes that have ended. To be called at start.
  result<void> remove_abandoned_writes();

  using object_store::put;
  result<void> put(const std::string& key, std::span<const std::string_view> parts) override;
  result<void> put_pieces(const std::string& key, std::uint64_t bytes,
                          const piece_source& pieces) override;
  result<std::string> get(const std::string& key) override;
  result<std::string> get_range(const std::string& key, std::uint64_t offset,
                                std::uint64_t length) override;
  result<void> read_range(const std::string& key, std::uint64_t offset, char* out,
                          std::uint64_t length) override;
  result<object_tail> get_tail(const std::string& key, std::uint64_t length) override;
  result<object_info> head(const std::string& key) override;
  result<std::vector<object_info>> list(const std::string& prefix) override;
  result<void> remove(const std::string& key) override;

 private:
  struct open_object {
    std::string key;
    std::unique_ptr<file> opened;
    std::uint64_t bytes = 0;
  };
  using open_object_ptr = std::shared_ptr<open_object>;

  result<std::string> path_of(const std::string& key) const;
  result<void> write(const std::string& key, const piece_source& pieces);
  result<open_object_ptr> open_cached(const std::string& key);
  void forget(const std::string& key);
  result<void> list_directory(const std::string& directory, const std::string& key_prefix,
                              const std::string& wanted, std::vector<object_info>& out);

  file_system& files_;
  const std::string directory_;
  const std::string incoming_;
  const local_store_options options_;
  std::mutex mutex_;                   // guards the two below
  std::list<open_object_ptr> recent_;  // newest use first
  std::unordered_map<std::string, std::list<open_object_ptr>::iterator> by_key_;
};

}  // namespace skald
