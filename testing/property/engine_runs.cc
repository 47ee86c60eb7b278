// SPDX-License-Identifier: Apache-2.0
#include "testing/property/engine_runs.h"

#include <algorithm>
#include <map>

#include "actors/querier/pack_waves.h"
#include "runtime/logql/engine/engine.h"
#include "testing/kit/columnar_block.h"
#include "testing/kit/memory_block.h"
#include "testing/property/pack_shelf.h"

namespace skald::logql::property {
namespace {

constexpr std::int64_t second = 1'000'000'000;

// Entries of one block, by stream.
using block_content = std::map<std::string, memory_stream>;

void add(block_content& content, const reference::stored_entry& entry) {
  memory_stream& stream = content[entry.stream->canonical_labels];
  stream.stream = entry.stream;
  stream.entries.push_back({entry.timestamp_ns, entry.line, entry.metadata});
}

class block_maker {
 public:
  block_maker(const data_set& data, const std::vector<label_matcher>& matchers,
              random_source& random, pack_shelf& shelf)
      : random_(random), shelf_(shelf) {
    for (const reference::stored_entry& entry : data) {
      if (matches_all(matchers, entry.stream->labels)) data_.push_back(entry);
    }
  }

  block_list make(block_layout layout) {
    std::map<std::uint64_t, block_content> contents;  // by arrival
    for (std::size_t i = 0; i < data_.size(); ++i) {
      const reference::stored_entry& entry = data_[i];
      std::uint64_t number = 0;
      if (layout == block_layout::by_time) {
        number = static_cast<std::uint64_t>(entry.timestamp_ns / (slice_seconds_ * second));
      } else if (layout == block_layout::by_stream) {
        number = stream_number(entry);
      } else if (layout == block_layout::spread) {
        number = i * parts_ / data_.size() * 2;
        // Some blocks are there twice.
        if (is_copied(number)) add(contents[number + 1], entry);
      }
      add(contents[number], entry);
    }
    block_list blocks;
    for (auto& [number, content] : contents) {
      std::vector<memory_stream> streams;
      for (auto& [labels, stream] : content) streams.push_back(std::move(stream));
      for (auto& block : blocks_of(std::move(streams), number, layout)) {
        blocks.push_back(std::move(block));
      }
    }
    if (layout == block_layout::spread) {
      std::shuffle(blocks.begin(), blocks.end(), random_.engine());
    }
    return blocks;
  }

 private:
  block_list blocks_of(std::vector<memory_stream> streams, std::uint64_t arrival,
                       block_layout layout) {
    const std::uint64_t kind = layout == block_layout::spread ? random_.below(4) : 0;
    if (layout == block_layout::pack || kind == 1) return shelf_.store(streams, arrival);
    memory_block_options options;
    options.arrival_order = arrival;
    options.filters = random_.one_in(2);
    options.in_memory = random_.one_in(2);
    auto block = std::make_unique<memory_block>(std::move(streams), options);
    block_list blocks;
    if (layout == block_layout::columns || kind == 2) {
      columnar_block_options columns;
      columns.seed = random_.below(1'000'000);
      blocks.push_back(std::make_unique<columnar_block>(std::move(block), columns));
    } else {
      blocks.push_back(std::move(block));
    }
    return blocks;
  }

  std::uint64_t stream_number(const reference::stored_entry& entry) {
    return stream_numbers_.emplace(entry.stream->canonical_labels, stream_numbers_.size())
        .first->second;
  }

  bool is_copied(std::uint64_t number) {
    const auto known = copied_.find(number);
    if (known != copied_.end()) return known->second;
    return copied_[number] = random_.one_in(3);
  }

  data_set data_;
  random_source& random_;
  pack_shelf& shelf_;
  std::map<std::string, std::uint64_t> stream_numbers_;
  std::map<std::uint64_t, bool> copied_;
  const std::int64_t slice_seconds_ = static_cast<std::int64_t>(3 + random_.below(30));
  const std::uint64_t parts_ = 1 + random_.below(5);
};

// Blocks as packs of several each and, mostly, some in memory.
struct wave_blocks {
  chunk_table table;
  std::vector<block_list> packs;  // as in the table
  block_list memory;
  wave_request request;

  wave_blocks(block_list&& blocks, random_source& random) {
    packs.resize(1 + random.below(blocks.size() + 1));
    for (std::size_t i = 0; i < packs.size(); ++i) table.packs.push_back({std::to_string(i), {}});
    request.first_rows = 1 + random.below(30);
    const std::uint64_t memory_part = random.below(4);
    for (auto& block : blocks) {
      if (random.below(8) < memory_part) {
        add_to_memory(std::move(block));
      } else {
        add_to_pack(random.below(packs.size()), std::move(block));
      }
    }
    table.streams.resize(streams.size());
  }

  block_list open(const pack_wave& wave) {
    block_list opened;
    for (const std::size_t number : wave.packs) {
      for (auto& block : packs[number]) opened.push_back(std::move(block));
    }
    if (!wave.has_memory) return opened;
    for (auto& block : memory) opened.push_back(std::move(block));
    return opened;
  }

 private:
  void add_to_memory(std::unique_ptr<log_block> block) {
    for (const row_run& run : block->runs()) {
      request.memory_rows += run.row_count;
      request.memory_min_ns = std::min(request.memory_min_ns, run.min_timestamp_ns);
      request.memory_max_ns = std::max(request.memory_max_ns, run.max_timestamp_ns);
    }
    memory.push_back(std::move(block));
  }
  void add_to_pack(std::size_t number, std::unique_ptr<log_block> block) {
    for (const row_run& run : block->runs()) {
      const auto next = static_cast<std::uint32_t>(streams.size());
      const std::uint32_t stream =
          streams.emplace(run.stream->canonical_labels, next).first->second;
      table.packs[number].chunks.push_back(
          {stream, 0, run.min_timestamp_ns, run.max_timestamp_ns, run.row_count, run.line_bytes});
    }
    packs[number].push_back(std::move(block));
  }

  std::map<std::string, std::uint32_t> streams;
};

// A leaf of a query and what its workers share.
struct leaf_run {
  const query_plan& plan;
  std::size_t leaf = 0;
  group_rows target;
  answer_bound* bound = nullptr;
  query_stats& stats;

  result<void> add(block_list& group, leaf_result& merged) const {
    SKALD_TRY_ASSIGN(leaf_result part, run_leaf(plan, leaf, group, cancellation(), stats, bound));
    merge(plan, leaf, merged, std::move(part));
    return {};
  }

  // All groups, in any order.
  result<leaf_result> all(block_list&& blocks, random_source& random, bool any_order) const {
    std::vector<block_list> groups = partition_blocks(plan, std::move(blocks), target);
    if (any_order) std::shuffle(groups.begin(), groups.end(), random.engine());
    leaf_result merged;
    for (block_list& group : groups) SKALD_TRY(add(group, merged));
    return merged;
  }

  // As an interval of a limited query does it: packs wave by wave, and nothing
  // that cannot matter.
  result<leaf_result> in_waves(block_list&& blocks, random_source& random) const {
    wave_blocks parts(std::move(blocks), random);
    parts.request.forward = plan.forward();
    leaf_result merged;
    for (const pack_wave& wave : waves_of(parts.table, parts.request)) {
      if (!can_still_contribute(plan, leaf, merged, wave.min_timestamp_ns, wave.max_timestamp_ns)) {
        continue;
      }
      for (block_list& group : partition_blocks(plan, parts.open(wave), target)) {
        SKALD_TRY(add(group, merged));
      }
    }
    return merged;
  }
};

}  // namespace

const char* to_string(block_layout layout) {
  switch (layout) {
    case block_layout::whole:
      return "whole";
    case block_layout::by_time:
      return "by time";
    case block_layout::by_stream:
      return "by stream";
    case block_layout::columns:
      return "as columns";
    case block_layout::pack:
      return "in a pack";
    case block_layout::spread:
      break;
  }
  return "spread";
}

result<query_result> run_engine(const query_request& request, const data_set& data,
                                block_layout layout, random_source& random) {
  SKALD_TRY_ASSIGN(const auto plan, query_plan::make(request, {}));
  pack_shelf shelf;
  query_stats stats;
  std::vector<leaf_result> leaves;
  for (std::size_t i = 0; i < plan->leaves().size(); ++i) {
    block_list blocks = block_maker(data, plan->leaves()[i].matchers, random, shelf).make(layout);
    const bool small = layout != block_layout::whole;
    const group_rows target{small ? 1 + random.below(30) : std::size_t{1'000'000}};
    answer_bound bound(plan->request());
    const leaf_run run{*plan, i, target, random.below(2) == 0 ? &bound : nullptr, stats};
    const bool spread = layout == block_layout::spread;
    if (plan->is_log_query() && layout != block_layout::whole && random.one_in(2)) {
      SKALD_TRY_ASSIGN(leaf_result merged, run.in_waves(std::move(blocks), random));
      leaves.push_back(std::move(merged));
      continue;
    }
    SKALD_TRY_ASSIGN(leaf_result merged, run.all(std::move(blocks), random, spread));
    leaves.push_back(std::move(merged));
  }
  return finish(*plan, std::move(leaves), stats);
}

}  // namespace skald::logql::property
