// SPDX-License-Identifier: Apache-2.0
// The files behind a wal_writer: makes segments ready out of new or recycled files and fills them
// with zeros. Context: the writer's thread. Format: docs/formats/wal.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "storage/file/file_system.h"
#include "storage/wal/wal_format.h"

namespace skald {

// A file of full length. Bytes up to `filled` have been written once, so that syncs of them are
// cheap.
struct wal_spare_file {
  std::string path;
  std::unique_ptr<file> opened;
  std::uint64_t filled = 0;
};

// Released segments that wait for reuse, and the one that is being filled in advance.
class wal_segment_pool {
 public:
  // Takes over files that earlier lives left. Those of another length are deleted.
  static result<wal_segment_pool> open(std::string directory, std::uint64_t segment_bytes,
                                       std::uint32_t files_max, bool direct_io, file_system& files);

  // A file for the next segment: recycled, else filled in advance, else new (sparse).
  result<wal_spare_file> take();
  // Takes a segment's file out of the log; deletes it when the pool is full.
  result<void> give(const std::string& segment_path);
  // Works on the file filled in advance, if no other spare is there. Returns the bytes written; 0:
  // nothing to do.
  result<std::uint64_t> fill_ahead(std::uint64_t bytes_max);
  std::uint64_t file_count() const { return recycled_.size() + (next_.opened ? 1 : 0); }
  std::uint64_t disk_bytes() const { return recycled_.size() * segment_bytes_ + next_.filled; }

 private:
  wal_segment_pool(std::string directory, std::uint64_t segment_bytes, std::uint32_t files_max,
                   bool direct_io, file_system& files)
      : directory_(std::move(directory)),
        segment_bytes_(segment_bytes),
        files_max_(files_max),
        direct_io_(direct_io),
        files_(&files) {}
  result<wal_spare_file> create() const;

  std::string directory_;
  std::uint64_t segment_bytes_;
  std::uint32_t files_max_;
  bool direct_io_;
  file_system* files_;
  std::vector<std::string> recycled_;  // paths
  std::uint64_t next_number_ = 1;      // for names
  wal_spare_file next_;
};

// Writes zeros to [from, from + bytes): multiples of a block.
result<void> wal_fill_with_zeros(file& out, std::uint64_t from, std::uint64_t bytes);

}  // namespace skald
