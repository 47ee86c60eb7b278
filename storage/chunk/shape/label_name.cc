// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/shape/label_name.h"

#include <algorithm>
#include <vector>

namespace skald {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || is_digit(c);
}

bool is_space(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

}  // namespace

bool has_plain_name(std::string_view key) {
  return std::none_of(key.begin(), key.end(), [](char c) { return (c & 0x80) != 0; });
}

void append_label_name(std::string_view key, std::string& name) {
  while (!key.empty() && is_space(key.front())) key.remove_prefix(1);
  while (!key.empty() && is_space(key.back())) key.remove_suffix(1);
  if (key.empty()) return;  // leaves no trace in the name
  if (!name.empty()) name += '_';
  if (name.empty() && is_digit(key.front())) name += '_';
  for (const char c : key) name += is_word(c) ? c : '_';
}

label_name_of_path label_name(const shape_set& shapes, std::uint32_t path) {
  std::vector<std::string_view> keys;
  for (; path >= shape_set::roots; path = shapes.paths[path - shape_set::roots].parent) {
    keys.push_back(shapes.paths[path - shape_set::roots].key);
  }
  label_name_of_path made;
  for (; !keys.empty(); keys.pop_back()) {
    made.known = made.known && has_plain_name(keys.back());
    append_label_name(keys.back(), made.name);
  }
  return made;
}

}  // namespace skald
