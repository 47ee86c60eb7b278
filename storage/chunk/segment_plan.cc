// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/segment_plan.h"

#include <algorithm>
#include <tuple>
#include <unordered_map>

#include "storage/chunk/pack_format.h"
#include "storage/chunk/prefetch.h"
#include "storage/chunk/text_order.h"

namespace skald {
namespace {

// Bytes that a metadata pair counts for beside its text: keeps a segment under
// segment_metadata_pairs_max.
constexpr std::uint64_t pair_weight = 4;

// The columns of small inputs lie all over memory: so many inputs ahead they are fetched.
constexpr std::size_t ahead_inputs = 6;

// Whether no row can be over a bound, and the rest may be left to who gathers the rows.
bool facts_suffice(const pack_input& input) {
  return input.facts && input.lines.bytes.size() <= line_bytes_max &&
         input.facts->metadata_bytes <= row_metadata_bytes_max &&
         input.metadata.pairs.size() <= row_metadata_pairs_max;
}

void prefetch_columns(const pack_input& input) {
  if (facts_suffice(input)) return;
  prefetch(input.timestamps.data(), 1);
  prefetch(input.lines.starts.data(), 1);
  prefetch(input.metadata.starts.data(), 1);
  const auto pairs = input.metadata.pairs;
  prefetch(pairs.data(), pairs.first(std::min<std::size_t>(pairs.size(), 16)).size_bytes());
}

// Whether `next` are the rows behind `rows`.
bool follows(const row_slice& rows, const row_slice& next) {
  return rows.input == next.input && rows.first + rows.count == next.first;
}

// What is known of an input once checked: inputs lie all over memory, and are not looked at again
// unless their rows must be told apart.
struct weighed_input {
  const pack_input* input;
  std::uint32_t rows;
  std::uint64_t weight;
  std::uint64_t line_bytes;
  std::int64_t first_timestamp;
  std::int64_t last_timestamp;
};

struct weighed_slice {
  row_slice rows;
  std::uint64_t weight;
  std::uint64_t line_bytes;
  std::int64_t last_timestamp;
};

result<void> check_lines(const pack_input& input) {
  const auto starts = input.lines.starts;
  if (starts.back() != input.lines.bytes.size()) {
    return refused_input(input, "lines do not fill the blob");
  }
  for (std::size_t row = 0; row + 1 < starts.size(); ++row) {
    if (starts[row + 1] <= starts[row]) return refused_input(input, "line offsets do not rise");
    if (starts[row + 1] - starts[row] - 1 > line_bytes_max) {
      return refused_input(input, "a line is over " + std::to_string(line_bytes_max) + " bytes");
    }
  }
  return {};
}

// Returns what the metadata weighs.
result<std::uint64_t> check_metadata(const pack_input& input) {
  const metadata_column& column = input.metadata;
  if (column.empty()) return std::uint64_t{0};
  if (column.starts.back() > column.pairs.size()) {
    return refused_input(input, "metadata offsets beyond the pairs");
  }
  std::uint64_t weight = 0;
  for (std::size_t row = 0; row + 1 < column.starts.size(); ++row) {
    if (column.starts[row] > column.starts[row + 1]) {
      return refused_input(input, "metadata offsets do not rise");
    }
    const auto pairs = column.row(row);
    std::uint64_t bytes = 0;
    for (const metadata_pair& pair : pairs) bytes += pair.name.size() + pair.value.size();
    if (bytes > row_metadata_bytes_max || pairs.size() > row_metadata_pairs_max) {
      return refused_input(input, "too much metadata in one row");
    }
    weight += bytes + pairs.size() * pair_weight;
  }
  return weight;
}

weighed_input weigh_by_facts(const pack_input& input) {
  const std::uint64_t line_bytes = input.lines.bytes.size();
  return {&input,
          static_cast<std::uint32_t>(input.timestamps.size()),
          line_bytes + input.facts->metadata_bytes + input.metadata.pairs.size() * pair_weight,
          line_bytes,
          input.facts->first_timestamp_ns,
          input.facts->last_timestamp_ns};
}

result<weighed_input> check_input(const pack_input& input) {
  if (input.stream == nullptr) return refused_input(input, "no stream");
  if (input.lines.rows() != input.timestamps.size()) {
    return refused_input(input, "timestamps and lines of different numbers");
  }
  if (!input.metadata.empty() && input.metadata.starts.size() != input.timestamps.size() + 1) {
    return refused_input(input, "metadata of another number of rows");
  }
  if (facts_suffice(input)) return weigh_by_facts(input);
  if (!std::is_sorted(input.timestamps.begin(), input.timestamps.end())) {
    return refused_input(input, "timestamps are not sorted");
  }
  SKALD_TRY(check_lines(input));
  SKALD_TRY_ASSIGN(const std::uint64_t metadata, check_metadata(input));
  const std::uint64_t line_bytes = input.lines.starts.back() - input.lines.starts.front();
  return weighed_input{&input,
                       static_cast<std::uint32_t>(input.timestamps.size()),
                       line_bytes + metadata,
                       line_bytes,
                       input.timestamps.front(),
                       input.timestamps.back()};
}

// What a row adds to a segment's size: its metadata counts too, so that segments with short lines
// stay bounded.
std::uint64_t weight_of(const pack_input& input, std::size_t row) {
  std::uint64_t weight = input.lines.starts[row + 1] - input.lines.starts[row];
  if (input.metadata.empty()) return weight;
  for (const metadata_pair& pair : input.metadata.row(row)) {
    weight += pair.name.size() + pair.value.size() + pair_weight;
  }
  return weight;
}

weighed_slice slice_of_row(const pack_input* input, std::uint32_t row) {
  const std::uint64_t line_bytes = input->lines.starts[row + 1] - input->lines.starts[row];
  return {{input, row, 1}, weight_of(*input, row), line_bytes, input->timestamps[row]};
}

void add_row(std::vector<weighed_slice>& slices, const pack_input* input, std::uint32_t row) {
  const weighed_slice one = slice_of_row(input, row);
  if (slices.empty() || !follows(slices.back().rows, one.rows)) {
    slices.push_back(one);
    return;
  }
  weighed_slice& last = slices.back();
  ++last.rows.count;
  last.weight += one.weight;
  last.line_bytes += one.line_bytes;
  last.last_timestamp = one.last_timestamp;
}

// Puts the rows of one stream's inputs, given in order of arrival, in order of time; equal
// timestamps stay in order of arrival. Keeps its memory.
class row_order {
 public:
  // Valid until the next call.
  std::span<const weighed_slice> of(std::span<const weighed_input> inputs) {
    slices_.clear();
    find_first_ahead(inputs);
    for (std::size_t i = 0; i < inputs.size();) {
      // What overlaps is merged; mostly nothing does.
      std::int64_t last = inputs[i].last_timestamp;
      std::size_t end = i + 1;
      for (; end < inputs.size() && last > first_ahead_[end]; ++end) {
        last = std::max(last, inputs[end].last_timestamp);
      }
      if (end == i + 1) {
        const weighed_input& one = inputs[i];
        slices_.push_back(
            {{one.input, 0, one.rows}, one.weight, one.line_bytes, one.last_timestamp});
      } else {
        merge(inputs.subspan(i, end - i));
      }
      i = end;
    }
    return slices_;
  }

 private:
  struct position {
    std::int64_t timestamp;
    std::uint32_t input;
    std::uint32_t row;
    auto key() const { return std::tie(timestamp, input, row); }
  };

  // The smallest timestamp of each input and all that came later.
  void find_first_ahead(std::span<const weighed_input> inputs) {
    first_ahead_.resize(inputs.size());
    std::int64_t first = INT64_MAX;
    for (std::size_t i = inputs.size(); i-- > 0;) {
      first = std::min(first, inputs[i].first_timestamp);
      first_ahead_[i] = first;
    }
  }

  void merge(std::span<const weighed_input> inputs) {
    positions_.clear();
    for (std::uint32_t i = 0; i < inputs.size(); ++i) {
      const auto timestamps = inputs[i].input->timestamps;
      for (std::uint32_t row = 0; row < timestamps.size(); ++row) {
        positions_.push_back({timestamps[row], i, row});
      }
    }
    std::sort(positions_.begin(), positions_.end(),
              [](const position& a, const position& b) { return a.key() < b.key(); });
    for (const position& one : positions_) add_row(slices_, inputs[one.input].input, one.row);
  }

  std::vector<weighed_slice> slices_;
  std::vector<std::int64_t> first_ahead_;
  std::vector<position> positions_;
};

// All rows of one stream.
struct planned_stream {
  const stream_ptr* stream = nullptr;
  std::string_view app;
  std::size_t first_input = 0;  // into the inputs by stream
  std::size_t input_count = 0;
  std::uint64_t weight = 0;
};

// The streams of all inputs, in the pack's order, and their inputs, in order of arrival.
struct collected_streams {
  std::vector<planned_stream> streams;
  std::vector<weighed_input> inputs;  // by stream

  std::span<const weighed_input> inputs_of(const planned_stream& one) const {
    return std::span(inputs).subspan(one.first_input, one.input_count);
  }
};

// Sorts inputs by stream: first streams are numbered as they come, then the numbers sorted. Labels
// are compared once per stream, not per input.
class stream_collector {
 public:
  result<void> add(const pack_input& input) {
    if (input.timestamps.empty() && input.lines.rows() == 0) return {};
    SKALD_TRY_ASSIGN(const weighed_input checked, check_input(input));
    const stream_info* stream = input.stream.get();
    if (numbers_.empty() || streams_[numbers_.back()].stream->get() != stream) {
      const auto next = static_cast<std::uint32_t>(streams_.size());
      const auto [at, added] = known_.try_emplace(stream, next);
      if (added) streams_.push_back({&input.stream, app_of(stream->labels)});
      numbers_.push_back(at->second);
    } else {
      numbers_.push_back(numbers_.back());
    }
    inputs_.push_back(checked);
    return {};
  }

  bool empty() const { return inputs_.empty(); }

  collected_streams finish() const {
    collected_streams made;
    const std::vector<std::uint32_t> places = sort_streams(made.streams);
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      planned_stream& stream = made.streams[places[numbers_[i]]];
      ++stream.input_count;
      stream.weight += inputs_[i].weight;
    }
    std::vector<std::size_t> next;
    next.reserve(made.streams.size());
    std::size_t first = 0;
    for (planned_stream& one : made.streams) {
      one.first_input = first;
      next.push_back(first);
      first += one.input_count;
    }
    made.inputs.resize(inputs_.size());
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      made.inputs[next[places[numbers_[i]]]++] = inputs_[i];
    }
    return made;
  }

 private:
  // The numbers of the streams in order of application, labels and number.
  std::vector<std::uint32_t> stream_order() const {
    std::vector<std::string_view> labels;
    std::vector<std::string_view> apps;
    std::vector<std::uint32_t> app_of_stream;
    std::unordered_map<std::string_view, std::uint32_t> app_numbers;
    labels.reserve(streams_.size());
    app_of_stream.reserve(streams_.size());
    for (const planned_stream& one : streams_) {
      labels.push_back((*one.stream)->canonical_labels);
      const auto next = static_cast<std::uint32_t>(apps.size());
      const auto [at, added] = app_numbers.try_emplace(one.app, next);
      if (added) apps.push_back(one.app);
      app_of_stream.push_back(at->second);
    }
    std::vector<std::vector<std::uint32_t>> by_app(apps.size());
    for (const std::uint32_t number : order_of_texts(labels)) {
      by_app[app_of_stream[number]].push_back(number);
    }
    std::vector<std::uint32_t> order;
    order.reserve(streams_.size());
    for (const std::uint32_t app : order_of_texts(apps)) {
      order.insert(order.end(), by_app[app].begin(), by_app[app].end());
    }
    return order;
  }

  // Fills `sorted` without inputs and returns the place there of each stream by number.
  std::vector<std::uint32_t> sort_streams(std::vector<planned_stream>& sorted) const {
    std::vector<std::uint32_t> places(streams_.size());
    sorted.reserve(streams_.size());
    for (const std::uint32_t number : stream_order()) {
      const planned_stream& one = streams_[number];
      // Two objects may stand for one stream.
      if (sorted.empty() ||
          (*one.stream)->canonical_labels != (*sorted.back().stream)->canonical_labels) {
        sorted.push_back(one);
      }
      places[number] = static_cast<std::uint32_t>(sorted.size() - 1);
    }
    return places;
  }

  std::unordered_map<const stream_info*, std::uint32_t> known_;
  std::vector<planned_stream> streams_;
  std::vector<weighed_input> inputs_;
  std::vector<std::uint32_t> numbers_;  // of the streams of `inputs_`
};

// Neighbouring streams that share segments: those of one app, or of several small ones.
struct stream_group {
  std::size_t first = 0;
  std::size_t end = 0;
  std::uint64_t weight = 0;
};

std::vector<stream_group> group_streams(const std::vector<planned_stream>& streams,
                                        std::uint64_t small) {
  std::vector<stream_group> groups;
  for (std::size_t i = 0; i < streams.size(); ++i) {
    const bool same_app = i > 0 && streams[i].app == streams[i - 1].app;
    if (groups.empty() || (!same_app && groups.back().weight >= small)) groups.push_back({i, i, 0});
    groups.back().end = i + 1;
    groups.back().weight += streams[i].weight;
  }
  if (groups.size() > 1 && groups.back().weight < small) {
    const stream_group last = groups.back();
    groups.pop_back();
    groups.back().end = last.end;
    groups.back().weight += last.weight;
  }
  return groups;
}

// Fills segments with slices, and row by row where one may have to be cut.
class segment_cutter {
 public:
  explicit segment_cutter(segment_plan& plan) : plan_(plan) {}

  // Begins a group whose segments shall have about `quota` each; the last takes what is left.
  void begin_group(std::uint64_t quota, std::uint64_t count) {
    weight_ = 0;
    quota_ = quota;
    count_left_ = count;
    begin_segment();
  }

  void add_stream(std::uint32_t chunk, std::span<const weighed_slice> slices) {
    begin_run(chunk);
    for (const weighed_slice& slice : slices) {
      if (fits_whole(slice.weight)) {
        add(slice);
        continue;
      }
      const row_slice& rows = slice.rows;
      for (std::uint32_t row = rows.first; row < rows.first + rows.count; ++row) {
        const weighed_slice one = slice_of_row(rows.input, row);
        if (is_full(one.last_timestamp, one.weight)) {
          begin_segment();
          begin_run(chunk);
        }
        add(one);
      }
    }
  }

 private:
  planned_run& run() { return plan_.segments.back().runs.back(); }
  bool run_has_rows() const {
    const auto& runs = plan_.segments.back().runs;
    return !runs.empty() && runs.back().slice_count > 0;
  }

  // Whether is_full() is false for each of some rows that weigh so much together.
  bool fits_whole(std::uint64_t weight) const {
    return weight_ + weight <= (count_left_ > 1 ? quota_ : 2 * quota_);
  }

  // Whether the next row, of the run that is open, belongs to a new segment. Rows with one
  // timestamp stay together unless that makes a segment twice as large as wanted.
  bool is_full(std::int64_t timestamp, std::uint64_t weight) const {
    if (weight_ == 0) return false;
    const bool splits_instant = run_has_rows() && timestamp == last_timestamp_;
    if (weight_ + weight > 2 * quota_) return true;
    return weight_ >= quota_ && count_left_ > 1 && !splits_instant;
  }

  void add(const weighed_slice& slice) {
    if (run_has_rows() && follows(plan_.slices.back(), slice.rows)) {
      plan_.slices.back().count += slice.rows.count;
    } else {
      plan_.slices.push_back(slice.rows);
      ++run().slice_count;
    }
    plan_.segments.back().raw_bytes += slice.line_bytes;
    weight_ += slice.weight;
    last_timestamp_ = slice.last_timestamp;
  }

  void begin_segment() {
    if (!plan_.segments.empty()) {
      auto& runs = plan_.segments.back().runs;
      if (!runs.empty() && runs.back().slice_count == 0) runs.pop_back();
    }
    if (count_left_ > 1 && weight_ > 0) --count_left_;
    weight_ = 0;
    plan_.segments.emplace_back();
  }

  void begin_run(std::uint32_t chunk) {
    const auto first = static_cast<std::uint32_t>(plan_.slices.size());
    plan_.segments.back().runs.push_back({chunk, first, 0});
  }

  segment_plan& plan_;
  std::uint64_t quota_ = 0;
  std::uint64_t count_left_ = 0;
  std::uint64_t weight_ = 0;
  std::int64_t last_timestamp_ = 0;
};

}  // namespace

std::string_view app_of(const label_set& labels) {
  for (const std::string_view name : {"service_name", "app", "job", "container"}) {
    if (const std::string_view value = labels.get(name); !value.empty()) return value;
  }
  return {};
}

error refused_input(const pack_input& input, const std::string& why) {
  const std::string name = input.stream == nullptr ? "" : " of " + input.stream->canonical_labels;
  return {errc::invalid_argument, "pack input" + name + ": " + why};
}

result<segment_plan> plan_segments(const std::vector<pack_input>& inputs,
                                   std::uint32_t segment_bytes_target) {
  stream_collector collector;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (i + ahead_inputs < inputs.size()) prefetch_columns(inputs[i + ahead_inputs]);
    SKALD_TRY(collector.add(inputs[i]));
  }
  if (collector.empty()) return error{errc::invalid_argument, "pack without any row"};
  const collected_streams collected = collector.finish();
  segment_plan plan;
  plan.streams.reserve(collected.streams.size());
  plan.slices.reserve(collected.inputs.size());
  row_order order;
  segment_cutter cutter(plan);
  for (const stream_group& group : group_streams(collected.streams, segment_bytes_target / 4)) {
    const std::uint64_t count = std::max<std::uint64_t>(
        1, (group.weight + segment_bytes_target / 2) / segment_bytes_target);
    cutter.begin_group((group.weight + count - 1) / count, count);
    for (std::size_t i = group.first; i < group.end; ++i) {
      const planned_stream& stream = collected.streams[i];
      plan.streams.push_back(*stream.stream);
      cutter.add_stream(static_cast<std::uint32_t>(i), order.of(collected.inputs_of(stream)));
    }
  }
  return plan;
}

}  // namespace skald
