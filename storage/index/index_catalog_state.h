// SPDX-License-Identifier: Apache-2.0
// The inside of index_catalog, shared by its two sources: slot files (index_catalog.cc) and
// downloaded files with the merged look-ups (index_catalog_look_up.cc).
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "storage/index/index_catalog.h"

namespace skald {

class index_catalog::implementation {
 public:
  implementation(std::string directory, std::string cache_directory, index_options options,
                 file_system& files, const clock& time)
      : directory_(std::move(directory)),
        cache_directory_(std::move(cache_directory)),
        options_(std::move(options)),
        files_(files),
        time_(time) {}

  struct slot_file {
    index_slot slot;
    std::string stem;  // path without suffix
    std::int64_t start_s = 0;
    bool former_life = false;
    std::int64_t shipped_ns = 0;
    std::shared_ptr<index_file> file;
  };
  struct downloaded_file {
    std::string stem;
    std::shared_ptr<index_file> file;
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
  result<void> finish_slots(bool all);
  result<void> finish(slot_file& slot);
  result<std::shared_ptr<slot_file>> find_slot(const index_slot& slot) const;
  result<index_upload> export_slot(const index_slot& slot);
  result<void> mark_shipped(const index_slot& slot);
  result<void> drop_slot(const index_slot& slot);
  result<std::uint64_t> drop_expired_slots();
  std::vector<std::shared_ptr<slot_file>> slot_files() const;
  std::vector<index_slot> slots(bool to_ship) const;
  std::string object_key(const index_slot& slot) const;

  // index_catalog_look_up.cc
  std::vector<std::string> missing_files(std::int64_t day,
                                         std::span<const std::string> object_keys);
  result<void> add_downloaded(std::int64_t day, const std::string& object_key,
                              std::string_view shipment);
  result<void> retain_downloaded(std::int64_t day, std::span<const std::string> object_keys);
  result<std::uint64_t> drop_expired_downloads();
  result<void> adopt(std::int64_t day, const std::string& object_key, const std::string& stem);
  std::string download_stem(std::int64_t day, const std::string& object_key) const;
  // Runs `look` on each file of the range's tables. A downloaded file that is corrupt is forgotten,
  // so that missing_files names it again.
  result<void> for_each_file(const time_range& range,
                             const std::function<result<void>(index_file&)>& look);
  index_catalog::totals size() const;

  std::string table_name(std::int64_t day) const {
    return options_.table_prefix + std::to_string(day);
  }

  const std::string directory_;
  const std::string cache_directory_;
  const index_options options_;
  file_system& files_;
  const clock& time_;
  index_catalog_recovery recovery_;

  std::mutex write_mutex_;                         // add() and finish_slots(), taken before mutex_
  mutable std::mutex mutex_;                       // the members below; never held during I/O
  std::vector<std::shared_ptr<slot_file>> slots_;  // oldest first
  std::map<std::int64_t, std::shared_ptr<slot_file>> active_;  // by day
  std::map<download_key, std::shared_ptr<downloaded_file>> downloads_;
  std::uint64_t next_number_ = 1;  // in file names
};

}  // namespace skald
