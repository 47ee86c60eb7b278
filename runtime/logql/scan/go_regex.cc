// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/go_regex.h"

#include <re2/re2.h>

#include <cstring>

#include "runtime/logql/scan/regex_syntax.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

constexpr std::int64_t regex_memory_bytes = 32 << 20;

// RE2's words for the same mistakes are nearly Go's.
std::string_view go_words(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape:
      return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass:
      return "invalid character class";
    case re2::RE2::ErrorBadCharRange:
      return "invalid character class range";
    case re2::RE2::ErrorMissingBracket:
      return "missing closing ]";
    case re2::RE2::ErrorMissingParen:
      return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen:
      return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash:
      return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument:
      return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize:
      return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp:
      return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp:
      return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8:
      return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture:
      return "invalid named capture";
    default:
      return "expression nests too deeply";
  }
}

}  // namespace

result<std::unique_ptr<re2::RE2>> compile_go_regex(std::string_view regex) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(regex_memory_bytes);
  auto compiled = std::make_unique<re2::RE2>(to_re2_dialect(regex), options);
  if (compiled->ok()) return compiled;
  const bool whole = compiled->error_code() == re2::RE2::ErrorMissingParen ||
                     compiled->error_code() == re2::RE2::ErrorUnexpectedParen;
  std::string message = "error parsing regexp: ";
  message += go_words(compiled->error_code());
  if (compiled->error_code() != re2::RE2::ErrorTrailingBackslash) {
    message += ": `";
    message += whole ? std::string(regex) : compiled->error_arg();
    message += '`';
  } else {
    message += ": ``";
  }
  return {errc::invalid_argument, std::move(message)};
}

bool is_ascii_text(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080ULL) != 0) return false;
  }
  for (; at < text.size(); ++at) {
    if ((text[at] & 0x80) != 0) return false;
  }
  return true;
}

bool is_valid_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (at + 8 <= text.size()) {
      std::uint64_t word = 0;
      std::memcpy(&word, text.data() + at, 8);
      if ((word & 0x8080808080808080ULL) == 0) {
        at += 8;
        continue;
      }
    }
    if ((text[at] & 0x80) == 0) {
      ++at;
      continue;
    }
    std::size_t length = 0;
    if (decode_utf8(text.substr(at), length) == 0xFFFD && length == 1) return false;
    at += length;
  }
  return true;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 16);
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    const char32_t c = decode_utf8(text.substr(at), length);
    if (c == 0xFFFD && length == 1) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(at, length);
    }
    at += length;
  }
  return out;
}

}  // namespace skald::logql
