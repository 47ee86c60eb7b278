// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/query_result.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "runtime/base/hash.h"

namespace skald::logql {
namespace {

// Groups by the labels that `labels_of` picks. Entries of one answer may share few label objects,
// so the labels are put together once each.
template <class LabelsOf>
std::vector<log_stream> group_by(const streams_result& result, LabelsOf labels_of) {
  std::vector<log_stream> streams;
  std::vector<std::pair<std::string, std::size_t>> texts;  // positions in `streams`
  std::unordered_map<hash128, std::size_t> by_text;
  std::unordered_map<const entry_labels*, std::size_t> by_object;
  for (const log_entry& entry : result.entries) {
    const auto [known, is_new] = by_object.try_emplace(entry.labels.get(), 0);
    if (is_new) {
      label_list labels = labels_of(*entry.labels);
      std::string text = labels.canonical();
      const auto [at, added] = by_text.try_emplace(xxh3_128(text), streams.size());
      if (added) {
        texts.emplace_back(std::move(text), streams.size());
        streams.push_back({std::move(labels), {}});
      }
      known->second = at->second;
    }
    streams[known->second].entries.push_back(&entry);
  }
  std::sort(texts.begin(), texts.end());
  std::vector<log_stream> sorted;
  sorted.reserve(streams.size());
  for (const auto& [text, index] : texts) sorted.push_back(std::move(streams[index]));
  return sorted;
}

}  // namespace

label_set entry_labels::flat() const {
  std::vector<label> all;
  all.reserve(stream.size() + structured_metadata.size() + parsed.size());
  all.insert(all.end(), stream.begin(), stream.end());
  all.insert(all.end(), structured_metadata.begin(), structured_metadata.end());
  all.insert(all.end(), parsed.begin(), parsed.end());
  return label_set(std::move(all));
}

label_list::label_list(std::initializer_list<const label_set*> sets) {
  std::size_t count = 0;
  for (const label_set* set : sets) count += set->size();
  labels_.reserve(count);
  const auto by_name = [](const label* a, const label* b) { return a->name < b->name; };
  for (const label_set* set : sets) {
    const auto middle = static_cast<std::ptrdiff_t>(labels_.size());
    for (const label& one : *set) labels_.push_back(&one);
    if (middle == 0 || set->empty()) continue;
    std::inplace_merge(labels_.begin(), labels_.begin() + middle, labels_.end(), by_name);
  }
}

std::string label_list::canonical() const {
  constexpr std::size_t framing = 6;  // of a label
  std::size_t bytes = framing;
  for (const label* one : labels_) bytes += one->name.size() + one->value.size() + framing;
  std::string out;
  out.reserve(bytes);
  out += '{';
  for (const label* one : labels_) {
    if (out.size() > 1) out += ", ";
    out += one->name;
    out += '=';
    append_quoted(out, one->value);
  }
  out += '}';
  return out;
}

std::vector<log_stream> group_flat(const streams_result& result) {
  return group_by(result, [](const entry_labels& labels) {
    return label_list({&labels.stream, &labels.structured_metadata, &labels.parsed});
  });
}

std::vector<log_stream> group_categorized(const streams_result& result) {
  return group_by(result, [](const entry_labels& labels) { return label_list({&labels.stream}); });
}

}  // namespace skald::logql
