// SPDX-License-Identifier: Apache-2.0
#include "storage/index/open_index_files.h"

#include <algorithm>

namespace skald {

result<std::shared_ptr<index_file>> open_index_files::get(index_file_place& place) {
  const std::lock_guard lock(place.mutex_);
  auto file = place.file_.lock();
  if (!file) {
    SKALD_TRY_ASSIGN(file, place.writable_ ? index_file::open_writable(place.path_, map_bytes_)
                                           : index_file::open_read_only(place.path_));
    place.file_ = file;
  }
  note_use(file);
  return file;
}

result<void> open_index_files::keep_open(index_file_place& place) {
  SKALD_TRY_ASSIGN(auto file, get(place));
  const std::lock_guard lock(place.mutex_);
  place.kept_ = std::move(file);
  return {};
}

result<void> open_index_files::finish(index_file_place& place) {
  SKALD_TRY_ASSIGN(const auto file, get(place));
  SKALD_TRY(file->finish());
  const std::lock_guard lock(place.mutex_);
  place.writable_ = false;
  return {};
}

void open_index_files::note_use(const std::shared_ptr<index_file>& file) {
  std::list<std::shared_ptr<index_file>> closed;  // behind the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::find(used_.begin(), used_.end(), file);
  if (found != used_.end()) {
    used_.splice(used_.begin(), used_, found);
    return;
  }
  used_.push_front(file);
  if (used_.size() > files_max_) closed.splice(closed.begin(), used_, std::prev(used_.end()));
}

}  // namespace skald
