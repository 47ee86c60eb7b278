// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/key_cache.h"

#include "runtime/base/hash.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

bool is_space(char32_t c) {
  return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

// Leading and trailing white space of Unicode, as strings.TrimSpace cuts it.
std::string_view trim(std::string_view text) {
  while (!text.empty()) {
    std::size_t length = 0;
    if (!is_space(decode_utf8(text, length))) break;
    text.remove_prefix(length);
  }
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && (text[start] & 0xC0) == 0x80) --start;
    std::size_t length = 0;
    const bool space = is_space(decode_utf8(text.substr(start), length));
    // Else what goes back to `start` is no code point: a stray continuation byte behind a space.
    if (!space || start + length != text.size()) break;
    text = text.substr(0, start);
  }
  return text;
}

}  // namespace

void append_sanitized(std::string& out, std::string_view key) {
  key = trim(key);
  if (key.empty()) return;
  if (out.empty() && key[0] >= '0' && key[0] <= '9') out += '_';
  for (std::size_t at = 0; at < key.size();) {
    const char c = key[at];
    const bool word =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c >= '0' && c <= '9');
    std::size_t length = 1;
    if ((c & 0x80) != 0) decode_utf8(key.substr(at), length);
    out += word ? c : '_';
    at += length;
  }
}

key_cache::key_cache(label_builder& labels) : labels_(labels) {
  nodes_.emplace_back();
}

std::uint32_t key_cache::find_slowly(std::uint32_t parent, std::string_view key,
                                     std::size_t position) {
  const std::uint64_t hash = xxh3_64(key, parent);
  std::uint32_t found = root;
  const auto [first, last] = index_.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    const node& candidate = nodes_[at->second];
    if (candidate.parent == parent && candidate.raw_key == key) found = at->second;
  }
  if (found == root) {
    if (path_bytes_ + nodes_[parent].path.size() + key.size() > path_bytes_max) return ignored();
    found = add(parent, key);
    index_.emplace(hash, found);
  }
  if (position < guesses_.size()) {
    guesses_[position] = found;
  } else if (position == guesses_.size() && position < guesses_max) {
    guesses_.push_back(found);
  }
  return found;
}

std::uint32_t key_cache::add(std::uint32_t parent, std::string_view key) {
  node fresh;
  fresh.raw_key = key;
  fresh.parent = parent;
  fresh.path = nodes_[parent].path;
  const std::size_t above = fresh.path.size();
  if (above > 0) fresh.path += '_';
  const std::size_t joined = fresh.path.size();
  append_sanitized(fresh.path, key);
  if (fresh.path.size() == joined) fresh.path.resize(above);  // an empty segment is left out
  if (!fresh.path.empty()) fresh.name = labels_.intern(fresh.path);
  fresh.prefix_wanted = labels_.is_wanted_prefix(fresh.path);
  path_bytes_ += fresh.path.size();
  nodes_.push_back(std::move(fresh));
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

std::uint32_t key_cache::ignored() {
  if (ignored_ == root) {
    ignored_ = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
    nodes_.back().prefix_wanted = false;
  }
  return ignored_;
}

}  // namespace skald::logql
