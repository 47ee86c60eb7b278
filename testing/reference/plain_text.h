// SPDX-License-Identifier: Apache-2.0
// Small matters of text that several stages share: code points, label names, pattern texts, and
// addresses inside lines. Written for reading, not for speed.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace skald::logql::reference {

// Every invalid byte becomes U+FFFD.
std::string repair_utf8(const std::string& text);
// Every U+FFFD and every invalid byte becomes `with`.
std::string replace_fffd(const std::string& text, const std::string& with);
bool has_fffd(const std::string& text);

// `prefix` and the key of a member or pair as one label name; the key of nothing but white space
// adds nothing.
std::string joined_name(const std::string& prefix, const std::string& key);

// A pattern's parts in turn: the text of a literal, or the name of a `<name>`.
struct pattern_part {
  bool is_capture = false;
  std::string text;
};
std::vector<pattern_part> pattern_parts(const std::string& pattern);
// |> "pattern"
bool pattern_filter_matches(const std::string& pattern, const std::string& line);

// An address with its family's size: 4 or 16 bytes.
using address = std::vector<unsigned char>;
std::optional<address> read_address(const std::string& text);
// ip("pattern") in a text. An invalid pattern matches nothing.
bool has_address(const std::string& pattern, const std::string& text);
bool is_valid_ip_pattern(const std::string& pattern);

}  // namespace skald::logql::reference
