// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/label_builder.h"

#include <algorithm>
#include <cstring>

#include "runtime/logql/pipeline/stage.h"

namespace skald::logql {
namespace {

constexpr std::size_t first_table_size = 256;

// Names are short: a multiply-mix over 8 byte words beats a general hash.
std::uint64_t name_hash(std::string_view text) {
  std::uint64_t hash = 0x9E3779B97F4A7C15ULL ^ text.size();
  const char* at = text.data();
  std::size_t left = text.size();
  while (left > 0) {
    std::uint64_t word = 0;
    const std::size_t step = std::min<std::size_t>(left, 8);
    std::memcpy(&word, at, step);
    const unsigned __int128 product =
        static_cast<unsigned __int128>(hash ^ word) * 0xE7037ED1A0B428DBULL;
    hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    at += step;
    left -= step;
  }
  return hash;
}

std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 31)) * 0x7FB5D329728EA185ULL;
  x = (x ^ (x >> 27)) * 0x81DADEF4BC2DD44DULL;
  return x ^ (x >> 33);
}

// Stable, and without memory of its own: rows have a few labels each.
template <class Iterator, class Less>
void sort_few(Iterator begin, Iterator end, Less less) {
  constexpr std::ptrdiff_t few = 48;
  if (end - begin > few) return std::stable_sort(begin, end, less);
  for (auto at = begin; at != end; ++at) {
    const auto place = std::upper_bound(begin, at, *at, less);
    std::rotate(place, at, at + 1);
  }
}

void add_hash(hash128& sum, const hash128& part) {
  sum.low += part.low;
  sum.high += part.high;
}

}  // namespace

label_builder::label_builder() : table_(first_table_size, no_name) {
  error_id_ = intern(error_label);
  error_details_id_ = intern(error_details_label);
}

name_id label_builder::find(std::string_view name) const {
  const std::uint64_t hash = name_hash(name);
  const std::size_t mask = table_.size() - 1;
  for (std::size_t at = hash & mask;; at = (at + 1) & mask) {
    const name_id id = table_[at];
    if (id == no_name) return no_name;
    if (names_[id].hash == hash && names_[id].text == name) return id;
  }
}

name_id label_builder::intern(std::string_view name) {
  const name_id known = find(name);
  if (known != no_name) return known;
  if ((names_.size() + 1) * 2 > table_.size()) grow_table();
  name_texts_.emplace_back(name);
  name_bytes_ += name.size();
  name_state state;
  state.text = name_texts_.back();
  state.hash = name_hash(name);
  const auto id = static_cast<name_id>(names_.size());
  names_.push_back(state);
  const std::size_t mask = table_.size() - 1;
  std::size_t at = state.hash & mask;
  while (table_[at] != no_name) at = (at + 1) & mask;
  table_[at] = id;
  return id;
}

void label_builder::grow_table() {
  std::vector<name_id> bigger(table_.size() * 2, no_name);
  const std::size_t mask = bigger.size() - 1;
  for (name_id id = 0; id < names_.size(); ++id) {
    std::size_t at = names_[id].hash & mask;
    while (bigger[at] != no_name) at = (at + 1) & mask;
    bigger[at] = id;
  }
  table_.swap(bigger);
}

name_id label_builder::clash_name(name_id id) {
  if (names_[id].clash == no_name) {
    const name_id clash = intern(std::string(names_[id].text) + std::string(clash_suffix));
    names_[id].clash = clash;
  }
  return names_[id].clash;
}

void label_builder::require(std::span<const std::string> names) {
  for (const std::string& name : names) {
    name_state& state = names_[intern(name)];
    if (state.required) continue;
    state.required = true;
    ++required_count_;
    required_names_.push_back(name);
  }
}

bool label_builder::is_wanted_prefix(std::string_view prefix) const {
  if (required_count_ == 0) return true;
  return std::any_of(required_names_.begin(), required_names_.end(),
                     [&](const std::string& name) { return name.starts_with(prefix); });
}

void label_builder::add_early_filter(name_id id, stage* filter) {
  // Only the first filter of a name counts.
  if (names_[id].early >= 0) return;
  names_[id].early = static_cast<std::int32_t>(early_filters_.size());
  early_filters_.push_back(filter);
}

bool label_builder::passes_early(name_id id, row_context& row) const {
  const std::int32_t early = names_[id].early;
  return early < 0 || early_filters_[static_cast<std::size_t>(early)]->process(row);
}

void label_builder::set_stream(const stream_ptr& stream) {
  stream_ = stream;
  ++stream_epoch_;
  stream_labels_.clear();
  stream_hash_ = {};
  for (const label& item : stream->labels) {
    const name_id id = intern(item.name);
    names_[id].stream_epoch = stream_epoch_;
    names_[id].stream_index = static_cast<std::uint32_t>(stream_labels_.size());
    stream_labels_.push_back({id, item.name, item.value, label_hash(item.name, item.value)});
    add_hash(stream_hash_, stream_labels_.back().hash);
  }
}

void label_builder::begin_row(std::span<const metadata_pair> metadata) {
  ++row_epoch_;
  added_.clear();
  added_count_ = 0;
  deleted_count_ = 0;
  required_extracted_ = 0;
  error_ = {};
  error_details_ = {};
  sorted_valid_ = false;
  for (const metadata_pair& pair : metadata) add_metadata(pair);
}

void label_builder::add_metadata(const metadata_pair& pair) {
  name_id id = intern(pair.name);
  if (in_stream(id)) id = clash_name(id);
  if (id == error_id_) {
    error_ = pair.value;
    return;
  }
  if (id == error_details_id_) {
    error_details_ = pair.value;
    return;
  }
  name_state& state = touch(id);
  if (state.added >= 0) {
    added_[static_cast<std::size_t>(state.added)].value = pair.value;
    return;
  }
  state.added = static_cast<std::int32_t>(added_.size());
  added_.push_back({id, pair.value, label_category::structured_metadata, true});
  ++added_count_;
}

label_builder::name_state& label_builder::touch(name_id id) {
  name_state& state = names_[id];
  if (state.row_epoch != row_epoch_) {
    state.row_epoch = row_epoch_;
    state.added = -1;
    state.deleted = false;
    state.extracted = false;
  }
  return state;
}

bool label_builder::get(name_id id, std::string_view& value) const {
  label_category category{};
  return get(id, value, category);
}

bool label_builder::get(name_id id, std::string_view& value, label_category& category) const {
  const name_state& state = names_[id];
  if (state.row_epoch == row_epoch_) {
    if (state.added >= 0) {
      const added_label& label = added_[static_cast<std::size_t>(state.added)];
      value = label.value;
      category = label.category;
      return true;
    }
    if (state.deleted) return false;
  }
  if (state.stream_epoch != stream_epoch_) return false;
  value = stream_labels_[state.stream_index].value;
  category = label_category::stream;
  return !value.empty();
}

bool label_builder::in_metadata(name_id id) const {
  const name_state& state = names_[id];
  return state.row_epoch == row_epoch_ && state.added >= 0 &&
         added_[static_cast<std::size_t>(state.added)].category ==
             label_category::structured_metadata;
}

void label_builder::set_parsed(name_id id, std::string_view value) {
  sorted_valid_ = false;
  name_state& state = touch(id);
  if (!state.extracted) {
    state.extracted = true;
    if (state.required) ++required_extracted_;
  }
  if (state.added >= 0) {
    added_label& label = added_[static_cast<std::size_t>(state.added)];
    label.value = value;
    label.category = label_category::parsed;
    return;
  }
  state.added = static_cast<std::int32_t>(added_.size());
  added_.push_back({id, value, label_category::parsed, true});
  ++added_count_;
}

void label_builder::erase(name_id id) {
  sorted_valid_ = false;
  name_state& state = touch(id);
  if (state.added >= 0) {
    added_[static_cast<std::size_t>(state.added)].live = false;
    state.added = -1;
    --added_count_;
  }
  if (!state.deleted) ++deleted_count_;
  state.deleted = true;
}

std::span<const row_label> label_builder::sorted() {
  if (sorted_valid_) return sorted_;
  const auto less = [](const row_label& a, const row_label& b) { return a.name < b.name; };
  unsorted_.clear();
  for_each([&](std::string_view name, std::string_view value, label_category category) {
    unsorted_.push_back({name, value, category});
  });
  // Those of the stream come first, by name.
  const auto added = std::find_if(unsorted_.begin(), unsorted_.end(), [](const row_label& one) {
    return one.category != label_category::stream;
  });
  // Errors come last in for_each, so of an error label and a parsed one of its name the error
  // stays.
  sort_few(added, unsorted_.end(), less);
  sorted_.resize(unsorted_.size());
  std::merge(unsorted_.begin(), added, added, unsorted_.end(), sorted_.begin(), less);
  for (std::size_t i = 1; i < sorted_.size();) {
    if (sorted_[i].name == sorted_[i - 1].name) {
      sorted_.erase(sorted_.begin() + static_cast<std::ptrdiff_t>(i) - 1);
    } else {
      ++i;
    }
  }
  sorted_valid_ = true;
  return sorted_;
}

hash128 label_builder::label_hash(std::string_view name, std::string_view value) {
  const std::uint64_t name_part = name_hash(name);
  hash128 hash = xxh3_128(value);
  // The parts are summed up, so each must be mixed through before.
  hash.low = mix(hash.low ^ name_part);
  hash.high = mix(hash.high + (name_part | 1) * 0xD6E8FEB86659FD93ULL);
  return hash;
}

hash128 label_builder::hash() const {
  if (is_stream_only()) return stream_hash_;
  hash128 sum;
  for (const stream_label& label : stream_labels_) {
    if (!is_hidden(label.id)) add_hash(sum, label.hash);
  }
  for (const added_label& label : added_) {
    if (label.live) add_hash(sum, label_hash(name(label.id), label.value));
  }
  if (!error_.empty()) add_hash(sum, label_hash(error_label, error_));
  if (!error_details_.empty()) add_hash(sum, label_hash(error_details_label, error_details_));
  return sum;
}

hash128 label_builder::hash_with_categories() const {
  hash128 sum;
  for (const stream_label& label : stream_labels_) {
    if (!is_hidden(label.id)) add_hash(sum, label.hash);
  }
  const auto add = [&sum](std::string_view name, std::string_view value, label_category category) {
    hash128 part = label_hash(name, value);
    part.low = mix(part.low + static_cast<std::uint64_t>(category));
    add_hash(sum, part);
  };
  for (const added_label& label : added_) {
    if (label.live) add(name(label.id), label.value, label.category);
  }
  if (!error_.empty()) add(error_label, error_, label_category::parsed);
  if (!error_details_.empty()) add(error_details_label, error_details_, label_category::parsed);
  return sum;
}

}  // namespace skald::logql
