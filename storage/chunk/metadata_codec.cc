// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/metadata_codec.h"

#include <algorithm>

#include "storage/chunk/equal_bytes.h"
#include "storage/chunk/pack_format.h"

namespace skald {
namespace {

// How the values of one name are stored.
constexpr std::uint8_t values_plain = 0;
constexpr std::uint8_t values_dictionary = 1;

// Lists of names that are compared with a row's before its names are looked up.
constexpr std::size_t few_lists = 4;
// Texts lie all over the memory of what was pushed: so many pairs ahead they are fetched.
constexpr std::size_t ahead_pairs = 12;

void prefetch(const metadata_pair& pair) {
  __builtin_prefetch(pair.name.data());
  __builtin_prefetch(pair.value.data());
}

error malformed(const char* why) {
  return {errc::corrupt, std::string("section META: ") + why};
}

// A column of `count` strings: lengths, then all bytes.
bool decode_strings(bounded_reader& from, std::size_t count,
                    std::vector<std::string_view>& strings) {
  byte_buffer memory(count * sizeof(std::uint32_t));
  const auto lengths = memory.as<std::uint32_t>(count);
  if (!decode_planes(from, lengths)) return false;
  strings.resize(count);
  for (std::size_t i = 0; i < count; ++i) strings[i] = from.take(lengths[i]);
  return !from.failed();
}

// The values of one name, as many as its rows have.
bool decode_values(bounded_reader& from, std::size_t count, std::vector<std::string_view>& values) {
  const auto kind = from.fixed<std::uint8_t>();
  if (kind == values_plain) return decode_strings(from, count, values);
  if (kind != values_dictionary) return false;
  const std::size_t distinct = from.varint_up_to(count);
  std::vector<std::string_view> dictionary;
  if (from.failed() || !decode_strings(from, distinct, dictionary)) return false;
  byte_buffer memory(count * sizeof(std::uint32_t));
  const auto codes = memory.as<std::uint32_t>(count);
  if (!decode_planes(from, codes)) return false;
  values.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    if (codes[i] >= distinct) return false;
    values[i] = dictionary[codes[i]];
  }
  return true;
}

using name_lists = std::vector<std::vector<std::uint32_t>>;

bool decode_names(bounded_reader& from, std::vector<std::string_view>& names, name_lists& lists) {
  names.resize(from.varint_up_to(std::min<std::size_t>(from.remaining(), metadata_names_max)));
  for (std::string_view& name : names) name = from.take(from.varint());
  if (from.failed()) return false;
  lists.resize(from.varint_up_to(std::min<std::size_t>(from.remaining(), metadata_names_max)));
  for (auto& list : lists) {
    list.resize(from.varint_up_to(from.remaining()));
    for (std::uint32_t& name : list) {
      const std::uint64_t number = from.varint();
      if (from.failed() || number >= names.size()) return false;
      name = static_cast<std::uint32_t>(number);
    }
  }
  return !from.failed();
}

}  // namespace

void metadata_encoder::begin() {
  pairs_ = 0;
  names_.clear();
  name_numbers_.clear();
  lists_.clear();
  list_numbers_.clear();
  row_lists_.clear();
}

void metadata_encoder::add_rows(const metadata_column& column, std::size_t first,
                                std::size_t rows) {
  const auto first_pair = column.empty() ? 0 : column.starts[first];
  const std::size_t end_pair = column.empty() ? 0 : column.starts[first + rows];
  for (std::size_t i = first_pair; i < std::min<std::size_t>(end_pair, first_pair + ahead_pairs);
       ++i) {
    prefetch(column.pairs[i]);
  }
  for (std::size_t row = first; row < first + rows; ++row) {
    const auto pairs = column.row(row);
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const std::size_t ahead = column.starts[row] + i + ahead_pairs;
      if (ahead < end_pair) prefetch(column.pairs[ahead]);
    }
    add_row(pairs);
  }
}

void metadata_encoder::add_row(std::span<const metadata_pair> row) {
  pairs_ += row.size();
  SKALD_ASSERT(pairs_ <= segment_metadata_pairs_max);
  const std::uint32_t number = list_of(row);
  row_lists_.push_back(number);
  const std::vector<std::uint32_t>& list = lists_[number];
  for (std::size_t i = 0; i < row.size(); ++i) add_value(values_[list[i]], row[i].value);
}

// A value met shortly before is taken from where it stood then: that is in the cache, and the same
// place tells finish() that it is the same value.
void metadata_encoder::add_value(name_values& of, std::string_view value) {
  auto& recent = of.recent;
  for (std::size_t i = 0; i < recent.size(); ++i) {
    if (!equal_bytes(recent[i], value)) continue;
    value = recent[i];
    std::copy_backward(recent.begin(), recent.begin() + i, recent.begin() + i + 1);
    recent.front() = value;
    of.values.push_back(value);
    return;
  }
  std::copy_backward(recent.begin(), recent.end() - 1, recent.end());
  recent.front() = value;
  of.values.push_back(value);
}

bool metadata_encoder::is_list(std::span<const metadata_pair> row,
                               const std::vector<std::uint32_t>& list) const {
  if (row.size() != list.size()) return false;
  for (std::size_t i = 0; i < row.size(); ++i) {
    if (!equal_bytes(row[i].name, names_[list[i]])) return false;
  }
  return true;
}

std::uint32_t metadata_encoder::list_of(std::span<const metadata_pair> row) {
  // Mostly that of the row before, or one of a few.
  if (!row_lists_.empty() && is_list(row, lists_[row_lists_.back()])) {
    return static_cast<std::uint32_t>(row_lists_.back());
  }
  const std::size_t few = std::min(lists_.size(), few_lists);
  for (std::uint32_t i = 0; i < few; ++i) {
    if (is_list(row, lists_[i])) return i;
  }
  list_.clear();
  for (const metadata_pair& pair : row) list_.push_back(number_of(pair.name));
  const auto [at, added] =
      list_numbers_.try_emplace(list_, static_cast<std::uint32_t>(lists_.size()));
  if (added) lists_.push_back(list_);
  return at->second;
}

std::uint32_t metadata_encoder::number_of(std::string_view name) {
  const auto next = static_cast<std::uint32_t>(names_.size());
  const auto [at, added] = name_numbers_.try_emplace(name, next);
  if (added) {
    names_.push_back(name);
    if (values_.size() < names_.size()) values_.emplace_back();
    values_[next].values.clear();
    values_[next].recent.fill({});
  }
  return at->second;
}

void metadata_encoder::finish() {
  for (std::size_t name = 0; name < names_.size(); ++name) {
    name_values& of = values_[name];
    // A dictionary pays when values repeat twice at least; else zstd finds the repeats.
    of.has_codes = table_.build(of.values);
    if (!of.has_codes) continue;
    of.distinct.clear();
    for (const distinct_value& value : table_.distinct()) of.distinct.push_back(value.view());
    of.codes.assign(table_.codes().begin(), table_.codes().end());
  }
}

void metadata_encoder::append(std::string& out) {
  SKALD_ASSERT(!empty());
  append_varint(out, names_.size());
  for (const std::string_view name : names_) {
    append_varint(out, name.size());
    out += name;
  }
  append_varint(out, lists_.size());
  for (const auto& list : lists_) {
    append_varint(out, list.size());
    for (const std::uint32_t name : list) append_varint(out, name);
  }
  planes_.append(row_lists_, nullptr, out);
  for (std::size_t name = 0; name < names_.size(); ++name) {
    const name_values& of = values_[name];
    out.push_back(static_cast<char>(of.has_codes ? values_dictionary : values_plain));
    if (!of.has_codes) {
      append_plain(of.values, out);
      continue;
    }
    append_varint(out, of.distinct.size());
    append_plain(of.distinct, out);
    planes_.append(of.codes, nullptr, out);
  }
}

void metadata_encoder::append_plain(const std::vector<std::string_view>& values, std::string& out) {
  numbers_.clear();
  for (const std::string_view value : values) numbers_.push_back(value.size());
  planes_.append(numbers_, nullptr, out);
  for (const std::string_view value : values) out += value;
}

result<decoded_metadata> decode_metadata(std::string_view payload, std::size_t rows) {
  bounded_reader from(payload);
  std::vector<std::string_view> names;
  name_lists lists;
  if (!decode_names(from, names, lists)) return malformed("malformed names");
  byte_buffer memory(rows * sizeof(std::uint32_t));
  const auto row_lists = memory.as<std::uint32_t>(rows);
  if (!decode_planes(from, row_lists)) return malformed("malformed list numbers");
  decoded_metadata decoded;
  decoded.starts.reserve(rows + 1);
  decoded.starts.push_back(0);
  std::vector<std::size_t> counts(names.size());
  std::uint64_t pairs = 0;
  for (const std::uint32_t list : row_lists) {
    if (list >= lists.size()) return malformed("list number out of range");
    for (const std::uint32_t name : lists[list]) ++counts[name];
    pairs += lists[list].size();
    if (pairs > segment_metadata_pairs_max) return malformed("too many pairs");
    decoded.starts.push_back(static_cast<std::uint32_t>(pairs));
  }
  std::vector<std::vector<std::string_view>> values(names.size());
  for (std::size_t name = 0; name < names.size(); ++name) {
    if (!decode_values(from, counts[name], values[name])) return malformed("malformed values");
  }
  if (!from.finished()) return malformed("bytes left over");
  decoded.pairs.reserve(pairs);
  std::vector<std::size_t> next(names.size());
  for (const std::uint32_t list : row_lists) {
    for (const std::uint32_t name : lists[list]) {
      decoded.pairs.push_back({names[name], values[name][next[name]++]});
    }
  }
  return decoded;
}

}  // namespace skald
