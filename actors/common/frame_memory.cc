// SPDX-License-Identifier: Apache-2.0
#include "actors/common/frame_memory.h"

#include <algorithm>
#include <utility>

#include "runtime/base/assert.h"

namespace skald {

// Ends with the piece.
class frame_memory::lease {
 public:
  lease(std::shared_ptr<frame_memory> from, std::size_t first_page, std::size_t last_page)
      : from_(std::move(from)), first_page_(first_page), last_page_(last_page) {}
  lease(const lease&) = delete;
  lease& operator=(const lease&) = delete;
  ~lease() { from_->release(first_page_, last_page_); }

 private:
  const std::shared_ptr<frame_memory> from_;
  const std::size_t first_page_;
  const std::size_t last_page_;
};

std::shared_ptr<frame_memory> frame_memory::make() {
  return std::shared_ptr<frame_memory>(new frame_memory);
}

frame_memory::piece frame_memory::take(std::size_t bytes) {
  if (bytes < piece_bytes_min || bytes > piece_bytes_max) return {};
  bytes = (bytes + alignment - 1) / alignment * alignment;
  const std::lock_guard lock(mutex_);
  // Pages that are there come before such as the system would have to bring.
  if (!fits_at_cursor(bytes, true) && !find_room(bytes, true) && !fits_at_cursor(bytes, false) &&
      !find_room(bytes, false) && !add_range()) {
    return {};
  }
  const std::size_t begin = cursor_;
  const std::size_t first = begin / page_bytes;
  const std::size_t last = (begin + bytes - 1) / page_bytes;
  auto owner = std::make_shared<const lease>(shared_from_this(), first, last);
  for (std::size_t p = first; p <= last; ++p) {
    ++pages_[p].pieces;
    pages_[p].resident = true;
    pages_[p].idle = false;
  }
  cursor_ = begin + bytes;
  return {ranges_[begin / range_bytes].data() + begin % range_bytes, std::move(owner)};
}

// The page that the cursor stands in is taken up to there; those behind it must be free.
bool frame_memory::fits_at_cursor(std::size_t bytes, bool resident) const {
  const std::size_t range = cursor_ / range_bytes;
  if (range >= ranges_.size() || (cursor_ + bytes - 1) / range_bytes != range) return false;
  const std::size_t first_whole = (cursor_ + page_bytes - 1) / page_bytes;
  for (std::size_t p = first_whole; p * page_bytes < cursor_ + bytes; ++p) {
    if (!is_free(pages_[p], resident)) return false;
  }
  return true;
}

// Puts the cursor where enough pages are free: as low as possible, so that others can go back.
bool frame_memory::find_room(std::size_t bytes, bool resident) {
  const std::size_t wanted = (bytes + page_bytes - 1) / page_bytes;
  std::size_t run = 0;
  for (std::size_t p = 0; p < pages_.size(); ++p) {
    if (p % range_pages == 0) run = 0;
    run = is_free(pages_[p], resident) ? run + 1 : 0;
    if (run < wanted) continue;
    cursor_ = (p + 1 - run) * page_bytes;
    return true;
  }
  return false;
}

bool frame_memory::add_range() {
  page_memory more = page_memory::map(range_bytes, true);
  if (more.data() == nullptr) return false;
  cursor_ = pages_.size() * page_bytes;
  ranges_.push_back(std::move(more));
  pages_.resize(pages_.size() + range_pages);
  return true;
}

void frame_memory::release(std::size_t first_page, std::size_t last_page) {
  const std::lock_guard lock(mutex_);
  for (std::size_t p = first_page; p <= last_page; ++p) {
    SKALD_ASSERT(pages_[p].pieces > 0);
    --pages_[p].pieces;
  }
}

void frame_memory::trim() {
  const std::lock_guard lock(mutex_);
  for (std::size_t p = 0; p < pages_.size(); ++p) {
    page& at = pages_[p];
    if (at.pieces > 0 || !at.resident) continue;
    if (!std::exchange(at.idle, true)) continue;
    at.resident = false;
    ranges_[p / range_pages].give_back(p % range_pages * page_bytes, page_bytes);
  }
}

std::size_t frame_memory::used_pages() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(pages_.begin(), pages_.end(), [](const page& p) { return p.pieces > 0; }));
}

std::size_t frame_memory::resident_pages() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(pages_.begin(), pages_.end(), [](const page& p) { return p.resident; }));
}

}  // namespace skald
