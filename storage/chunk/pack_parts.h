// SPDX-License-Identifier: Apache-2.0
// The parts of an open pack that are read when first asked for: skip filters by group, and the
// streams' label text. Context: safe from many threads; a part that is being read makes others wait
// for it. A filter that cannot be read counts as absent from then on; labels that cannot be read
// are tried again.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/log_block.h"
#include "storage/chunk/chunk_directory.h"
#include "storage/chunk/minute_rows.h"
#include "storage/chunk/skip_filter.h"
#include "storage/object_store/object_store.h"

namespace skald {

class pack_parts {
 public:
  // All three must outlive this.
  pack_parts(object_store& store, const std::string& key, const pack_contents& contents);

  struct filter_position {
    const skip_filter_group* group = nullptr;  // null: none, or not read
    std::uint32_t position = 0;                // of the segment in the group
  };
  // The filter of a segment. It is fetched if it is not there yet and `fetch` says so.
  filter_position filter_of(std::uint32_t segment, bool fetch, block_read_stats& stats);
  // Whether the filter of a segment's group is in memory.
  bool has_filter(std::uint32_t segment);
  // The group of a segment, as an index into contents.filter_groups, or the number of groups if it
  // is in none.
  std::size_t group_of(std::uint32_t segment) const;

  // Canonical label text by directory entry; valid as long as this object.
  result<std::string_view> labels(std::uint32_t entry);

  // How rows spread over minutes, by segment; null when it was not kept yet. Of packs whose runs
  // are short nothing is kept: reading their timestamps costs little more.
  bool keeps_minutes() const { return minute_bytes_max_ > 0; }
  segment_minutes_ptr minutes(std::uint32_t segment);
  void keep_minutes(std::uint32_t segment, segment_minutes_ptr minutes);

  // What filters, labels and minutes take once all of them were read.
  std::size_t memory_bytes_max() const;

 private:
  struct group_slot {
    bool tried = false;
    std::unique_ptr<const skip_filter_group> group;
  };

  result<skip_filter_group> read_group(const filter_group_entry& entry, block_read_stats& stats);
  result<void> read_labels();

  object_store& store_;
  const std::string& key_;
  const pack_contents& contents_;
  std::mutex filter_mutex_;  // guards groups_
  std::vector<group_slot> groups_;
  const std::size_t minute_bytes_max_;
  std::mutex minute_mutex_;                   // guards minutes_
  std::vector<segment_minutes_ptr> minutes_;  // by segment
  std::mutex label_mutex_;                    // guards the three below until labels_read_ is set
  bool labels_read_ = false;
  std::string label_payload_;
  std::vector<std::string_view> labels_;
};

}  // namespace skald
