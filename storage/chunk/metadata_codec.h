// SPDX-License-Identifier: Apache-2.0
// The META section: structured metadata as a dictionary of names, lists of names, and one column of
// values per name. Layout: docs/formats/pack.md.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/log_block.h"
#include "storage/chunk/plane_codec.h"

namespace skald {

// Encodes; keeps scratch memory. One thread at a time.
class metadata_encoder {
 public:
  // Appends the payload of a META section for rows that are not all empty. The column must hold at
  // most segment_metadata_pairs_max pairs.
  void append(const metadata_column& column, std::string& out);

 private:
  void number_names(const metadata_column& column);
  void append_values(const std::vector<std::string_view>& values, std::string& out);
  void append_plain(const std::vector<std::string_view>& values, std::string& out);

  plane_encoder planes_;
  std::unordered_map<std::string_view, std::uint32_t> name_numbers_;
  std::vector<std::string_view> names_;
  std::map<std::vector<std::uint32_t>, std::uint32_t> list_numbers_;
  std::vector<std::uint64_t> row_lists_;               // number of each row's list
  std::vector<std::vector<std::string_view>> values_;  // by name
  std::vector<std::uint64_t> numbers_;
};

// What decoding gives: all views point into the payload, which must outlive it.
struct decoded_metadata {
  std::vector<std::uint32_t> starts;
  std::vector<metadata_pair> pairs;
  metadata_column column() const { return {starts, pairs}; }
};

// Decodes the metadata of exactly `rows` rows. Errors: corrupt.
result<decoded_metadata> decode_metadata(std::string_view payload, std::size_t rows);

}  // namespace skald
