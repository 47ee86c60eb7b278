// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/shape/line_splitter.h"

#include <algorithm>
#include <cstring>

#include "runtime/base/hash.h"

namespace skald {
namespace {

// Fewer pairs are more likely to be text with an '=' in it.
constexpr std::size_t logfmt_slots_min = 2;
// With more shapes than this, and a new one for every other line, shapes do not pay.
constexpr std::size_t varied_shapes_min = 256;

std::uint64_t column_hash(std::uint64_t path_hash, slot_kind kind, std::uint32_t repeat) {
  return path_hash * 0x9E3779B97F4A7C15ULL + repeat * 8 + static_cast<std::uint64_t>(kind);
}

std::uint64_t child_hash(std::uint32_t parent, std::string_view text, slot_kind kind) {
  return xxh3_64(text, std::uint64_t{parent} << 3 | static_cast<std::uint64_t>(kind));
}

template <class Word>
bool equal_ends(const char* a, const char* b, std::size_t bytes) {
  Word words[4];
  std::memcpy(&words[0], a, sizeof(Word));
  std::memcpy(&words[1], b, sizeof(Word));
  std::memcpy(&words[2], a + bytes - sizeof(Word), sizeof(Word));
  std::memcpy(&words[3], b + bytes - sizeof(Word), sizeof(Word));
  return ((words[0] ^ words[1]) | (words[2] ^ words[3])) == 0;
}

// memcmp without a call for the lengths that fragments mostly have.
bool equal_bytes(const char* a, const char* b, std::size_t bytes) {
  if (bytes > 16) {
    return equal_ends<std::uint64_t>(a, b, 16) && std::memcmp(a + 16, b + 16, bytes - 16) == 0;
  }
  if (bytes >= 8) return equal_ends<std::uint64_t>(a, b, bytes);
  if (bytes >= 4) return equal_ends<std::uint32_t>(a, b, bytes);
  return bytes == 0 ||
         (a[0] == b[0] && a[bytes / 2] == b[bytes / 2] && a[bytes - 1] == b[bytes - 1]);
}

}  // namespace

void line_splitter::begin_segment() {
  keys_.clear();
  nodes_.clear();
  texts_.clear();
  nodes_.emplace_back();  // the beginning of a line
  children_.clear();
  for (std::size_t i = 0; i < column_count_; ++i) {
    columns_[i].values.clear();
    columns_[i].rows.clear();
  }
  column_count_ = 0;
  column_index_.clear();
  shape_ends_.clear();
  row_shapes_.clear();
  plain_rows_ = 0;
}

bool line_splitter::is_too_varied() const {
  const std::size_t shaped = row_shapes_.size() - plain_rows_;
  return nodes_.size() > nodes_max ||
         (shape_ends_.size() > varied_shapes_min && shape_ends_.size() * 2 > shaped);
}

void line_splitter::add(std::string_view line, const char* readable_end) {
  std::uint32_t shape = 0;
  slot_count_ = 0;
  const bool usable = !line.empty() && line.size() <= shape_line_bytes_max && !is_too_varied();
  if (!usable || !split(line, readable_end, shape)) {
    row_shapes_.push_back(plain_row);
    ++plain_rows_;
    return;
  }
  const auto row = static_cast<std::uint32_t>(row_shapes_.size());
  for (const slot& one : std::span(slots_).first(slot_count_)) {
    columns_[one.column].values.emplace_back(one.at, one.length);
    columns_[one.column].rows.push_back(row);
  }
  row_shapes_.push_back(shape + 1);
}

bool line_splitter::split(std::string_view line, const char* readable_end, std::uint32_t& shape) {
  scan_range rest{line.data(), line.data() + line.size(), readable_end};
  std::uint32_t at = 0;
  while (true) {
    step taken{};
    if (!take_guess(at, rest, taken) && !take_parsed(at, rest, taken)) return false;
    at = taken.node;
    node& here = nodes_[at];
    if (here.kind == slot_kind::none) {
      if (here.object == shape_set::logfmt_root && slot_count_ < logfmt_slots_min) return false;
      if (here.shape == none) {
        if (shape_ends_.size() >= segment_shapes_max) return false;
        here.shape = static_cast<std::uint32_t>(shape_ends_.size());
        shape_ends_.push_back(at);
      }
      shape = here.shape;
      return true;
    }
    if (slot_count_ == slots_.size()) return false;
    slots_[slot_count_++] = {here.column, static_cast<std::uint32_t>(taken.value_end - taken.value),
                             taken.value};
    rest.at = taken.value_end;
  }
}

// Tries what followed here before.
bool line_splitter::take_guess(std::uint32_t at, const scan_range& rest, step& taken) {
  const auto left = static_cast<std::size_t>(rest.end - rest.at);
  std::uint32_t before = none;
  std::uint32_t child = nodes_[at].first_child;
  for (std::size_t i = 0; child != none && i < guesses_max; ++i) {
    node& guess = nodes_[child];
    const std::size_t bytes = guess.text.size();
    if (bytes <= left && equal_bytes(guess.text.data(), rest.at, bytes)) {
      scan_range value = rest;
      value.at += bytes;
      const bool ends = guess.kind == slot_kind::none;
      const char* end = ends ? (bytes == left ? rest.end : nullptr) : slot_end(guess.kind, value);
      if (end != nullptr) {
        if (before != none) {
          nodes_[before].next_sibling = guess.next_sibling;
          guess.next_sibling = nodes_[at].first_child;
          nodes_[at].first_child = child;
        }
        taken = {child, value.at, end};
        return true;
      }
    }
    before = child;
    child = guess.next_sibling;
  }
  return false;
}

bool line_splitter::take_parsed(std::uint32_t at, const scan_range& rest, step& taken) {
  const node& from = nodes_[at];
  scanned_fragment found;
  if (!scan_fragment({at == 0, from.object, from.kind}, rest, keys_, found)) return false;
  const char* end = found.end;
  if (found.kind != slot_kind::none) {
    end = slot_end(found.kind, {found.end, rest.end, rest.readable_end});
    if (end == nullptr) return false;
  }
  const std::string_view text(rest.at, static_cast<std::size_t>(found.end - rest.at));
  const std::uint32_t child = child_of(at, text, found);
  if (child == none) return false;
  taken = {child, found.end, end};
  return true;
}

std::uint32_t line_splitter::child_of(std::uint32_t parent, std::string_view text,
                                      const scanned_fragment& found) {
  const auto [at, is_new] = children_.try_emplace(child_hash(parent, text, found.kind), none);
  if (!is_new) {
    // Of equal hashes the later one is stored plain.
    const std::uint32_t known = at->second;
    if (known == none) return none;
    const node& same = nodes_[known];
    return same.parent == parent && same.text == text && same.kind == found.kind ? known : none;
  }
  node made;
  made.text = texts_.emplace_back(text);
  made.kind = found.kind;
  made.parent = parent;
  made.object = found.kind == slot_kind::none ? nodes_[parent].object : found.object;
  made.path = found.path;
  if (made.kind != slot_kind::none) {
    made.column = column_of(parent, found);
    if (made.column == none) return none;
  }
  made.next_sibling = nodes_[parent].first_child;
  at->second = static_cast<std::uint32_t>(nodes_.size());
  nodes_[parent].first_child = at->second;
  nodes_.push_back(std::move(made));
  return at->second;
}

std::uint32_t line_splitter::column_of(std::uint32_t parent, const scanned_fragment& found) {
  std::uint32_t repeat = 0;
  for (std::uint32_t above = parent; above != 0; above = nodes_[above].parent) {
    if (nodes_[above].path == found.path && nodes_[above].kind == found.kind) ++repeat;
  }
  const std::uint64_t hash = column_hash(keys_.hash(found.path), found.kind, repeat);
  const auto [at, is_new] =
      column_index_.try_emplace(hash, static_cast<std::uint32_t>(column_count_));
  if (is_new) {
    if (column_count_ == segment_columns_max) {
      column_index_.erase(at);
      return none;
    }
    if (column_count_ == columns_.size()) columns_.emplace_back();
    split_column& made = columns_[column_count_++];
    made.path = found.path;
    made.kind = found.kind;
    made.repeat = repeat;
    return static_cast<std::uint32_t>(column_count_ - 1);
  }
  const split_column& known = columns_[at->second];
  const bool same = known.path == found.path && known.kind == found.kind && known.repeat == repeat;
  return same ? at->second : none;
}

line_splitter::outcome line_splitter::finish() const {
  outcome made;
  // Numbers of what is used, by the number here.
  std::vector<std::uint32_t> paths(keys_.size(), none);
  std::vector<std::uint32_t> columns(column_count_, none);
  std::unordered_map<std::string, std::uint32_t> fragments;  // by text and column
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
  std::vector<std::uint32_t> chain;
  for (const std::uint32_t end : shape_ends_) {
    chain.clear();
    for (std::uint32_t at = end; at != 0; at = nodes_[at].parent) chain.push_back(at);
    std::reverse(chain.begin(), chain.end());
    shape_set::shape shape;
    const bool logfmt = nodes_[end].object == shape_set::logfmt_root;
    shape.format = logfmt ? line_format_kind::logfmt : line_format_kind::json;
    shape.first = static_cast<std::uint32_t>(made.shapes.fragment_numbers.size());
    shape.count = static_cast<std::uint32_t>(chain.size());
    for (const std::uint32_t at : chain) {
      const node& one = nodes_[at];
      shape_set::fragment fragment{one.text};
      if (one.kind != slot_kind::none) fragment.column = use_column(one.column);
      std::string key(one.text);
      key.append(reinterpret_cast<const char*>(&fragment.column), sizeof(fragment.column));
      const auto [known, is_new] = fragments.try_emplace(
          std::move(key), static_cast<std::uint32_t>(made.shapes.fragments.size()));
      if (is_new) made.shapes.fragments.push_back(fragment);
      made.shapes.fragment_numbers.push_back(known->second);
    }
    made.shapes.shapes.push_back(shape);
  }
  return made;
}

}  // namespace skald
