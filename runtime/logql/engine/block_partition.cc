// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "runtime/logql/engine/engine.h"
#include "runtime/logql/engine/run_overlap.h"

namespace skald::logql {
namespace {

struct block_group {
  std::vector<std::size_t> blocks;
  std::size_t rows = 0;
  std::int64_t min_ns = INT64_MAX;
  std::int64_t max_ns = INT64_MIN;
};

std::vector<block_group> measure(const block_list& blocks) {
  std::vector<block_group> groups;
  for (std::vector<std::size_t>& members : connected_blocks(blocks)) {
    block_group group;
    group.blocks = std::move(members);
    for (const std::size_t block : group.blocks) {
      for (const row_run& run : blocks[block]->runs()) {
        group.rows += run.row_count;
        group.min_ns = std::min(group.min_ns, run.min_timestamp_ns);
        group.max_ns = std::max(group.max_ns, run.max_timestamp_ns);
      }
    }
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace

bool is_cheap(const plan_leaf& leaf) {
  return leaf.counts_only || leaf.probe.what != skip_probe::kind::always;
}

std::vector<block_list> partition_blocks(const query_plan& plan, block_list&& blocks,
                                         const group_rows& target) {
  std::vector<block_group> groups = measure(blocks);
  const bool forward = plan.is_log_query() && plan.forward();
  std::stable_sort(groups.begin(), groups.end(),
                   [forward](const block_group& a, const block_group& b) {
                     return forward ? a.min_ns < b.min_ns : a.max_ns > b.max_ns;
                   });
  std::vector<block_list> partition;
  std::size_t rows = 0;
  for (const block_group& group : groups) {
    if (partition.empty() || rows + group.rows > target.of_group(partition.size() - 1)) {
      partition.emplace_back();
      rows = 0;
    }
    rows += group.rows;
    for (const std::size_t block : group.blocks) {
      partition.back().push_back(std::move(blocks[block]));
    }
  }
  blocks.clear();
  return partition;
}

}  // namespace skald::logql
