// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/push_job.h"

#include <algorithm>
#include <iterator>

#include "runtime/base/assert.h"

namespace skald {

push_job::push_job(push_request request, std::uint32_t shard_count, frame_holding holding,
                   callbacks tell)
    : frame_(std::move(request.frame)),
      holding_(std::move(holding)),
      reply_(std::move(request.reply)),
      tell_(std::move(tell)) {
  std::vector<std::vector<std::uint32_t>> by_shard(shard_count);
  const auto slices = frame_->slices();
  for (std::uint32_t i = 0; i < slices.size(); ++i) {
    by_shard[flush_progress::shard_of(slices[i].fingerprint, shard_count)].push_back(i);
  }
  for (std::uint32_t shard = 0; shard < shard_count; ++shard) {
    if (by_shard[shard].empty()) continue;
    parts_.push_back({shard, std::move(by_shard[shard]), {}});
    shards_.push_back(shard);
  }
  admitting_ = static_cast<std::uint32_t>(parts_.size());
  committing_ = admitting_.load();
}

push_job::~push_job() {
  if (tell_.released) tell_.released();
}

push_job::part& push_job::part_of(std::uint32_t shard) {
  const auto found = std::find_if(parts_.begin(), parts_.end(),
                                  [shard](const part& p) { return p.shard == shard; });
  SKALD_ASSERT(found != parts_.end());
  return *found;
}

push_job::next_step push_job::admitted() {
  if (admitting_.fetch_sub(1, std::memory_order_acq_rel) != 1) return next_step::wait;
  std::vector<row_drop> drops;
  kept_part accepted;
  for (const auto& part : parts_) {
    drops.insert(drops.end(), part.admitted.drops.begin(), part.admitted.drops.end());
    accepted.rows += part.admitted.accepted_lines;
    accepted.line_bytes += part.admitted.accepted_bytes;
  }
  if (accepted.rows == 0) {
    reply_.answer(outcome());
    return next_step::done;
  }
  hold_ = hold_if_dense(*frame_, accepted, holding_);
  std::sort(drops.begin(), drops.end(), [](const row_drop& a, const row_drop& b) {
    return a.slice != b.slice ? a.slice < b.slice : a.first_row < b.first_row;
  });
  drops_ = encode_drops(drops);
  wal_parts_ = {drops_, frame_->bytes()};
  return next_step::log;
}

void push_job::committed() {
  if (committing_.fetch_sub(1, std::memory_order_acq_rel) == 1) reply_.answer(outcome());
}

push_outcome push_job::outcome() const {
  push_outcome out;
  for (const auto& part : parts_) {
    out.accepted_lines += part.admitted.accepted_lines;
    out.accepted_bytes += part.admitted.accepted_bytes;
    out.rejected.insert(out.rejected.end(), part.admitted.rejected.begin(),
                        part.admitted.rejected.end());
  }
  return out;
}

}  // namespace skald
