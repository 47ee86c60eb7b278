// SPDX-License-Identifier: Apache-2.0
// All index files of one node: per day table the slot files that it writes itself and the files it
// downloaded. Look-ups go over every file whose table overlaps the range and fold duplicates of
// (pack, directory entry). The catalog never talks to the object store: it hands out pieces to
// upload and takes downloaded ones. Thread context: all members are safe from any thread; add()
// and the exports block on disk. Layout: <directory>/<table>/<slot file>.lmdb with side files, see
// docs/formats/index.md. Lifetime: file_system and clock must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "storage/file/file_system.h"
#include "storage/file/piece_source.h"
#include "storage/index/index_file.h"
#include "storage/index/index_options.h"

namespace skald {

// One slot file of this node.
struct index_slot {
  std::string table;      // "index_20000"
  std::int64_t day = 0;   // its number
  std::string file_name;  // "<writer>-<incarnation hex>-<slot start, unix s>-<n>": unique for ever
  bool finished = false;  // takes no more rows
  bool shipped = false;
  std::uint64_t chunks = 0;
  friend bool operator==(const index_slot&, const index_slot&) = default;
};

// Puts a shipment of `bytes` bytes into the object store, durably.
using index_upload = std::function<result<void>(const std::string& object_key, std::uint64_t bytes,
                                                const piece_source& pieces)>;

struct index_catalog_recovery {
  std::uint64_t kept_files =
      0;  // finished by an earlier life, checked, still to be shipped or within their TTL
  std::uint64_t dropped_files =
      0;  // unfinished or damaged: their rows must be added again from the WAL
};

// The files of a range's tables at one moment. They stay open, and look-ups complete, whatever
// expires or is compacted away meanwhile. The catalog must outlive it. Safe from many threads.
class index_view {
 public:
  ~index_view();
  index_view(index_view&&) noexcept;

  // Whether the index file that this object of the store is, or was made of, is among the files.
  bool holds(const std::string& object_key) const;

  // Over all files. A file that turns out damaged fails the look-up with corrupt. The query's range
  // must lie in the view's.
  // Each stream once, in any order.
  result<std::vector<indexed_stream>> series(const index_query& query) const;
  result<chunk_table> chunks(const index_query& query) const;
  // The same by stream.
  result<std::vector<stream_chunks>> chunk_refs(const index_query& query) const;
  result<std::vector<std::string>> label_names(const index_query& query) const;
  result<std::vector<std::string>> label_values(std::string_view name,
                                                const index_query& query) const;
  result<index_volume> stats(const index_query& query) const;

 private:
  friend class index_catalog;
  class implementation;
  explicit index_view(std::unique_ptr<implementation> state);
  std::unique_ptr<implementation> state_;
};

class index_catalog {
 public:
  // Opens what earlier lives left. Slot files that were not finished in order are deleted: after a
  // crash the caller adds the refs of all packs again that the WAL knows as flushed and not shipped
  // (rows that a kept file has are skipped).
  static result<std::unique_ptr<index_catalog>> open(std::string directory,
                                                     std::string cache_directory,
                                                     index_options options, file_system& files,
                                                     const clock& time);
  ~index_catalog();
  index_catalog(const index_catalog&) = delete;
  index_catalog& operator=(const index_catalog&) = delete;
  const index_catalog_recovery& recovery() const;

  // Adds rows of one tenant to the active slot files of the day tables that they overlap. Visible
  // to look-ups when it returns. Idempotent. Errors: those of index_file::add. On an error some
  // tables may have their rows: add again.
  result<void> add(std::string_view tenant, std::span<const index_row> rows);

  // Ends slots whose time is over or that are full; with `all`, every one (POST /flush, shutdown).
  // The files are synced and get a checksum beside them. add() does not wait for that.
  result<void> finish_slots(bool all);
  // All slot files of this node, oldest first.
  std::vector<index_slot> slots() const;
  // Finished and not shipped.
  std::vector<index_slot> slots_to_ship() const;
  // Checks, compresses and uploads a finished slot piece by piece, through a temporary file beside
  // it, and notes that it is shipped; the local file stays for shipped_ttl. Blocks. Errors:
  // not_found; those of the upload; corrupt when the file fails its checksum: then rebuild it
  // (drop_slot, and add the rows again).
  result<void> ship_slot(const index_slot& slot, const index_upload& upload);
  // Deletes a slot file whatever its state.
  result<void> drop_slot(const index_slot& slot);
  // Deletes shipped slot files and downloaded files whose TTL is over. Returns their number.
  result<std::uint64_t> drop_expired();

  // Keys of packs that are in unshipped slot files: their WAL records are still needed.
  result<std::vector<std::string>> unshipped_pack_keys() const;

  // Of the object keys listed for a table, those that are neither here as slot file nor downloaded.
  // Takes files into use that an earlier life downloaded, when they pass their checksum.
  std::vector<std::string> missing_files(std::int64_t day,
                                         std::span<const std::string> object_keys);
  // Takes an object of `bytes` bytes. Checked before it is used. Errors: those of `shipment`;
  // corrupt: fetch again.
  result<void> add_downloaded(std::int64_t day, const std::string& object_key, std::uint64_t bytes,
                              const piece_source& shipment);
  // Forgets downloaded files of the table that are not in `object_keys` (compacted away). Running
  // look-ups finish.
  result<void> retain_downloaded(std::int64_t day, std::span<const std::string> object_keys);

  std::string table_name(std::int64_t day) const;
  struct day_span {
    std::int64_t first = 0;
    std::int64_t last = -1;  // closed; before `first` when the range is empty
  };
  // Days whose tables overlap a range.
  static day_span days_of(const time_range& range);
  // "index/<table>/raw/", the prefix to list.
  std::string raw_prefix(std::int64_t day) const;

  // Counts as a use of the downloaded files in it.
  index_view view(const time_range& range) const;
  // Look-ups in a view of the query's range.
  result<std::vector<indexed_stream>> series(const index_query& query) const;
  result<std::vector<stream_chunks>> chunk_refs(const index_query& query) const;
  result<std::vector<std::string>> label_names(const index_query& query) const;
  result<std::vector<std::string>> label_values(std::string_view name,
                                                const index_query& query) const;
  result<index_volume> stats(const index_query& query) const;

  struct totals {
    std::uint64_t files = 0;
    std::uint64_t chunks = 0;
    std::uint64_t file_bytes = 0;
  };
  totals size() const;

 private:
  friend class index_view;
  class implementation;
  explicit index_catalog(std::unique_ptr<implementation> state);
  std::unique_ptr<implementation> state_;
};

}  // namespace skald
