// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/metadata_codec.h"

#include <algorithm>

#include "storage/chunk/pack_format.h"

namespace skald {
namespace {

// How the values of one name are stored.
constexpr std::uint8_t values_plain = 0;
constexpr std::uint8_t values_dictionary = 1;

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

void metadata_encoder::number_names(const metadata_column& column) {
  name_numbers_.clear();
  names_.clear();
  list_numbers_.clear();
  row_lists_.clear();
  std::vector<std::uint32_t> list;
  for (std::size_t row = 0; row + 1 < column.starts.size(); ++row) {
    list.clear();
    for (const metadata_pair& pair : column.row(row)) {
      const auto [at, added] =
          name_numbers_.try_emplace(pair.name, static_cast<std::uint32_t>(name_numbers_.size()));
      if (added) names_.push_back(pair.name);
      list.push_back(at->second);
    }
    const auto [at, added] =
        list_numbers_.try_emplace(list, static_cast<std::uint32_t>(list_numbers_.size()));
    row_lists_.push_back(at->second);
  }
  if (values_.size() < names_.size()) values_.resize(names_.size());
  for (auto& values : values_) values.clear();
  for (const metadata_pair& pair : column.pairs) {
    values_[name_numbers_.find(pair.name)->second].push_back(pair.value);
  }
}

void metadata_encoder::append(const metadata_column& column, std::string& out) {
  SKALD_ASSERT(column.pairs.size() <= segment_metadata_pairs_max);
  number_names(column);
  append_varint(out, names_.size());
  for (const std::string_view name : names_) {
    append_varint(out, name.size());
    out += name;
  }
  std::vector<const std::vector<std::uint32_t>*> lists(list_numbers_.size());
  for (const auto& [list, number] : list_numbers_) lists[number] = &list;
  append_varint(out, lists.size());
  for (const auto* list : lists) {
    append_varint(out, list->size());
    for (const std::uint32_t name : *list) append_varint(out, name);
  }
  planes_.append(row_lists_, nullptr, out);
  for (std::size_t name = 0; name < names_.size(); ++name) append_values(values_[name], out);
}

void metadata_encoder::append_values(const std::vector<std::string_view>& values,
                                     std::string& out) {
  std::unordered_map<std::string_view, std::uint32_t> codes;
  std::vector<std::string_view> dictionary;
  std::vector<std::uint64_t> numbers;
  for (const std::string_view value : values) {
    // A dictionary pays when values repeat twice at least; else zstd finds the repeats.
    if (dictionary.size() * 2 > values.size()) break;
    const auto [at, added] =
        codes.try_emplace(value, static_cast<std::uint32_t>(dictionary.size()));
    if (added) dictionary.push_back(value);
    numbers.push_back(at->second);
  }
  if (numbers.size() < values.size() || dictionary.size() * 2 > values.size()) {
    out.push_back(static_cast<char>(values_plain));
    append_plain(values, out);
    return;
  }
  out.push_back(static_cast<char>(values_dictionary));
  append_varint(out, dictionary.size());
  append_plain(dictionary, out);
  planes_.append(numbers, nullptr, out);
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
