// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/shape/line_splitter.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/hash.h"
#include "storage/chunk/equal_bytes.h"

namespace skald {
namespace {

// Fewer pairs are more likely to be text with an '=' in it.
constexpr std::size_t logfmt_slots_min = 2;
// With more shapes than this, and a new one for nearly every line, shapes do not pay.
constexpr std::size_t varied_shapes_min = 1024;
// Nor do columns when there is a new one for every eighth line: keys that are data.
constexpr std::size_t varied_columns_min = 256;

std::uint64_t column_hash(std::uint64_t path_hash, slot_kind kind, std::uint32_t repeat) {
  return path_hash * 0x9E3779B97F4A7C15ULL + repeat * 8 + static_cast<std::uint64_t>(kind);
}

// Ends of JSON and of logfmt lines differ in what is open behind them. The seed is spread out: XXH3
// of 4 to 8 bytes adds it to them, so that small seeds make similar texts collide.
std::uint64_t fragment_hash(std::string_view text, std::uint32_t column, std::uint32_t object) {
  return xxh3_64(text, (std::uint64_t{column} << 32 | object) * 0x9E3779B97F4A7C15ULL);
}

}  // namespace

void line_splitter::begin_segment() {
  keys_.clear();
  fragments_.clear();
  texts_.clear();
  fragments_.emplace_back();  // line_start
  fragment_index_.clear();
  for (std::size_t i = 0; i < column_count_; ++i) {
    columns_[i].values.clear();
    columns_[i].rows.clear();
  }
  column_count_ = 0;
  column_index_.clear();
  shapes_.clear();
  shape_fragments_.clear();
  shape_index_.clear();
  row_shapes_.clear();
  plain_rows_ = 0;
}

bool line_splitter::is_too_varied() const {
  const std::size_t shaped = row_shapes_.size() - plain_rows_;
  return fragments_.size() > fragments_max ||
         (shapes_.size() > varied_shapes_min && shapes_.size() * 10 > shaped * 9) ||
         (column_count_ > varied_columns_min && column_count_ * 8 > row_shapes_.size());
}

void line_splitter::add(std::string_view line, const char* readable_end) {
  ++line_;
  slot_count_ = 0;
  line_fragment_count_ = 0;
  const bool usable = !line.empty() && line.size() <= shape_line_bytes_max && !is_too_varied();
  const std::uint32_t shape = usable && split(line, readable_end) ? shape_of_line() : none;
  if (shape == none) {
    row_shapes_.push_back(plain_row);
    ++plain_rows_;
    return;
  }
  const auto row = static_cast<std::uint32_t>(row_shapes_.size());
  for (const slot& one : std::span(slots_).first(slot_count_)) {
    split_column& column = columns_[one.column];
    column.values.emplace_back(one.at, one.length);
    column.rows.push_back(row);
  }
  row_shapes_.push_back(shape + 1);
}

bool line_splitter::split(std::string_view line, const char* readable_end) {
  scan_range rest{line.data(), line.data() + line.size(), readable_end};
  std::uint32_t at = line_start;
  while (true) {
    step taken{};
    if (!take_guess(at, rest, taken) && !take_parsed(at, rest, taken)) return false;
    at = taken.fragment;
    line_fragments_[line_fragment_count_++] = at;
    const fragment& here = fragments_[at];
    if (here.kind == slot_kind::none) {
      return here.object != shape_set::logfmt_root || slot_count_ >= logfmt_slots_min;
    }
    if (slot_count_ == slots_.size()) return false;
    column_lines_[here.column] = line_;
    slots_[slot_count_++] = {here.column, static_cast<std::uint32_t>(taken.value_end - taken.value),
                             taken.value};
    rest.at = taken.value_end;
  }
}

// Whether the fragment stands at the front, with a value behind it.
bool line_splitter::fits(const fragment& guess, const scan_range& rest, step& taken) const {
  const auto left = static_cast<std::size_t>(rest.end - rest.at);
  const std::size_t bytes = guess.text.size();
  if (bytes > left || !equal_bytes(guess.text.data(), rest.at, bytes)) return false;
  taken.value = rest.at + bytes;
  taken.value_end = rest.end;
  if (guess.kind == slot_kind::none) return bytes == left;
  // Which column a repeated key has depends on the line so far.
  if (guess.is_repeat || column_lines_[guess.column] == line_) return false;
  taken.value_end = slot_end(guess.kind, {taken.value, rest.end, rest.readable_end});
  return taken.value_end != nullptr;
}

// Tries what followed here before.
bool line_splitter::take_guess(std::uint32_t at, const scan_range& rest, step& taken) {
  std::vector<std::uint32_t>& followers = fragments_[at].followers;
  const std::size_t count = std::min(followers.size(), guesses_max);
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t guess = followers[i];
    if (!fits(fragments_[guess], rest, taken)) continue;
    std::copy_backward(followers.begin(), followers.begin() + static_cast<std::ptrdiff_t>(i),
                       followers.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    followers.front() = guess;
    taken.fragment = guess;
    return true;
  }
  return false;
}

bool line_splitter::take_parsed(std::uint32_t at, const scan_range& rest, step& taken) {
  const line_position from{at == line_start, fragments_[at].object, fragments_[at].kind};
  scanned_fragment found;
  if (!scan_fragment(from, rest, keys_, found)) return false;
  const char* end = found.end;
  if (found.kind != slot_kind::none) {
    end = slot_end(found.kind, {found.end, rest.end, rest.readable_end});
    if (end == nullptr) return false;
  }
  const std::string_view text(rest.at, static_cast<std::size_t>(found.end - rest.at));
  const std::uint32_t next = fragment_of(text, found, from.object);
  if (next == none) return false;
  taken = {next, found.end, end};
  std::vector<std::uint32_t>& followers = fragments_[at].followers;
  const auto known = std::find(followers.begin(), followers.end(), next);
  if (known != followers.end()) {
    followers.erase(known);
  } else if (followers.size() == followers_max) {
    followers.pop_back();
  }
  followers.insert(followers.begin(), next);
  return true;
}

// `object` is open in front of it.
std::uint32_t line_splitter::fragment_of(std::string_view text, const scanned_fragment& found,
                                         std::uint32_t object) {
  fragment made;
  made.kind = found.kind;
  made.object = object;
  if (found.kind == slot_kind::none) {
    // All that counts behind the end is the format.
    if (object != shape_set::logfmt_root) made.object = shape_set::json_root;
  } else {
    made.object = found.object;
    made.column = column_of(found);
    if (made.column == none) return none;
    made.is_repeat = columns_[made.column].repeat > 0;
  }
  const auto [at, is_new] =
      fragment_index_.try_emplace(fragment_hash(text, made.column, made.object), none);
  if (!is_new) {
    // Of equal hashes the later one is stored plain.
    if (at->second == none) return none;
    const fragment& same = fragments_[at->second];
    const bool equal =
        same.text == text && same.column == made.column && same.object == made.object;
    return equal ? at->second : none;
  }
  made.text = texts_.emplace_back(text);
  at->second = static_cast<std::uint32_t>(fragments_.size());
  fragments_.push_back(std::move(made));
  return at->second;
}

std::uint32_t line_splitter::column_of(const scanned_fragment& found) {
  for (std::uint32_t repeat = 0;; ++repeat) {
    const std::uint64_t hash = column_hash(keys_.hash(found.path), found.kind, repeat);
    const auto known = column_index_.find(hash);
    if (known == column_index_.end()) {
      if (column_count_ == segment_columns_max) return none;
      if (column_count_ == columns_.size()) {
        columns_.emplace_back();
        column_lines_.push_back(0);
      }
      split_column& made = columns_[column_count_];
      made.path = found.path;
      made.kind = found.kind;
      made.repeat = repeat;
      const auto number = static_cast<std::uint32_t>(column_count_++);
      column_index_.emplace(hash, number);
      return number;
    }
    const split_column& one = columns_[known->second];
    const bool same = one.path == found.path && one.kind == found.kind && one.repeat == repeat;
    if (!same) return none;
    if (column_lines_[known->second] != line_) return known->second;
  }
}

std::uint32_t line_splitter::shape_of_line() {
  const auto line = std::span(line_fragments_).first(line_fragment_count_);
  const auto is_of_line = [&](std::uint32_t shape) {
    const shape_place& known = shapes_[shape];
    const auto same = std::span(shape_fragments_).subspan(known.first, known.count);
    return std::equal(same.begin(), same.end(), line.begin(), line.end());
  };
  // Mostly that of the row before.
  if (!row_shapes_.empty() && row_shapes_.back() != plain_row &&
      is_of_line(row_shapes_.back() - 1)) {
    return row_shapes_.back() - 1;
  }
  const std::string_view bytes(reinterpret_cast<const char*>(line.data()), line.size_bytes());
  const auto [at, is_new] = shape_index_.try_emplace(xxh3_64(bytes), none);
  if (is_new) {
    if (shapes_.size() >= segment_shapes_max) return none;
    at->second = static_cast<std::uint32_t>(shapes_.size());
    shapes_.push_back({static_cast<std::uint32_t>(shape_fragments_.size()),
                       static_cast<std::uint32_t>(line.size())});
    shape_fragments_.insert(shape_fragments_.end(), line.begin(), line.end());
    return at->second;
  }
  return at->second != none && is_of_line(at->second) ? at->second : none;
}

line_splitter::outcome line_splitter::finish() const {
  outcome made;
  // Numbers of what is used, by the number here.
  std::vector<std::uint32_t> paths(keys_.size(), none);
  std::vector<std::uint32_t> columns(column_count_, none);
  std::vector<std::uint32_t> fragments(fragments_.size(), none);
  for (std::uint32_t root = 0; root < shape_set::roots; ++root) paths[root] = root;

  const auto use_path = [&](std::uint32_t path) {
    std::vector<std::uint32_t> unknown;
    for (; paths[path] == none; path = keys_.parent(path)) unknown.push_back(path);
    for (; !unknown.empty(); unknown.pop_back()) {
      const std::uint32_t one = unknown.back();
      paths[one] = static_cast<std::uint32_t>(made.shapes.paths.size()) + shape_set::roots;
      made.shapes.paths.push_back({paths[keys_.parent(one)], keys_.key(one)});
    }
  };
  const auto use_column = [&](std::uint32_t column) {
    if (columns[column] != none) return columns[column];
    const split_column& one = columns_[column];
    use_path(one.path);
    columns[column] = static_cast<std::uint32_t>(made.columns.size());
    made.columns.push_back(&one);
    made.column_hashes.push_back(column_hash(keys_.hash(one.path), one.kind, one.repeat));
    made.shapes.columns.push_back({paths[one.path], one.kind});
    return columns[column];
  };
  for (const shape_place& place : shapes_) {
    shape_set::shape shape;
    shape.first = static_cast<std::uint32_t>(made.shapes.fragment_numbers.size());
    shape.count = place.count;
    for (const std::uint32_t at : std::span(shape_fragments_).subspan(place.first, place.count)) {
      const fragment& one = fragments_[at];
      if (fragments[at] == none) {
        shape_set::fragment used{one.text};
        if (one.kind != slot_kind::none) used.column = use_column(one.column);
        fragments[at] = static_cast<std::uint32_t>(made.shapes.fragments.size());
        made.shapes.fragments.push_back(used);
      }
      made.shapes.fragment_numbers.push_back(fragments[at]);
      const bool logfmt = one.object == shape_set::logfmt_root;
      shape.format = logfmt ? line_format_kind::logfmt : line_format_kind::json;
    }
    made.shapes.shapes.push_back(shape);
  }
  return made;
}

}  // namespace skald
