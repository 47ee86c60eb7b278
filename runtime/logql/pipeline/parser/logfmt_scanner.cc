// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/parser/logfmt_scanner.h"

#include <array>
#include <cstring>

#include "runtime/model/go_string.h"
#include "runtime/model/unicode_escape.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace skald::logql {
namespace {

// First byte at or after `at` that is a separator (<= 0x20), '=' or '"'; the end when there is
// none.
std::size_t find_special(std::string_view line, std::size_t at) {
#if defined(__x86_64__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i equals = _mm_set1_epi8('=');
  const __m128i space = _mm_set1_epi8(' ');
  while (at + 16 <= line.size()) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(line.data() + at));
    const __m128i separators = _mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes);
    const __m128i others =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, quote), _mm_cmpeq_epi8(bytes, equals));
    const int hits = _mm_movemask_epi8(_mm_or_si128(separators, others));
    if (hits != 0) return at + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(hits)));
    at += 16;
  }
#endif
  for (; at < line.size(); ++at) {
    const auto c = static_cast<unsigned char>(line[at]);
    if (c <= ' ' || c == '=' || c == '"') return at;
  }
  return at;
}

bool is_separator(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}

bool has_replacement_rune(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    if ((text[at] & 0x80) == 0) {
      ++at;
      continue;
    }
    std::size_t length = 0;
    if (decode_utf8(text.substr(at), length) == 0xFFFD) return true;
    at += length;
  }
  return false;
}

std::int32_t read_unit(std::string_view text, std::size_t at) {
  if (at + 6 > text.size() || text[at] != '\\' || text[at + 1] != 'u') return -1;
  return read_hex4(text.data() + at + 2);
}

char plain_escape(char c) {
  switch (c) {
    case '"':
    case '\\':
    case '/':
    case '\'':
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

// \uXXXX at `at`, which is moved behind it; a lone surrogate becomes U+FFFD.
bool append_unicode(std::string_view text, std::size_t& at, std::string& out) {
  const std::int32_t first = read_unit(text, at);
  if (first < 0) return false;
  at += 6;
  auto value = static_cast<char32_t>(first);
  if (first >= 0xD800 && first <= 0xDFFF) {
    const std::int32_t second = read_unit(text, at);
    value = 0xFFFD;
    if (first <= 0xDBFF && second >= 0xDC00 && second <= 0xDFFF) {
      value = 0x10000 + (static_cast<char32_t>(first - 0xD800) << 10) +
              static_cast<char32_t>(second - 0xDC00);
      at += 6;
    }
  }
  append_utf8(out, value);
  return true;
}

// The inside of quotes with escapes; false when an escape is invalid or a control byte stands
// there.
bool unquote(std::string_view text, std::string& out) {
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (static_cast<unsigned char>(c) < ' ') return false;
    if (c != '\\') {
      out += c;
      ++at;
      continue;
    }
    if (at + 1 >= text.size()) return false;
    if (text[at + 1] == 'u') {
      if (!append_unicode(text, at, out)) return false;
      continue;
    }
    const char plain = plain_escape(text[at + 1]);
    if (plain == 0) return false;
    out += plain;
    at += 2;
  }
  return true;
}

}  // namespace

bool logfmt_scanner::fail(logfmt_error why, std::size_t position) {
  if (error_ == logfmt_error::none) {
    error_ = why;
    error_position_ = position + 1;
  }
  return false;
}

void logfmt_scanner::skip_token() {
  while (at_ < line_.size() && !is_separator(line_[at_])) ++at_;
}

bool logfmt_scanner::next() {
  key_ = {};
  value_ = {};
  while (at_ < line_.size() && is_separator(line_[at_])) ++at_;
  if (at_ >= line_.size()) return false;
  const std::size_t start = at_;
  at_ = find_special(line_, at_);
  if (at_ < line_.size() && line_[at_] == '"') {
    fail(logfmt_error::unexpected_quote, at_);
    skip_token();
    return false;
  }
  if (at_ == start) {  // '=' without a key
    fail(logfmt_error::unexpected_equals, at_);
    skip_token();
    return false;
  }
  key_ = line_.substr(start, at_ - start);
  if (has_replacement_rune(key_)) {
    fail(logfmt_error::invalid_key, at_);
    skip_token();
    return false;
  }
  if (at_ >= line_.size() || line_[at_] != '=') return true;
  ++at_;
  return read_value();
}

bool logfmt_scanner::read_value() {
  if (at_ >= line_.size() || is_separator(line_[at_])) return true;
  if (line_[at_] == '"') return read_quoted();
  const std::size_t start = at_;
  at_ = find_special(line_, at_);
  if (at_ < line_.size() && !is_separator(line_[at_])) {
    fail(line_[at_] == '=' ? logfmt_error::unexpected_equals : logfmt_error::unexpected_quote, at_);
    skip_token();
    return false;
  }
  value_ = line_.substr(start, at_ - start);
  return true;
}

bool logfmt_scanner::read_quoted() {
  const std::size_t start = at_ + 1;
  bool escaped = false;
  std::size_t end = start;
  while (true) {
    end = line_.find_first_of("\"\\", end);
    if (end == std::string_view::npos) {
      at_ = line_.size();
      return fail(logfmt_error::unterminated_quote, line_.size());
    }
    if (line_[end] == '"') break;
    escaped = true;
    end += 2;
  }
  at_ = end + 1;
  value_ = line_.substr(start, end - start);
  if (!escaped) return true;
  std::string plain;
  if (!unquote(value_, plain)) {
    value_ = {};
    return fail(logfmt_error::invalid_quoted, at_);
  }
  value_ = arena_.keep(plain);
  return true;
}

std::string logfmt_scanner::error_text() const {
  std::string_view why;
  switch (error_) {
    case logfmt_error::none:
      return {};
    case logfmt_error::unexpected_equals:
      why = "unexpected '='";
      break;
    case logfmt_error::unexpected_quote:
      why = "unexpected '\"'";
      break;
    case logfmt_error::unterminated_quote:
      why = "unterminated quoted value";
      break;
    case logfmt_error::invalid_quoted:
      why = "invalid quoted value";
      break;
    case logfmt_error::invalid_key:
      why = "invalid key";
      break;
  }
  return "logfmt syntax error at pos " + std::to_string(error_position_) + " : " + std::string(why);
}

}  // namespace skald::logql
