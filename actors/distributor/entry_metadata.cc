// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/entry_metadata.h"

#include <algorithm>
#include <boost/unordered/unordered_flat_set.hpp>

#include "actors/distributor/push_labels.h"

namespace skald {
namespace {

// Few names are compared with one another.
constexpr std::size_t few_names = 32;

bool names_differ(std::span<const metadata_pair> pairs) {
  if (pairs.size() > few_names) {
    boost::unordered_flat_set<std::string_view> names(pairs.size());
    for (const metadata_pair& pair : pairs) names.insert(pair.name);
    return names.size() == pairs.size();
  }
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (pairs[j].name == pairs[i].name) return false;
    }
  }
  return true;
}

// Whether the pairs can be stored as they are.
bool is_final(std::span<const metadata_pair> raw) {
  return std::all_of(raw.begin(), raw.end(),
                     [](const metadata_pair& pair) {
                       return !pair.value.empty() && is_safe_metadata_name(pair.name) &&
                              pair.name != detected_level_name;
                     }) &&
         names_differ(raw);
}

}  // namespace

// Entries of a push mostly have the same names.
std::string_view entry_metadata::safe_name(std::string_view raw) {
  const auto [found, added] = rewritten_.try_emplace(raw);
  if (added) found->second = names_.emplace_back(make_safe_metadata_name(raw));
  return found->second;
}

void entry_metadata::normalise(std::span<const metadata_pair> raw) {
  for (metadata_pair pair : raw) {
    if (!is_safe_metadata_name(pair.name)) pair.name = safe_name(pair.name);
    if (pair.name == detected_level_name) pair.value = normalized_level(pair.value);
    pairs_.push_back(pair);
  }
  if (!names_differ(pairs_)) keep_last_values();
  std::erase_if(pairs_, [](const metadata_pair& pair) { return pair.value.empty(); });
}

// Of a repeated name the last pair counts, where the first one stood.
void entry_metadata::keep_last_values() {
  boost::unordered_flat_map<std::string_view, std::size_t> places;
  std::size_t kept = 0;
  for (const metadata_pair& pair : pairs_) {
    const auto [found, is_new] = places.try_emplace(pair.name, kept);
    if (is_new) pairs_[kept++].name = pair.name;
    pairs_[found->second].value = pair.value;
  }
  pairs_.resize(kept);
}

std::span<const metadata_pair> entry_metadata::finish(std::string_view line,
                                                      std::span<const metadata_pair> raw,
                                                      const level_detector* detector,
                                                      std::string_view stream_level) {
  const bool final = is_final(raw);
  if (final && detector == nullptr) return raw;
  pairs_.clear();
  if (final) {
    pairs_.assign(raw.begin(), raw.end());
  } else {
    normalise(raw);
  }
  if (detector == nullptr) return pairs_;
  for (const metadata_pair& pair : pairs_) {
    if (pair.name == detected_level_name) return pairs_;
  }
  const std::string_view level =
      stream_level.empty() ? detector->detect(line, pairs_) : stream_level;
  pairs_.push_back({detected_level_name, level});
  return pairs_;
}

}  // namespace skald
