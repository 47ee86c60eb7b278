// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/json_writer.h"

#include <cmath>

namespace skald {
void append_json_double(std::string& out, double value) {
  if (!std::isfinite(value)) value = 0;
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

void append_json_seconds(std::string& out, std::int64_t milliseconds) {
  const bool negative = milliseconds < 0;
  const std::uint64_t size = negative ? 0 - static_cast<std::uint64_t>(milliseconds)
                                      : static_cast<std::uint64_t>(milliseconds);
  if (negative) out += '-';
  append_integer(out, size / 1000);
  if (const std::uint64_t rest = size % 1000; rest != 0) {
    char fraction[4] = {'.', static_cast<char>('0' + rest / 100),
                        static_cast<char>('0' + rest / 10 % 10),
                        static_cast<char>('0' + rest % 10)};
    out.append(fraction, rest % 100 == 0 ? 2 : rest % 10 == 0 ? 3 : 4);
  }
}

void append_json_strings(std::string& out, const std::vector<std::string>& items) {
  append_json_array(out, items, [&](const std::string& item) { append_json_string(out, item); });
}

void append_json_labels(std::string& out, const label_set& labels) {
  out += '{';
  bool first = true;
  for (const label& l : labels) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, l.name);
    out += ':';
    append_json_string(out, l.value);
  }
  out += '}';
}

}  // namespace skald
