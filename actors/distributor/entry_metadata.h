// SPDX-License-Identifier: Apache-2.0
// Puts an entry's structured metadata into its stored form: label-safe names, no empty values, each
// name once, and the detected level. One thread. Lives for one push.
#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/distributor/level_detector.h"
#include "runtime/model/log_block.h"

namespace skald {

class entry_metadata {
 public:
  // `detector` may be null: no discovery. `stream_level` is the level that the stream's labels
  // name, or empty. Entries that need no change cost one look at each name. The array is valid
  // until the next call; names and values view static storage, this object or what was passed in.
  std::span<const metadata_pair> finish(std::string_view line, std::span<const metadata_pair> raw,
                                        const level_detector* detector,
                                        std::string_view stream_level);

 private:
  void normalise(std::span<const metadata_pair> raw);
  void keep_last_values();
  std::string_view safe_name(std::string_view raw);

  std::vector<metadata_pair> pairs_;
  std::deque<std::string> names_;  // rewritten names; addresses stay
  boost::unordered_flat_map<std::string_view, std::string_view> rewritten_;  // raw -> of names_
};

}  // namespace skald
