// SPDX-License-Identifier: Apache-2.0
// Leaves of log queries: rows in the direction asked for through the pipeline into a collector,
// stopping as soon as nothing better can come.
#include <algorithm>
#include <functional>
#include <unordered_map>
#include <utility>

#include "runtime/logql/engine/leaf_runs.h"
#include "runtime/logql/engine/log_collector.h"
#include "runtime/logql/pipeline/pipeline_runner.h"

namespace skald::logql {
namespace {

// Counts as long as some entry has it.
struct counted_labels final : entry_labels {
  explicit counted_labels(query_memory_ptr account) : memory(std::move(account)) {}
  counted_labels(const counted_labels&) = delete;
  counted_labels& operator=(const counted_labels&) = delete;
  ~counted_labels() { memory->give_back(bytes); }

  // Call once, with all labels in place.
  void count() {
    bytes = sizeof(*this) + memory_bytes(stream) + memory_bytes(structured_metadata) +
            memory_bytes(parsed);
    memory->take(bytes);
  }

  const query_memory_ptr memory;
  std::uint64_t bytes = 0;
};

// Makes one object of equal labels, so that entries share it.
class label_interner {
 public:
  explicit label_interner(query_memory_ptr memory) : memory_(std::move(memory)) {}

  entry_labels_ptr intern(const row_labels& labels) {
    if (labels.is_stream_only()) return of_stream(labels.stream());
    hash128 key = labels.hash_with_categories();
    const hash128& origin = labels.stream().fingerprint;
    key.low ^= origin.low;
    key.high ^= origin.high;
    entry_labels_ptr& known = by_key_[key];
    if (!known) {
      known = make(labels);
      if (by_key_.size() >= forget_at_) {
        const entry_labels_ptr made = known;
        forget_unused();
        return made;
      }
    }
    return known;
  }
  // Those that no entry has any more.
  void forget_unused() {
    std::erase_if(by_key_, [](const auto& known) { return known.second.use_count() == 1; });
    forget_at_ = std::max(forget_at_min, 2 * by_key_.size());
  }

 private:
  static constexpr std::size_t forget_at_min = 4096;

  entry_labels_ptr of_stream(const stream_info& stream) {
    entry_labels_ptr& known = by_stream_[stream.fingerprint];
    if (!known) {
      auto made = std::make_shared<counted_labels>(memory_);
      made->stream = stream.labels;
      made->origin = stream.fingerprint;
      made->count();
      known = std::move(made);
    }
    return known;
  }

  entry_labels_ptr make(const row_labels& labels) const {
    auto made = std::make_shared<counted_labels>(memory_);
    std::vector<label> parts[3];
    std::size_t counts[3] = {};
    for (const row_label& l : labels.sorted()) ++counts[static_cast<std::size_t>(l.category)];
    for (std::size_t i = 0; i < 3; ++i) parts[i].reserve(counts[i]);
    for (const row_label& l : labels.sorted()) {
      parts[static_cast<std::size_t>(l.category)].push_back(
          {std::string(l.name), std::string(l.value)});
    }
    made->stream = label_set(std::move(parts[0]));
    made->structured_metadata = label_set(std::move(parts[1]));
    made->parsed = label_set(std::move(parts[2]));
    made->origin = labels.stream().fingerprint;
    made->count();
    return made;
  }

  const query_memory_ptr memory_;
  std::size_t forget_at_ = forget_at_min;
  std::unordered_map<hash128, entry_labels_ptr> by_key_;
  std::unordered_map<hash128, entry_labels_ptr> by_stream_;
};

class collecting_sink final : public row_sink {
 public:
  explicit collecting_sink(const query_plan& plan)
      : collector_(plan.request()), labels_(plan.memory()), share_(plan.memory()) {}

  // Rows of a run come in the direction asked for, so the first one that is too late ends it.
  bool on_row(const pipeline_row& row) override {
    if (!collector_.accepts(row.timestamp_ns)) return false;
    collector_.add({row.timestamp_ns, row.run->stream, arrival_base_ + row.row,
                    labels_.intern(row.labels), std::string(row.line)});
    return has_memory();
  }
  // Of blocks with rows of one stream the one with the lower rank has the earlier arrivals.
  void enter_block(std::uint64_t rank) { arrival_base_ = rank << 32; }
  log_collector& collector() { return collector_; }
  // The query has used up its memory.
  bool is_exhausted() const { return is_exhausted_; }
  // What collector() takes.
  memory_share take_share() { return std::move(share_); }

 private:
  // Entries that cannot reach the answer give way first.
  bool has_memory() {
    share_.hold(collector_.held_bytes());
    if (!share_.is_exceeded()) return true;
    collector_.compact();
    labels_.forget_unused();
    share_.hold(collector_.held_bytes());
    is_exhausted_ = share_.is_exceeded();
    return !is_exhausted_;
  }

  log_collector collector_;
  label_interner labels_;
  memory_share share_;
  bool is_exhausted_ = false;
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

// Cuts the time of a block into pieces with a number of rows each, those first that come first in
// the answer: lines that a limited answer does not need are not put together.
class time_slices {
 public:
  // `first_rows` rows in the first piece, eight times as many in each later one; zero means one
  // piece for all.
  time_slices(const time_range& range, bool forward, std::size_t first_rows)
      : rest_(range), forward_(forward), rows_(first_rows) {}

  void add_rows(const row_run& run, std::span<const std::int64_t> timestamps) {
    for (const std::int64_t time : timestamps.subspan(run.first_row, run.row_count)) {
      if (rest_.contains(time)) times_.push_back(time);
    }
  }

  bool empty() const { return rest_.empty(); }
  time_range next() {
    time_range slice = rest_;
    if (rows_ == 0 || times_.size() <= rows_) {
      rest_.end_ns = rest_.start_ns;
      return slice;
    }
    const auto last = times_.begin() + static_cast<std::ptrdiff_t>(rows_) - 1;
    if (forward_) {
      std::nth_element(times_.begin(), last, times_.end());
      slice.end_ns = rest_.start_ns = *last + 1;
    } else {
      std::nth_element(times_.begin(), last, times_.end(), std::greater<>());
      slice.start_ns = rest_.end_ns = *last;
    }
    times_.erase(times_.begin(), last + 1);
    std::erase_if(times_, [this](std::int64_t time) { return !rest_.contains(time); });
    rows_ *= growth;
    return slice;
  }

 private:
  static constexpr std::size_t growth = 8;
  time_range rest_;
  bool forward_;
  std::size_t rows_;
  std::vector<std::int64_t> times_;  // of rows in rest_
};

class log_leaf_worker {
 public:
  log_leaf_worker(const query_plan& plan, const plan_leaf& leaf, query_stats& stats,
                  answer_bound* bound)
      : plan_(plan),
        leaf_(leaf),
        stats_(stats),
        bound_(bound),
        worker_(bound != nullptr ? bound->join() : 0),
        forward_(plan.forward()),
        sink_(plan),
        runner_(leaf.pipeline) {}

  result<leaf_result> run(const block_list& blocks, const cancellation& cancelled) {
    runner_.stop_with(cancelled);
    for (const ranked_block& ranked : in_reading_order(leaf_, blocks, forward_)) {
      share_bound();
      if (!collector().accepts_any(ranked.min_ns, ranked.max_ns)) continue;
      SKALD_TRY(cancelled.check());
      SKALD_TRY(run_block(ranked));
    }
    leaf_result result;
    result.candidates = collector().take();
    result.memory = sink_.take_share();
    result.memory.hold(memory_bytes(result));
    stats_.store.duplicates += collector().duplicates();
    return result;
  }

 private:
  log_collector& collector() { return sink_.collector(); }

  // Tells the other workers of the query how far this one is, and learns it of them.
  void share_bound() {
    if (bound_ == nullptr) return;
    if (const std::optional<std::int64_t> own = collector().bound_ns()) bound_->tighten(*own);
    if (bound_->counts() && collector().added() != reported_) {
      reported_ = collector().added();
      bound_->report(worker_, collector().best_timestamps());
    }
    collector().narrow(bound_->get());
  }

  // Rows of a block with columns that are looked at first; zero for all.
  std::size_t first_rows(const log_block& block) const {
    constexpr std::size_t more_to_filter = 4;
    if (!block.has_fields()) return 0;
    const std::size_t limit = plan_.request().limit;
    return leaf_.pipeline->passes_all_rows() ? limit : more_to_filter * limit;
  }

  result<void> run_block(const ranked_block& ranked) {
    block_visit visit(*ranked.block, stats_);
    if (!visit.may_match(leaf_)) return {};
    sink_.enter_block(ranked.arrival_rank);
    const pipeline_stats before = runner_.stats();
    runner_.begin_block(*ranked.block);
    const time_range range = useful_range(leaf_.range, collector(), forward_);
    const auto runs = runs_in_reading_order(range, *ranked.block, forward_);
    const std::size_t rows = first_rows(*ranked.block);
    time_slices slices(range, forward_, rows);
    if (rows > 0) {
      SKALD_TRY_ASSIGN(const auto timestamps, runner_.reader().timestamps());
      for (const row_run* run : runs) slices.add_rows(*run, timestamps);
    }
    while (!slices.empty()) {
      // What comes in one piece may bring the bound of the answer nearer for the next.
      const time_range slice = useful_range(slices.next(), collector(), forward_);
      if (slice.empty() || !collector().accepts_any(slice.start_ns, slice.end_ns - 1)) break;
      SKALD_TRY(run_slice(slice, runs));
      collector().compact();
      share_bound();
    }
    visit.count(before, runner_.stats());
    return {};
  }

  result<void> run_slice(const time_range& slice, const std::vector<const row_run*>& runs) {
    std::vector<const row_run*> wanted;
    for (const row_run* run : runs) {
      if (slice.overlaps(run->min_timestamp_ns, run->max_timestamp_ns)) wanted.push_back(run);
    }
    if (wanted.empty()) return {};
    SKALD_TRY(runner_.select({slice, wanted, {}}));
    for (const row_run* run : wanted) {
      if (!collector().accepts_any(run->min_timestamp_ns, run->max_timestamp_ns)) continue;
      SKALD_TRY(runner_.run(*run, sink_, !forward_));
      if (sink_.is_exhausted()) return plan_.memory()->exceeded_error();
    }
    return {};
  }

  const query_plan& plan_;
  const plan_leaf& leaf_;
  query_stats& stats_;
  answer_bound* bound_;
  const std::size_t worker_;    // of bound_
  std::uint64_t reported_ = 0;  // entries that the collector had got by then
  bool forward_;
  collecting_sink sink_;
  pipeline_runner runner_;
};

}  // namespace

result<leaf_result> run_log_leaf(const query_plan& plan, const plan_leaf& leaf, block_list& blocks,
                                 const cancellation& cancelled, query_stats& stats,
                                 answer_bound* bound) {
  return log_leaf_worker(plan, leaf, stats, bound).run(blocks, cancelled);
}

}  // namespace skald::logql
