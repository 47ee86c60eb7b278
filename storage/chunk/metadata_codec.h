// SPDX-License-Identifier: Apache-2.0
// The META section: structured metadata as a dictionary of names, lists of names, and one column of
// values per name. Layout: docs/formats/pack.md.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/log_block.h"
#include "storage/chunk/column/value_table.h"
#include "storage/chunk/plane_codec.h"

namespace skald {

// Encodes the metadata of one segment after the other; keeps scratch memory. One thread at a time.
class metadata_encoder {
 public:
  // Forgets the rows of the segment before.
  void begin();
  // Takes the metadata of the next `rows` rows: an empty column, or one that has them from row
  // `first` on. Texts are referred to, not copied. At most segment_metadata_pairs_max pairs per
  // segment.
  void add_rows(const metadata_column& column, std::size_t first, std::size_t rows);
  bool empty() const { return pairs_ == 0; }

  // Finds repeated values; to be called once, behind the last row and before what follows.
  void finish();
  // Calls use(name, value) for each pair that occurs: frequent ones once, others as often as they
  // occur.
  template <class Use>
  void for_each_pair(Use use) const {
    for (std::size_t name = 0; name < names_.size(); ++name) {
      const name_values& of = values_[name];
      for (const std::string_view value : of.has_codes ? of.distinct : of.values) {
        use(names_[name], value);
      }
    }
  }
  // Appends the payload of a META section. Some row must have a pair.
  void append(std::string& out);

 private:
  // The values of one name, in row order.
  struct name_values {
    std::vector<std::string_view> values;
    std::array<std::string_view, 4> recent;  // values met last, that met very last first
    bool has_codes = false;                  // below; else most values are distinct
    std::vector<std::string_view> distinct;  // in order of appearance
    std::vector<std::uint64_t> codes;        // of the values
  };

  void add_row(std::span<const metadata_pair> row);
  static void add_value(name_values& of, std::string_view value);
  bool is_list(std::span<const metadata_pair> row, const std::vector<std::uint32_t>& list) const;
  std::uint32_t list_of(std::span<const metadata_pair> row);
  std::uint32_t number_of(std::string_view name);
  void append_plain(const std::vector<std::string_view>& values, std::string& out);

  plane_encoder planes_;
  value_table table_;
  std::size_t pairs_ = 0;
  std::vector<std::string_view> names_;
  std::unordered_map<std::string_view, std::uint32_t> name_numbers_;
  std::vector<std::vector<std::uint32_t>> lists_;
  std::map<std::vector<std::uint32_t>, std::uint32_t> list_numbers_;
  std::vector<std::uint64_t> row_lists_;  // number of each row's list
  std::vector<name_values> values_;       // by name; more than names_ when kept from before
  std::vector<std::uint64_t> numbers_;
  std::vector<std::uint32_t> list_;
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
