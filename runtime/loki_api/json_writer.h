// SPDX-License-Identifier: Apache-2.0
// Appends JSON to one growing string; json_string.h has the strings. Pure functions.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/json_string.h"
#include "runtime/model/labels.h"

namespace skald {

template <std::integral Integer>
void append_integer(std::string& out, Integer value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

// Shortest form that reads back; 0 for values that JSON cannot hold.
void append_json_double(std::string& out, double value);

// Milliseconds as seconds: "12", "12.5", "-0.001".
void append_json_seconds(std::string& out, std::int64_t milliseconds);

// `[a,b]`; `append` writes one item.
template <class Items, class Append>
void append_json_array(std::string& out, const Items& items, Append append) {
  out += '[';
  bool first = true;
  for (const auto& item : items) {
    if (!first) out += ',';
    first = false;
    append(item);
  }
  out += ']';
}

void append_json_strings(std::string& out, const std::vector<std::string>& items);

// {"name":"value",...}
void append_json_labels(std::string& out, const label_set& labels);
// The same from pointers to labels.
template <class Pointers>
void append_json_labels_at(std::string& out, const Pointers& labels) {
  out += '{';
  bool first = true;
  for (const label* one : labels) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, one->name);
    out += ':';
    append_json_string(out, one->value);
  }
  out += '}';
}

}  // namespace skald
