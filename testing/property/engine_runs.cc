// SPDX-License-Identifier: Apache-2.0
#include "testing/property/engine_runs.h"

#include <algorithm>
#include <map>

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
    std::vector<block_list> groups = partition_blocks(*plan, std::move(blocks), target);
    answer_bound bound(plan->request());
    answer_bound* shared = random.below(2) == 0 ? &bound : nullptr;
    if (layout == block_layout::spread) std::shuffle(groups.begin(), groups.end(), random.engine());
    leaf_result merged;
    for (block_list& group : groups) {
      SKALD_TRY_ASSIGN(leaf_result part, run_leaf(*plan, i, group, cancellation(), stats, shared));
      merge(*plan, i, merged, std::move(part));
    }
    leaves.push_back(std::move(merged));
  }
  return finish(*plan, std::move(leaves), stats);
}

}  // namespace skald::logql::property
