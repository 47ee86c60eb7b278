// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/scan/go_regex.h"

#include <locale.h>
#include <re2/re2.h>
#include <wctype.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <optional>

#include "runtime/logql/scan/regex_syntax.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

constexpr std::int64_t regex_memory_bytes = 32 << 20;
constexpr int repeat_count_max = 1000;

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
    case re2::RE2::ErrorPatternTooLarge:
      return "expression too large";
    default:
      return "expression nests too deeply";
  }
}

// What Go refuses and RE2 takes, or names otherwise: `\C`, names of groups, and repeat counts,
// which Go reads before it looks at what is repeated.
struct regex_mistake {
  std::size_t at = 0;
  std::string words;
};

std::size_t behind_class(std::string_view regex, std::size_t at) {
  ++at;
  if (at < regex.size() && regex[at] == '^') ++at;
  for (bool is_first = true; at < regex.size() && (is_first || regex[at] != ']');
       is_first = false) {
    const std::size_t named = regex.substr(at, 2) == "[:" ? regex.find(":]", at + 2) : regex.npos;
    at = named != regex.npos ? named + 2 : at + (regex[at] == '\\' ? 2 : 1);
  }
  return std::min(at + 1, regex.size());
}

std::size_t behind_escape(std::string_view regex, std::size_t at) {
  const char letter = at + 1 < regex.size() ? regex[at + 1] : '\0';
  std::size_t end = at + 2;
  if (letter == 'Q') {
    const std::size_t close = regex.find("\\E", at);
    end = close == regex.npos ? regex.size() : close + 2;
  } else if ((letter == 'x' || letter == 'p' || letter == 'P') && end < regex.size() &&
             regex[end] == '{') {
    const std::size_t close = regex.find('}', end);
    end = close == regex.npos ? regex.size() : close + 1;
  }
  return std::min(end, regex.size());
}

constexpr int no_count = -1;

// Reads digits as Go does: none, or a leading zero, is no number; too many are too large.
int read_count(std::string_view regex, std::size_t& at) {
  const std::size_t begin = at;
  while (at < regex.size() && regex[at] >= '0' && regex[at] <= '9') ++at;
  const std::string_view digits = regex.substr(begin, at - begin);
  if (digits.empty() || (digits.size() > 1 && digits[0] == '0')) return no_count;
  return digits.size() >= 8 ? repeat_count_max + 1 : std::stoi(std::string(digits));
}

struct repeat_counts {
  std::size_t end = 0;  // 0: no repeat but text
  bool are_allowed = true;
};

// `{n}`, `{n,}` or `{n,m}`.
repeat_counts read_repeat(std::string_view regex, std::size_t at) {
  const auto next_is = [&](char c) { return at < regex.size() && regex[at] == c; };
  ++at;
  const int low = read_count(regex, at);
  if (low == no_count) return {};
  int high = low;
  if (next_is(',')) {
    ++at;
    high = next_is('}') ? repeat_count_max : read_count(regex, at);
    if (high == no_count) return {};
  }
  if (!next_is('}')) return {};
  return {at + 1, low <= high && high <= repeat_count_max};
}

bool is_group_name(std::string_view name) {
  const auto is_allowed = [](unsigned char c) {
    return c == '_' || (c < 0x80 && std::isalnum(c) != 0);
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), is_allowed);
}

// What is wrong with the `(?P<name>` or `(?<name>` at `at`: all the rest when the name has no end.
// A look-behind, `(?<=`, is read as a name, too.
std::string_view bad_group_name(std::string_view regex, std::size_t at) {
  const std::string_view rest = regex.substr(at);
  const std::size_t begin = rest.starts_with("(?P<") ? 4 : rest.starts_with("(?<") ? 3 : 0;
  if (begin == 0 || rest.size() == begin) return {};
  const std::size_t close = rest.find('>');
  if (close == rest.npos) return rest;
  return is_group_name(rest.substr(begin, close - begin)) ? std::string_view()
                                                          : rest.substr(0, close + 1);
}

std::optional<regex_mistake> find_mistake(std::string_view regex) {
  std::size_t at = 0;
  while (at < regex.size()) {
    if (regex[at] == '\\') {
      if (regex.substr(at, 2) == "\\C") {
        return regex_mistake{at, "invalid escape sequence: `\\C`"};
      }
      at = behind_escape(regex, at);
      continue;
    }
    if (regex[at] == '[') {
      at = behind_class(regex, at);
      continue;
    }
    if (const std::string_view group = bad_group_name(regex, at); !group.empty()) {
      return regex_mistake{at, "invalid named capture: `" + std::string(group) + "`"};
    }
    const repeat_counts repeat = regex[at] == '{' ? read_repeat(regex, at) : repeat_counts{};
    const std::size_t end = std::max(repeat.end, at + 1);
    if (!repeat.are_allowed) {
      const std::string text(regex.substr(at, end - at));
      return regex_mistake{at, "invalid repeat count: `" + text + "`"};
    }
    at = end;
  }
  return std::nullopt;
}

// The C library's Unicode tables; null where the system lacks the locale, then only ASCII changes.
locale_t unicode_locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

using compiled_regex = result<std::unique_ptr<re2::RE2>>;

// Compiles what RE2 judges as Go does.
compiled_regex compile_with_re2(std::string_view regex) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(regex_memory_bytes);
  auto compiled = std::make_unique<re2::RE2>(to_re2_dialect(regex), options);
  if (compiled->ok()) return compiled;
  const re2::RE2::ErrorCode code = compiled->error_code();
  const bool is_of_whole = code == re2::RE2::ErrorMissingParen ||
                           code == re2::RE2::ErrorUnexpectedParen ||
                           code == re2::RE2::ErrorPatternTooLarge;
  std::string quoted = is_of_whole ? std::string(regex) : compiled->error_arg();
  if (code == re2::RE2::ErrorTrailingBackslash) quoted.clear();
  return {errc::invalid_argument,
          "error parsing regexp: " + std::string(go_words(code)) + ": `" + quoted + "`"};
}

// Whether the quoted part of `message` goes on in `longer`.
bool goes_on(std::string_view message, std::string_view longer) {
  return message.ends_with('`') && longer.starts_with(message.substr(0, message.size() - 1));
}

}  // namespace

compiled_regex compile_go_regex(std::string_view regex) {
  const auto mistake = find_mistake(regex);
  if (!mistake) return compile_with_re2(regex);
  // An earlier mistake comes first; that groups are still open is none.
  const auto before = compile_with_re2(regex.substr(0, mistake->at));
  if (before.ok() || before.error().message.find("missing closing )") != std::string::npos) {
    return {errc::invalid_argument, "error parsing regexp: " + mistake->words};
  }
  // Cut off there, the earlier one may quote too little.
  auto whole = compile_with_re2(regex);
  const bool says_more = !whole.ok() && goes_on(before.error().message, whole.error().message);
  return says_more || before.error().message.find("unexpected )") != std::string::npos
             ? std::move(whole)
             : compiled_regex(before.error());
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

char32_t to_lower(char32_t c) {
  if (c < 0x80) return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
  const locale_t locale = unicode_locale();
  return locale == nullptr ? c : static_cast<char32_t>(towlower_l(c, locale));
}

char32_t to_upper(char32_t c) {
  if (c < 0x80) return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c;
  const locale_t locale = unicode_locale();
  return locale == nullptr ? c : static_cast<char32_t>(towupper_l(c, locale));
}

}  // namespace skald::logql
