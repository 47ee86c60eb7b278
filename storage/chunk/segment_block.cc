// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/segment_block.h"

#include "storage/chunk/pack_parts.h"
#include "storage/chunk/segment_cache.h"

namespace skald {

segment_block::segment_block(std::shared_ptr<const pack_reader> pack, std::uint32_t segment,
                             std::vector<row_run> runs, bool filter_pays)
    : pack_(std::move(pack)),
      entry_(pack_->contents_->segments[segment]),
      segment_(segment),
      filter_pays_(filter_pays),
      runs_(std::move(runs)) {}

segment_block::~segment_block() {
  release();
}

bool segment_block::may_match(const skip_probe& probe) {
  if (probe.what == skip_probe::kind::always) return true;
  pack_parts& parts = *pack_->parts_;
  const auto found = parts.filter_of(segment_, filter_pays_, stats_);
  if (found.group == nullptr) return true;
  return found.group->may_match(found.position, flags(), probe);
}

// What nobody kept yet is made when the caller reads the timestamps instead.
minute_counts segment_block::minutes_of(const row_run& run) {
  if (!pack_->parts_->keeps_minutes()) return {};
  if (minutes_ == nullptr) minutes_ = pack_->parts_->minutes(segment_);
  if (minutes_ != nullptr) return minutes_->of(run);
  content().want_minutes();
  return {};
}

segment_content& segment_block::content() {
  if (content_ == nullptr) {
    segment_cache* const cache = pack_->segments_.get();
    if (cache != nullptr) content_ = cache->take({pack_->key_hash_, segment_}, stats_.cache);
    if (content_ == nullptr) content_ = std::make_unique<segment_content>();
    content_->attach(*pack_, segment_, stats_);
  }
  return *content_;
}

void segment_block::release() {
  minutes_.reset();
  if (content_ == nullptr) return;
  segment_cache* const cache = pack_->segments_.get();
  if (cache != nullptr) {
    const segment_key key{pack_->key_hash_, segment_};
    if (content_->failed()) {
      cache->drop(key);
    } else {
      content_->detach();
      cache->give_back(key, std::move(content_), stats_.cache);
    }
  }
  content_.reset();
}

}  // namespace skald
