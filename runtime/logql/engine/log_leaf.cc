// SPDX-License-Identifier: Apache-2.0
// Leaves of log queries: rows in the direction asked for through the pipeline into a collector,
// stopping as soon as nothing better can come.
#include <algorithm>
#include <unordered_map>
#include <utility>

#include "runtime/logql/engine/leaf_runs.h"
#include "runtime/logql/engine/log_collector.h"
#include "runtime/logql/pipeline/pipeline_runner.h"

namespace skald::logql {
namespace {

// Makes one object of equal labels, so that entries share it.
class label_interner {
 public:
  entry_labels_ptr intern(const row_labels& labels) {
    if (labels.is_stream_only()) return of_stream(labels.stream());
    key_.clear();
    const hash128& origin = labels.stream().fingerprint;
    key_.append(reinterpret_cast<const char*>(&origin), sizeof(origin));
    for (const row_label& l : labels.sorted()) {
      key_ += static_cast<char>(l.category);
      append_sized(l.name);
      append_sized(l.value);
    }
    entry_labels_ptr& known = by_key_[xxh3_128(key_)];
    if (!known) known = make(labels);
    return known;
  }

 private:
  void append_sized(std::string_view text) {
    const std::uint64_t size = text.size();
    key_.append(reinterpret_cast<const char*>(&size), sizeof(size));
    key_.append(text);
  }

  entry_labels_ptr of_stream(const stream_info& stream) {
    entry_labels_ptr& known = by_stream_[stream.fingerprint];
    if (!known) {
      auto made = std::make_shared<entry_labels>();
      made->stream = stream.labels;
      made->origin = stream.fingerprint;
      known = std::move(made);
    }
    return known;
  }

  static entry_labels_ptr make(const row_labels& labels) {
    auto made = std::make_shared<entry_labels>();
    std::vector<label> parts[3];
    for (const row_label& l : labels.sorted()) {
      parts[static_cast<std::size_t>(l.category)].push_back(
          {std::string(l.name), std::string(l.value)});
    }
    made->stream = label_set(std::move(parts[0]));
    made->structured_metadata = label_set(std::move(parts[1]));
    made->parsed = label_set(std::move(parts[2]));
    made->origin = labels.stream().fingerprint;
    return made;
  }

  std::string key_;
  std::unordered_map<hash128, entry_labels_ptr> by_key_;
  std::unordered_map<hash128, entry_labels_ptr> by_stream_;
};

class collecting_sink final : public row_sink {
 public:
  collecting_sink(const query_request& request, label_interner& labels)
      : collector_(request), labels_(labels) {}

  // Rows of a run come in the direction asked for, so the first one that is too late ends it.
  bool on_row(const pipeline_row& row) override {
    if (!collector_.accepts(row.timestamp_ns)) return false;
    collector_.add({row.timestamp_ns, row.run->stream, arrival_base_ + row.row,
                    labels_.intern(row.labels), std::string(row.line)});
    return true;
  }
  // Of blocks with rows of one stream the one with the lower rank has the earlier arrivals.
  void enter_block(std::uint64_t rank) { arrival_base_ = rank << 32; }
  log_collector& collector() { return collector_; }

 private:
  log_collector collector_;
  label_interner& labels_;
  std::uint64_t arrival_base_ = 0;
};

struct ranked_block {
  log_block* block = nullptr;
  std::uint64_t arrival_rank = 0;
  std::int64_t min_ns = INT64_MAX;
  std::int64_t max_ns = INT64_MIN;
};

// Blocks with rows in the range, those first that hold the best rows.
std::vector<ranked_block> in_reading_order(const plan_leaf& leaf, const block_list& blocks,
                                           bool forward) {
  std::vector<ranked_block> ranked;
  for (const auto& block : blocks) {
    ranked_block entry{block.get()};
    for (const row_run& run : block->runs()) {
      if (!leaf.range.overlaps(run.min_timestamp_ns, run.max_timestamp_ns)) continue;
      entry.min_ns = std::min(entry.min_ns, run.min_timestamp_ns);
      entry.max_ns = std::max(entry.max_ns, run.max_timestamp_ns);
    }
    if (entry.min_ns <= entry.max_ns) ranked.push_back(entry);
  }
  std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) {
    return a.block->arrival_order() < b.block->arrival_order();
  });
  for (std::size_t i = 0; i < ranked.size(); ++i) ranked[i].arrival_rank = i;
  std::stable_sort(ranked.begin(), ranked.end(), [forward](const auto& a, const auto& b) {
    return forward ? a.min_ns < b.min_ns : a.max_ns > b.max_ns;
  });
  return ranked;
}

std::vector<const row_run*> runs_in_reading_order(const time_range& range, const log_block& block,
                                                  bool forward) {
  std::vector<const row_run*> runs;
  for (const row_run& run : block.runs()) {
    if (range.overlaps(run.min_timestamp_ns, run.max_timestamp_ns)) runs.push_back(&run);
  }
  std::stable_sort(runs.begin(), runs.end(), [forward](const row_run* a, const row_run* b) {
    return forward ? a->min_timestamp_ns < b->min_timestamp_ns
                   : a->max_timestamp_ns > b->max_timestamp_ns;
  });
  return runs;
}

// Rows of a block that can still be part of the answer.
time_range useful_range(const time_range& range, const log_collector& collector, bool forward) {
  time_range useful = range;
  if (const std::optional<std::int64_t> bound = collector.bound_ns()) {
    if (forward) {
      useful.end_ns = std::min(useful.end_ns, *bound + 1);
    } else {
      useful.start_ns = std::max(useful.start_ns, *bound);
    }
  }
  return useful;
}

}  // namespace

result<leaf_result> run_log_leaf(const query_plan& plan, const plan_leaf& leaf, block_list& blocks,
                                 const cancellation& cancelled, query_stats& stats) {
  const bool forward = plan.forward();
  label_interner labels;
  collecting_sink sink(plan.request(), labels);
  log_collector& collector = sink.collector();
  pipeline_runner runner(leaf.pipeline);
  for (const ranked_block& ranked : in_reading_order(leaf, blocks, forward)) {
    if (!collector.accepts_any(ranked.min_ns, ranked.max_ns)) continue;
    SKALD_TRY(cancelled.check());
    block_visit visit(*ranked.block, stats);
    if (!visit.may_match(leaf)) continue;
    sink.enter_block(ranked.arrival_rank);
    const pipeline_stats before = runner.stats();
    const time_range range = useful_range(leaf.range, collector, forward);
    SKALD_TRY(runner.open_block(*ranked.block, range));
    for (const row_run* run : runs_in_reading_order(range, *ranked.block, forward)) {
      if (!collector.accepts_any(run->min_timestamp_ns, run->max_timestamp_ns)) continue;
      SKALD_TRY(runner.run(*run, sink, !forward));
    }
    collector.compact();
    visit.count(before, runner.stats());
  }
  leaf_result result;
  result.candidates = collector.take();
  stats.store.duplicates += collector.duplicates();
  return result;
}

}  // namespace skald::logql
