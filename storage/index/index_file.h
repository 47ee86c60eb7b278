// SPDX-License-Identifier: Apache-2.0
// One file of the index: label pairs -> streams -> chunks in one LMDB environment. Format:
// docs/formats/index.md. Thread context: look-ups from any number of threads at once, and one add()
// at a time (others wait). Lifetime: shared; the file is closed with the last reference. Read
// transactions end with the call that made them. Errors everywhere: corrupt when the file's
// contents contradict themselves; unavailable for I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "storage/index/index_query.h"

namespace skald {

struct index_file_stats {
  std::uint64_t streams = 0;
  std::uint64_t chunks = 0;
  std::uint64_t packs = 0;
  std::uint64_t file_bytes = 0;
  // Over all chunks; min > max when there is none.
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = -1;
};

class index_file {
 public:
  // Makes or opens a file for adding. Commits are not synced: the file survives a crash of the
  // process, not one of the machine (slot files are made again from the WAL). `map_bytes` is the
  // first map size, doubled as needed.
  static result<std::shared_ptr<index_file>> open_writable(const std::string& path,
                                                           std::uint64_t map_bytes);
  // Opens a finished file, whose bytes the caller has checked.
  static result<std::shared_ptr<index_file>> open_read_only(const std::string& path);
  ~index_file();
  index_file(const index_file&) = delete;
  index_file& operator=(const index_file&) = delete;

  // Adds rows of one tenant in one transaction: all or none. A chunk (stream, pack, directory
  // entry) that is there already changes nothing. Sorts inside, so any order will do; 10,000 to
  // 100,000 rows a call are best. Errors: invalid_argument (bad label text, max before min, pack
  // key over 400 bytes), resource_exhausted (disk full).
  result<void> add(std::string_view tenant, std::span<const index_row> rows);

  // By fingerprint order. The time range is ignored.
  result<std::vector<indexed_stream>> find_streams(const index_query& query);
  // Streams with at least one chunk in the range.
  result<std::vector<indexed_stream>> series(const index_query& query);
  result<chunk_table> chunks(const index_query& query);
  // The same by stream.
  result<std::vector<stream_chunks>> chunk_refs(const index_query& query);
  // Sorted. The range only decides whether the file counts at all, as in Loki.
  result<std::vector<std::string>> label_names(const index_query& query);
  result<std::vector<std::string>> label_values(std::string_view name, const index_query& query);
  result<index_volume> stats(const index_query& query);

  // Which of the rows of one tenant are stored, by their positions.
  result<std::vector<bool>> contains(std::string_view tenant, std::span<const index_row> rows);
  // Keys of all packs that have rows here, sorted.
  result<std::vector<std::string>> pack_keys();
  index_file_stats file_stats();

  // Ends writing: flushes to disk, frees what only add() needs and refuses further rows.
  result<void> finish();

  // Expired when the file is closed, or about to be.
  std::weak_ptr<const void> environment() const;

 private:
  class implementation;
  explicit index_file(std::unique_ptr<implementation> state);
  std::unique_ptr<implementation> state_;
};

}  // namespace skald
