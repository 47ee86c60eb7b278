// SPDX-License-Identifier: Apache-2.0
// The inside of index_catalog, shared by its two sources: slot files (index_catalog.cc) and
// downloaded files with the merged look-ups (index_catalog_look_up.cc).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "storage/index/index_catalog.h"
#include "storage/index/index_shipment.h"
#include "storage/index/index_side_files.h"
#include "storage/index/open_index_files.h"

namespace skald {

class index_catalog::implementation {
 public:
  implementation(std::string directory, std::string cache_directory, index_options options,
                 file_system& files, const clock& time)
      : directory_(std::move(directory)),
        cache_directory_(std::move(cache_directory)),
        options_(std::move(options)),
        files_(files),
        time_(time),
        open_files_(options_.open_files_max, options_.map_bytes) {}

  struct slot_file {
    slot_file(std::string path, bool writable)
        : stem(std::move(path)), place(index_side_files::data_path(stem), writable) {}
    index_slot slot;
    const std::string stem;  // path without suffix
    std::string object_key;  // once shipped
    std::int64_t start_s = 0;
    bool closed = false;  // takes no more rows, but is not finished yet
    bool former_life = false;
    std::int64_t shipped_ns = 0;
    index_file_place place;
  };
  struct downloaded_file {
    explicit downloaded_file(std::string path)
        : stem(std::move(path)), place(index_side_files::data_path(stem), false) {}
    const std::string stem;
    index_file_place place;
    std::atomic<std::int64_t> used_ns{0};
  };
  using download_key = std::pair<std::int64_t, std::string>;  // day, object key

  // index_catalog.cc
  result<void> recover();
  result<void> recover_table(std::int64_t day);
  result<void> add(std::string_view tenant, std::span<const index_row> rows);
  result<void> add_to_day(std::int64_t day, std::string_view tenant,
                          std::span<const index_row> rows);
  result<std::shared_ptr<slot_file>> active_slot(std::int64_t day);
  std::int64_t slot_start_s() const;
  result<void> finish_slots(bool all);
  void close(const std::shared_ptr<slot_file>& slot);
  result<void> finish(slot_file& slot);
  result<std::shared_ptr<slot_file>> find_slot(const index_slot& slot) const;
  result<void> ship_slot(const index_slot& slot, const index_upload& upload);
  result<void> export_slot(const slot_file& slot, const std::string& path,
                           const index_upload& upload);
  result<void> mark_shipped(slot_file& slot);
  result<void> drop_slot(const index_slot& slot);
  result<std::uint64_t> drop_expired_slots();
  std::vector<std::shared_ptr<slot_file>> slot_files() const;
  std::vector<index_slot> slots(bool to_ship) const;
  std::string object_key(const index_slot& slot) const;

  // index_catalog_look_up.cc
  std::vector<std::string> missing_files(std::int64_t day,
                                         std::span<const std::string> object_keys);
  result<void> add_downloaded(std::int64_t day, const std::string& object_key, std::uint64_t bytes,
                              const piece_source& shipment);
  result<void> retain_downloaded(std::int64_t day, std::span<const std::string> object_keys);
  result<std::uint64_t> drop_expired_downloads();
  result<index_file_digest> inflate(const std::string& path, std::uint64_t bytes,
                                    const piece_source& shipment);
  result<void> adopt(std::int64_t day, const std::string& object_key, const std::string& stem);
  std::string download_stem(std::int64_t day, const std::string& object_key) const;
  std::unique_ptr<index_view::implementation> view(const time_range& range);
  // A downloaded file is corrupt: missing_files will name it again.
  void forget_damaged(const download_key& key, downloaded_file& file);
  // Removes what is in no list any more; views that have it go on.
  template <class File>
  result<void> remove_unlisted(const std::shared_ptr<File>& file) {
    if (file.use_count() > 1) {
      SKALD_TRY(open_files_.keep_open(file->place));
    } else {
      open_files_.let_go(file->place);
    }
    return index_side_files::remove_all(files_, file->stem);
  }
  index_catalog::totals size();

  std::string table_name(std::int64_t day) const {
    return options_.table_prefix + std::to_string(day);
  }

  const std::string directory_;
  const std::string cache_directory_;
  const index_options options_;
  file_system& files_;
  const clock& time_;
  open_index_files open_files_;
  index_catalog_recovery recovery_;

  std::atomic<std::uint64_t> next_temporary_{1};
  std::mutex ship_mutex_;     // finishing and shipping; taken before the others
  std::mutex write_mutex_;    // add() and closing, taken before mutex_
  mutable std::mutex mutex_;  // the members below; never held during I/O
  std::vector<std::shared_ptr<slot_file>> slots_;              // oldest first
  std::map<std::int64_t, std::shared_ptr<slot_file>> active_;  // by day
  std::map<download_key, std::shared_ptr<downloaded_file>> downloads_;
  std::uint64_t next_number_ = 1;  // in file names
};

class index_view::implementation {
 public:
  using catalog_state = index_catalog::implementation;
  explicit implementation(catalog_state& catalog) : catalog_(catalog) {}

  // Runs `look` on each file.
  result<void> for_each_file(const std::function<result<void>(index_file&)>& look) const;

  catalog_state& catalog_;
  std::vector<std::shared_ptr<catalog_state::slot_file>> own_;
  std::vector<
      std::pair<catalog_state::download_key, std::shared_ptr<catalog_state::downloaded_file>>>
      downloaded_;
  std::unordered_set<std::string> object_keys_;  // of all files
};

}  // namespace skald
