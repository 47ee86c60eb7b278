// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/json_scanner.h"

#include <algorithm>

#include "runtime/model/go_string.h"
#include "runtime/model/unicode_escape.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace skald::logql {
namespace {

// The four digits of `\uXXXX` at `at`, or -1.
std::int32_t read_unit(std::string_view text, std::size_t at) {
  return at + 6 > text.size() ? -1 : read_hex4(text.data() + at + 2);
}

// The character of `\u...` at `at`, a surrogate pair included, and its length; 0 when invalid.
std::size_t read_unicode_escape(std::string_view text, std::size_t at, char32_t& value) {
  const std::int32_t first = read_unit(text, at);
  if (first < 0) return 0;
  value = static_cast<char32_t>(first);
  if (first < 0xD800 || first > 0xDFFF) return 6;
  const std::int32_t second = read_unit(text, at + 6);
  if (second < 0xDC00) return 0;
  const char32_t pair = 0x10000 + ((value - 0xD800) << 10) + static_cast<char32_t>(second - 0xDC00);
  value = pair > 0x10FFFF ? 0xFFFD : pair;
  return 12;
}

// Whether U+FFFD or an invalid byte may stand in the text: only non-ASCII text needs a look.
bool has_high_byte(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080ULL) != 0) return true;
  }
  for (; at < text.size(); ++at) {
    if ((text[at] & 0x80) != 0) return true;
  }
  return false;
}

char basic_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
      return c;
    case 'b':
      return '\b';
    case 'f':
      return '\f';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return 0;
  }
}

bool is_delimiter(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == ',' || c == '}' || c == ']';
}

json_error classify(std::string_view text, json_type& type) {
  switch (text.empty() ? '\0' : text[0]) {
    case 't':
    case 'f':
      type = json_type::boolean;
      return text == "true" || text == "false" ? json_error::none : json_error::unknown_type;
    case 'n':
      type = json_type::null;
      return text == "null" ? json_error::none : json_error::unknown_type;
    case '-':
      type = json_type::number;
      return json_error::none;
    default:
      type = json_type::number;
      return !text.empty() && text[0] >= '0' && text[0] <= '9' ? json_error::none
                                                               : json_error::unknown_type;
  }
}

}  // namespace

std::string_view error_text(json_error why) {
  switch (why) {
    case json_error::object:
      return "Value looks like object, but can't find closing '}' symbol";
    case json_error::array:
      return "Value is array, but can't find closing ']' symbol";
    case json_error::string:
      return "Value is string, but can't find closing '\"' symbol";
    case json_error::malformed:
      return "Malformed JSON error";
    case json_error::unknown_type:
      return "Unknown value type";
    case json_error::escape:
      return "Encountered an invalid escape sequence in a string";
    default:
      return "";
  }
}

std::size_t json_string_end(std::string_view text, std::size_t at, bool& escaped) {
  escaped = false;
#if defined(__x86_64__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  while (at + 16 <= text.size()) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const int hits = _mm_movemask_epi8(
        _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, backslash)));
    if (hits == 0) {
      at += 16;
      continue;
    }
    at += static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(hits)));
    if (text[at] == '"') return at;
    escaped = true;
    at += 2;
  }
#endif
  for (; at < text.size(); ++at) {
    if (text[at] == '"') return at;
    if (text[at] == '\\') {
      escaped = true;
      ++at;
    }
  }
  return json_npos;
}

namespace {

// Calls on_bracket(position) for each bracket of the kind outside of strings until it returns
// false; the position is then returned. npos: the text ended, or a string did not.
template <class OnBracket>
std::size_t each_bracket(std::string_view text, std::size_t at, char open, char close,
                         OnBracket on_bracket) {
#if defined(__x86_64__)
  const __m128i opening = _mm_set1_epi8(open);
  const __m128i closing = _mm_set1_epi8(close);
  const __m128i quote = _mm_set1_epi8('"');
#endif
  while (at < text.size()) {
#if defined(__x86_64__)
    if (at + 16 <= text.size()) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
      const __m128i brackets =
          _mm_or_si128(_mm_cmpeq_epi8(bytes, opening), _mm_cmpeq_epi8(bytes, closing));
      const int hits = _mm_movemask_epi8(_mm_or_si128(brackets, _mm_cmpeq_epi8(bytes, quote)));
      if (hits == 0) {
        at += 16;
        continue;
      }
      at += static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(hits)));
    }
#endif
    const char c = text[at];
    if (c == '"') {
      bool escaped = false;
      at = json_string_end(text, at + 1, escaped);
      if (at == json_npos) return json_npos;
    } else if ((c == open || c == close) && !on_bracket(at)) {
      return at;
    }
    ++at;
  }
  return json_npos;
}

}  // namespace

std::size_t json_block_end(std::string_view text, std::size_t at, char open, char close) {
  std::size_t level = 0;
  const std::size_t last = each_bracket(text, at, open, close, [&](std::size_t position) {
    if (text[position] == open) {
      ++level;
    } else {
      --level;
    }
    return level != 0;
  });
  return last == json_npos ? json_npos : last + 1;
}

void json_object_ends::read(std::string_view object) {
  text_ = object;
  objects_.clear();
  open_.clear();
  bytes_again_ = 0;
  if (object.size() > UINT32_MAX || !object.starts_with('{')) return;
  each_bracket(object, 0, '{', '}', [&](std::size_t position) {
    const auto at = static_cast<std::uint32_t>(position);
    if (object[position] == '{') {
      if (objects_.size() == objects_max) return false;
      open_.push_back(static_cast<std::uint32_t>(objects_.size()));
      objects_.push_back({at, 0});
    } else {
      objects_[open_.back()].end = at + 1;
      open_.pop_back();
    }
    return !open_.empty();
  });
}

std::size_t json_object_ends::length_at(const char* begin) const {
  const auto at = static_cast<std::size_t>(begin - text_.data());
  const auto found = std::lower_bound(
      objects_.begin(), objects_.end(), at,
      [](const extent& object, std::size_t position) { return object.begin < position; });
  if (found == objects_.end() || found->begin != at || found->end == 0) return 0;
  return found->end - found->begin;
}

bool json_object_ends::may_read_again(std::size_t bytes) {
  constexpr std::size_t times_max = 16;
  bytes_again_ += bytes;
  return bytes_again_ <= times_max * text_.size();
}

namespace {

// The position behind the object or array at `at`, or npos.
std::size_t block_end(std::string_view text, std::size_t at, json_object_ends* ends) {
  if (text[at] == '[') return json_block_end(text, at, '[', ']');
  if (ends == nullptr) return json_block_end(text, at, '{', '}');
  const std::size_t length = ends->length_at(text.data() + at);
  if (length > 0 && length <= text.size() - at) return at + length;
  const std::size_t end = json_block_end(text, at, '{', '}');
  // Without an end the reader stops, so only objects that have one can be many.
  return end == json_npos || ends->may_read_again(end - at) ? end : json_npos;
}

}  // namespace

json_error json_read_value(std::string_view text, std::size_t& at, json_value& value,
                           json_object_ends* ends) {
  at = json_token(text, at);
  if (at == json_npos) return json_error::malformed;
  const char c = text[at];
  std::size_t end = at;
  if (c == '"') {
    end = json_string_end(text, at + 1, value.escaped);
    if (end == json_npos) return json_error::string;
    value.type = json_type::string;
    value.text = text.substr(at + 1, end - at - 1);
    at = end + 1;
    return json_error::none;
  }
  value.escaped = false;
  if (c == '[' || c == '{') {
    end = block_end(text, at, ends);
    if (end == json_npos) return c == '[' ? json_error::array : json_error::object;
    value.type = c == '[' ? json_type::array : json_type::object;
  } else {
    while (end < text.size() && !is_delimiter(text[end])) ++end;
    const json_error why = classify(text.substr(at, end - at), value.type);
    if (why != json_error::none) return why;
  }
  value.text = text.substr(at, end - at);
  at = end;
  return json_error::none;
}

bool json_unescape(std::string_view text, row_arena& arena, std::string_view& out) {
  std::size_t at = text.find('\\');
  if (at == std::string_view::npos) {
    out = text;
    return true;
  }
  // No escape is longer unescaped than escaped.
  char* const buffer = arena.allocate(text.size());
  std::memcpy(buffer, text.data(), at);
  char* end = buffer + at;
  while (at < text.size()) {
    if (text[at] != '\\') {
      std::size_t next = text.find('\\', at);
      if (next == std::string_view::npos) next = text.size();
      std::memcpy(end, text.data() + at, next - at);
      end += next - at;
      at = next;
      continue;
    }
    if (at + 1 >= text.size()) return false;
    if (text[at + 1] == 'u') {
      char32_t value = 0;
      const std::size_t length = read_unicode_escape(text, at, value);
      if (length == 0) return false;
      end = put_utf8(end, value);
      at += length;
    } else {
      const char plain = basic_escape(text[at + 1]);
      if (plain == 0) return false;
      *end++ = plain;
      at += 2;
    }
  }
  const auto size = static_cast<std::size_t>(end - buffer);
  arena.trim(text.size() - size);
  out = {buffer, size};
  return true;
}

std::string_view without_replacement_runes(std::string_view text, row_arena& arena) {
  if (!has_high_byte(text)) return text;
  bool found = false;
  for (std::size_t at = 0; at < text.size() && !found;) {
    std::size_t length = 0;
    found = decode_utf8(text.substr(at), length) == 0xFFFD;
    at += length;
  }
  if (!found) return text;
  char* const buffer = arena.allocate(text.size());
  char* end = buffer;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    if (decode_utf8(text.substr(at), length) == 0xFFFD) {
      *end++ = ' ';
    } else {
      std::memcpy(end, text.data() + at, length);
      end += length;
    }
    at += length;
  }
  return {buffer, static_cast<std::size_t>(end - buffer)};
}

std::string_view json_string_label(const json_value& value, row_arena& arena) {
  std::string_view text = value.text;
  if (value.escaped && !json_unescape(text, arena, text)) return {};
  return without_replacement_runes(text, arena);
}

}  // namespace skald::logql
