// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/engine/query_result.h"

#include <algorithm>
#include <map>
#include <unordered_map>

namespace skald::logql {
namespace {

// Groups by the set that `labels_of` picks. Entries of one answer share few label objects, so the
// set is made once each.
template <class LabelsOf>
std::vector<log_stream> group_by(const streams_result& result, LabelsOf labels_of) {
  std::vector<log_stream> streams;
  std::map<std::string, std::size_t> by_text;
  std::unordered_map<const entry_labels*, std::size_t> by_object;
  for (const log_entry& entry : result.entries) {
    auto known = by_object.find(entry.labels.get());
    if (known == by_object.end()) {
      label_set labels = labels_of(*entry.labels);
      const auto [at, added] = by_text.emplace(labels.canonical(), streams.size());
      if (added) streams.push_back({std::move(labels), {}});
      known = by_object.emplace(entry.labels.get(), at->second).first;
    }
    streams[known->second].entries.push_back(&entry);
  }
  std::vector<log_stream> sorted;
  sorted.reserve(streams.size());
  for (const auto& [text, index] : by_text) sorted.push_back(std::move(streams[index]));
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

std::vector<log_stream> group_flat(const streams_result& result) {
  return group_by(result, [](const entry_labels& labels) { return labels.flat(); });
}

std::vector<log_stream> group_categorized(const streams_result& result) {
  return group_by(result, [](const entry_labels& labels) { return labels.stream; });
}

}  // namespace skald::logql
