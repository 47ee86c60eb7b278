// SPDX-License-Identifier: Apache-2.0
#include "storage/index/open_index_files.h"

#include <algorithm>
#include <thread>

namespace skald {

result<std::shared_ptr<index_file>> open_index_files::get(index_file_place& place) {
  const std::lock_guard lock(place.mutex_);
  auto file = place.file_.lock();
  if (!file) {
    // Its last user may be about to close it. It cannot be opened in another mode before.
    while (!place.writable_ && !place.writer_.expired()) std::this_thread::yield();
    SKALD_TRY_ASSIGN(file, place.writable_ ? index_file::open_writable(place.path_, map_bytes_)
                                           : index_file::open_read_only(place.path_));
    place.file_ = file;
    if (place.writable_) place.writer_ = file->environment();
  }
  if (!place.kept_) note_use(file);
  return file;
}

void open_index_files::let_go(index_file_place& place) {
  std::shared_ptr<index_file> file;  // closed behind the lock
  const std::lock_guard lock(place.mutex_);
  file = place.file_.lock();
  forget_use(file);
}

result<void> open_index_files::keep_open(index_file_place& place) {
  SKALD_TRY_ASSIGN(auto file, get(place));
  const std::lock_guard lock(place.mutex_);
  forget_use(file);
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

void open_index_files::forget_use(const std::shared_ptr<index_file>& file) {
  const std::lock_guard lock(mutex_);
  const auto found = std::find(used_.begin(), used_.end(), file);
  if (found != used_.end()) used_.erase(found);  // not the last: `file` is another
}

}  // namespace skald
