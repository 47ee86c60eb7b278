// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/entry_metadata.h"

#include "actors/distributor/push_labels.h"

namespace skald {
namespace {

// Whether the pairs can be stored as they are.
bool is_final(std::span<const metadata_pair> raw) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i].value.empty() || !is_safe_metadata_name(raw[i].name)) return false;
    if (raw[i].name == detected_level_name) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (raw[j].name == raw[i].name) return false;
    }
  }
  return true;
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
    // Of a repeated name the last pair counts.
    bool replaced = false;
    for (metadata_pair& earlier : pairs_) {
      if (earlier.name != pair.name) continue;
      earlier.value = pair.value;
      replaced = true;
    }
    if (!replaced) pairs_.push_back(pair);
  }
  std::erase_if(pairs_, [](const metadata_pair& pair) { return pair.value.empty(); });
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
