// SPDX-License-Identifier: Apache-2.0
#include "testing/kit/memory_block.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "runtime/base/assert.h"

namespace skald {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_plain_word(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; });
}

// As careful as a real skip filter has to be.
bool line_may_hold(const skip_probe& probe, std::string_view line) {
  if (probe.parsed_value &&
      (!is_plain_word(probe.text) || line.find('\\') != std::string_view::npos)) {
    return true;
  }
  if (!probe.ignore_case) return line.find(probe.text) != std::string_view::npos;
  if (!is_ascii(line) || !is_ascii(probe.text)) return true;
  return lower(line).find(lower(probe.text)) != std::string::npos;
}

}  // namespace

memory_block::memory_block(std::vector<memory_stream> streams, memory_block_options options)
    : options_(options) {
  line_starts_.push_back(0);
  pair_starts_.push_back(0);
  for (const memory_stream& stream : streams) append(stream);
  flags_.ascii = is_ascii(text_);
  flags_.utf8 = flags_.ascii;
}

void memory_block::append(const memory_stream& stream) {
  std::vector<const memory_entry*> order;
  for (const memory_entry& entry : stream.entries) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](const memory_entry* a, const memory_entry* b) {
    return a->timestamp_ns < b->timestamp_ns;
  });
  row_run run{stream.stream, static_cast<std::uint32_t>(timestamps_.size())};
  for (std::size_t i = 0; i < order.size(); ++i) {
    const memory_entry& entry = *order[i];
    bool repeated = false;
    for (std::size_t j = i; j-- > 0 && order[j]->timestamp_ns == entry.timestamp_ns;) {
      repeated = repeated || *order[j] == entry;
    }
    if (repeated) continue;
    if (run.row_count == 0) run.min_timestamp_ns = entry.timestamp_ns;
    run.max_timestamp_ns = entry.timestamp_ns;
    run.line_bytes += entry.line.size();
    ++run.row_count;
    timestamps_.push_back(entry.timestamp_ns);
    text_ += entry.line;
    text_ += '\n';
    line_starts_.push_back(static_cast<std::uint32_t>(text_.size()));
    for (const label& pair : entry.metadata) {
      metadata_text_.push_back(std::make_unique<label>(pair));
      pairs_.push_back({metadata_text_.back()->name, metadata_text_.back()->value});
    }
    pair_starts_.push_back(static_cast<std::uint32_t>(pairs_.size()));
  }
  if (run.row_count > 0) runs_.push_back(std::move(run));
}

bool memory_block::may_match(const skip_probe& probe) {
  ++reads_.probes;
  if (!options_.filters) return true;
  const auto child_may_match = [this](const skip_probe& child) { return may_match(child); };
  switch (probe.what) {
    case skip_probe::kind::always:
      return true;
    case skip_probe::kind::all_of:
      return std::all_of(probe.children.begin(), probe.children.end(), child_may_match);
    case skip_probe::kind::any_of:
      return std::any_of(probe.children.begin(), probe.children.end(), child_may_match);
    case skip_probe::kind::text:
      for (std::size_t row = 0; row < timestamps_.size(); ++row) {
        if (line_may_hold(probe, line_column{text_, line_starts_}.line(row))) return true;
      }
      return false;
    case skip_probe::kind::metadata_pair:
      return std::any_of(pairs_.begin(), pairs_.end(), [&](const metadata_pair& pair) {
        return pair.name == probe.text && pair.value == probe.value;
      });
  }
  return true;
}

result<std::span<const std::int64_t>> memory_block::timestamps() {
  ++reads_.timestamps;
  return std::span<const std::int64_t>(timestamps_);
}

result<line_column> memory_block::lines() {
  ++reads_.lines;
  return line_column{text_, line_starts_};
}

result<metadata_column> memory_block::metadata() {
  ++reads_.metadata;
  if (pairs_.empty()) return metadata_column{};
  return metadata_column{pair_starts_, pairs_};
}

block_read_stats memory_block::read_stats() const {
  block_read_stats stats;
  stats.fetch_count =
      static_cast<std::uint64_t>(reads_.timestamps + reads_.lines + reads_.metadata);
  if (reads_.lines > 0) stats.inflated_bytes = text_.size();
  return stats;
}

stream_ptr stream_of(std::string_view labels) {
  result<label_set> parsed = parse_labels(labels);
  SKALD_ASSERT(parsed.ok());
  result<stream_ptr> stream = make_stream(parsed->canonical());
  SKALD_ASSERT(stream.ok());
  return *std::move(stream);
}

}  // namespace skald
