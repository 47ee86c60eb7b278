// SPDX-License-Identifier: Apache-2.0
// A tolerant, one-pass reader of JSON text that finds value boundaries without validating what lies
// between, with the error texts Loki's parser reports. Pure functions on views.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "runtime/logql/pipeline/row_arena.h"

namespace skald::logql {

enum class json_error : std::uint8_t {
  none,
  object,        // Value looks like object, but can't find closing '}' symbol
  array,         // Value is array, but can't find closing ']' symbol
  string,        // Value is string, but can't find closing '"' symbol
  malformed,     // Malformed JSON error
  unknown_type,  // Unknown value type
  escape,        // Encountered an invalid escape sequence in a string
  stopped,       // not an error: the visitor asked to stop
};
std::string_view error_text(json_error why);

enum class json_type : std::uint8_t { string, number, boolean, null, array, object };

struct json_value {
  json_type type = json_type::null;
  std::string_view text;  // strings without their quotes, everything else as it stands
  bool escaped = false;   // strings: holds a backslash
};

constexpr std::size_t json_npos = std::string_view::npos;

// First position at or after `at` that is no JSON white space, or npos.
inline std::size_t json_token(std::string_view text, std::size_t at) {
  while (at < text.size()) {
    const char c = text[at];
    if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return at;
    ++at;
  }
  return json_npos;
}

// `at` stands behind an opening quote; position of the closing one, or npos.
std::size_t json_string_end(std::string_view text, std::size_t at, bool& escaped);

// `at` stands on an opening bracket; position behind its closing one, or npos.
std::size_t json_block_end(std::string_view text, std::size_t at, char open, char close);

// Where the objects inside an object end, found in one pass. Without it each of many nested objects
// would be read once for every one around it.
class json_object_ends {
 public:
  // `object` is a whole one, brackets included, and must live as long as it is asked for.
  void read(std::string_view object);
  // The length of the object that begins at `begin`. 0 when the pass saw no such object there: what
  // is no JSON may look like an object from inside only.
  std::size_t length_at(const char* begin) const;
  // Whether so many bytes may be read again for objects that the pass did not see.
  bool may_read_again(std::size_t bytes);

 private:
  // Deeper ones are not entered, and more beside each other would take too much memory.
  static constexpr std::size_t objects_max = 1 << 20;
  struct extent {
    std::uint32_t begin = 0;
    std::uint32_t end = 0;  // 0: none
  };
  std::string_view text_;
  std::vector<extent> objects_;      // by begin
  std::vector<std::uint32_t> open_;  // numbers in objects_
  std::size_t bytes_again_ = 0;
};

// Reads the value that begins at or after `at` and moves `at` behind it. `ends`, when not null, are
// those of an object that `text` is part of.
json_error json_read_value(std::string_view text, std::size_t& at, json_value& value,
                           json_object_ends* ends = nullptr);

// Undoes the escapes of a string's inside. False: an invalid escape.
bool json_unescape(std::string_view text, row_arena& arena, std::string_view& out);

// A string value as a label: unescaped (empty when an escape is bad), U+FFFD and invalid bytes as
// spaces.
std::string_view json_string_label(const json_value& value, row_arena& arena);
// The same for text without escapes.
std::string_view without_replacement_runes(std::string_view text, row_arena& arena);

// Calls visit(key, value) for each member of the object at or after `at`; visit returns a
// json_error, none to go on. Text behind the object is not looked at.
template <class Visitor>
json_error json_each_member(std::string_view text, row_arena& arena, Visitor visit,
                            json_object_ends* ends = nullptr) {
  std::size_t at = json_token(text, 0);
  if (at == json_npos || text[at] != '{') return json_error::object;
  at = json_token(text, at + 1);
  if (at == json_npos) return json_error::malformed;
  while (true) {
    if (text[at] == '}') return json_error::none;
    if (text[at] != '"') return json_error::object;
    bool escaped = false;
    const std::size_t end = json_string_end(text, at + 1, escaped);
    if (end == json_npos) return json_error::malformed;
    std::string_view key = text.substr(at + 1, end - at - 1);
    if (escaped && !json_unescape(key, arena, key)) return json_error::escape;
    at = json_token(text, end + 1);
    if (at == json_npos || text[at] != ':') return json_error::malformed;
    ++at;
    json_value value;
    json_error why = json_read_value(text, at, value, ends);
    if (why != json_error::none) return why;
    why = visit(key, value);
    if (why != json_error::none) return why;
    at = json_token(text, at);
    if (at == json_npos) return json_error::array;
    if (text[at] == '}') return json_error::none;
    if (text[at] != ',') return json_error::object;
    at = json_token(text, at + 1);
    if (at == json_npos) return json_error::array;
  }
}

}  // namespace skald::logql
