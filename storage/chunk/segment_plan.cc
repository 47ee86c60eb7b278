// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/segment_plan.h"

#include <algorithm>
#include <tuple>

#include "storage/chunk/pack_format.h"

namespace skald {
namespace {

// Bytes that a metadata pair counts for beside its text: keeps a segment under
// segment_metadata_pairs_max.
constexpr std::uint64_t pair_weight = 4;

error refuse(const pack_input& input, const std::string& why) {
  const std::string name = input.stream == nullptr ? "" : " of " + input.stream->canonical_labels;
  return {errc::invalid_argument, "pack input" + name + ": " + why};
}

result<void> check_lines(const pack_input& input) {
  const auto starts = input.lines.starts;
  if (starts.back() != input.lines.bytes.size()) return refuse(input, "lines do not fill the blob");
  for (std::size_t row = 0; row + 1 < starts.size(); ++row) {
    if (starts[row + 1] <= starts[row]) return refuse(input, "line offsets do not rise");
    if (starts[row + 1] - starts[row] - 1 > line_bytes_max) {
      return refuse(input, "a line is over " + std::to_string(line_bytes_max) + " bytes");
    }
    if (input.lines.bytes[starts[row + 1] - 1] != '\n') {
      return refuse(input, "a line does not end in a newline");
    }
  }
  return {};
}

result<void> check_metadata(const pack_input& input) {
  const metadata_column& column = input.metadata;
  if (column.empty()) return {};
  if (column.starts.size() != input.timestamps.size() + 1 ||
      column.starts.back() > column.pairs.size()) {
    return refuse(input, "metadata of another number of rows");
  }
  for (std::size_t row = 0; row + 1 < column.starts.size(); ++row) {
    if (column.starts[row] > column.starts[row + 1]) {
      return refuse(input, "metadata offsets do not rise");
    }
    std::uint64_t bytes = 0;
    for (const metadata_pair& pair : column.row(row)) bytes += pair.name.size() + pair.value.size();
    if (bytes > row_metadata_bytes_max || column.row(row).size() > row_metadata_pairs_max) {
      return refuse(input, "too much metadata in one row");
    }
  }
  return {};
}

result<void> check_input(const pack_input& input) {
  if (input.stream == nullptr) return refuse(input, "no stream");
  if (input.lines.rows() != input.timestamps.size()) {
    return refuse(input, "timestamps and lines of different numbers");
  }
  if (!std::is_sorted(input.timestamps.begin(), input.timestamps.end())) {
    return refuse(input, "timestamps are not sorted");
  }
  SKALD_TRY(check_lines(input));
  return check_metadata(input);
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

// All rows of one stream, sorted by time.
struct planned_stream {
  stream_ptr stream;
  std::string_view app;
  std::vector<const pack_input*> inputs;  // in order of arrival
  std::vector<row_slice> slices;
  std::uint64_t weight = 0;
};

void add_row(std::vector<row_slice>& slices, const pack_input* input, std::uint32_t row) {
  if (!slices.empty() && slices.back().input == input &&
      slices.back().first + slices.back().count == row) {
    ++slices.back().count;
    return;
  }
  slices.push_back({input, row, 1});
}

// Merges the rows of inputs that overlap in time; equal timestamps stay in order of arrival.
std::vector<row_slice> merge_by_time(const std::vector<const pack_input*>& inputs) {
  struct position {
    std::int64_t timestamp;
    std::uint32_t input;
    std::uint32_t row;
    auto key() const { return std::tie(timestamp, input, row); }
  };
  std::vector<position> rows;
  for (std::uint32_t i = 0; i < inputs.size(); ++i) {
    const auto timestamps = inputs[i]->timestamps;
    for (std::uint32_t row = 0; row < timestamps.size(); ++row) {
      rows.push_back({timestamps[row], i, row});
    }
  }
  std::sort(rows.begin(), rows.end(),
            [](const position& a, const position& b) { return a.key() < b.key(); });
  std::vector<row_slice> slices;
  for (const position& one : rows) add_row(slices, inputs[one.input], one.row);
  return slices;
}

void order_rows(planned_stream& of) {
  bool in_order = true;
  for (std::size_t i = 0; i < of.inputs.size(); ++i) {
    const pack_input* input = of.inputs[i];
    of.slices.push_back({input, 0, static_cast<std::uint32_t>(input->timestamps.size())});
    in_order =
        in_order && (i == 0 || of.inputs[i - 1]->timestamps.back() <= input->timestamps.front());
    of.weight += input->lines.bytes.size();
    for (const metadata_pair& pair : input->metadata.pairs) {
      of.weight += pair.name.size() + pair.value.size() + pair_weight;
    }
  }
  if (!in_order) of.slices = merge_by_time(of.inputs);
}

// An input with what it is sorted by, in one place: looking an app up in the labels is too dear for
// a comparison.
struct sorted_input {
  std::string_view app;
  std::string_view labels;
  const pack_input* input;
};

result<std::vector<sorted_input>> sort_inputs(const std::vector<pack_input>& inputs) {
  std::vector<sorted_input> sorted;
  sorted.reserve(inputs.size());
  for (const pack_input& input : inputs) {
    if (input.timestamps.empty() && input.lines.rows() == 0) continue;
    SKALD_TRY(check_input(input));
    sorted.push_back({app_of(input.stream->labels), input.stream->canonical_labels, &input});
  }
  if (sorted.empty()) return error{errc::invalid_argument, "pack without any row"};
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::tie(a.app, a.labels) < std::tie(b.app, b.labels);
  });
  return sorted;
}

result<std::vector<planned_stream>> collect_streams(const std::vector<pack_input>& inputs) {
  SKALD_TRY_ASSIGN(const auto sorted, sort_inputs(inputs));
  std::vector<planned_stream> streams;
  streams.reserve(sorted.size());
  for (const sorted_input& one : sorted) {
    if (streams.empty() || streams.back().stream->canonical_labels != one.labels) {
      streams.push_back({.stream = one.input->stream, .app = one.app});
    }
    streams.back().inputs.push_back(one.input);
  }
  for (planned_stream& one : streams) order_rows(one);
  return streams;
}

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

// Fills segments row by row.
class segment_cutter {
 public:
  explicit segment_cutter(std::vector<planned_segment>& segments) : segments_(segments) {}

  // Begins a group whose segments shall have about `quota` each; the last takes what is left.
  void begin_group(std::uint64_t quota, std::uint64_t count) {
    weight_ = 0;
    quota_ = quota;
    count_left_ = count;
    begin_segment();
  }

  void add_stream(std::uint32_t chunk, const planned_stream& stream) {
    begin_run(chunk);
    for (const row_slice& slice : stream.slices) {
      for (std::uint32_t row = slice.first; row < slice.first + slice.count; ++row) {
        const std::int64_t timestamp = slice.input->timestamps[row];
        const std::uint64_t weight = weight_of(*slice.input, row);
        if (is_full(timestamp, weight)) {
          begin_segment();
          begin_run(chunk);
        }
        add_row(segments_.back().runs.back().slices, slice.input, row);
        segments_.back().raw_bytes +=
            slice.input->lines.starts[row + 1] - slice.input->lines.starts[row];
        weight_ += weight;
        last_timestamp_ = timestamp;
      }
    }
  }

 private:
  bool run_has_rows() const {
    return !segments_.back().runs.empty() && !segments_.back().runs.back().slices.empty();
  }

  // Whether the next row, of the run that is open, belongs to a new segment. Rows with one
  // timestamp stay together unless that makes a segment twice as large as wanted.
  bool is_full(std::int64_t timestamp, std::uint64_t weight) const {
    if (weight_ == 0) return false;
    const bool splits_instant = run_has_rows() && timestamp == last_timestamp_;
    if (weight_ + weight > 2 * quota_) return true;
    return weight_ >= quota_ && count_left_ > 1 && !splits_instant;
  }

  void begin_segment() {
    if (!segments_.empty()) {
      auto& runs = segments_.back().runs;
      if (!runs.empty() && runs.back().slices.empty()) runs.pop_back();
    }
    if (count_left_ > 1 && weight_ > 0) --count_left_;
    weight_ = 0;
    segments_.emplace_back();
  }

  void begin_run(std::uint32_t chunk) { segments_.back().runs.push_back({chunk, {}}); }

  std::vector<planned_segment>& segments_;
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

result<segment_plan> plan_segments(const std::vector<pack_input>& inputs,
                                   std::uint32_t segment_bytes_target) {
  SKALD_TRY_ASSIGN(const auto streams, collect_streams(inputs));
  segment_plan plan;
  segment_cutter cutter(plan.segments);
  for (const stream_group& group : group_streams(streams, segment_bytes_target / 4)) {
    const std::uint64_t count = std::max<std::uint64_t>(
        1, (group.weight + segment_bytes_target / 2) / segment_bytes_target);
    cutter.begin_group((group.weight + count - 1) / count, count);
    for (std::size_t i = group.first; i < group.end; ++i) {
      plan.streams.push_back(streams[i].stream);
      cutter.add_stream(static_cast<std::uint32_t>(i), streams[i]);
    }
  }
  return plan;
}

}  // namespace skald
