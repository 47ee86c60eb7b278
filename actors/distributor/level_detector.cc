// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/level_detector.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>

#ifdef __x86_64__
#include <immintrin.h>
#endif

namespace skald {
namespace {

struct spelling {
  std::string_view word;
  std::string_view level;
};

// Those from `field_only_from` on count as field values only: too common as words of a line.
constexpr std::array<spelling, 14> spellings{{{"trace", "trace"},
                                              {"trc", "trace"},
                                              {"debug", "debug"},
                                              {"dbg", "debug"},
                                              {"info", "info"},
                                              {"information", "info"},
                                              {"warn", "warn"},
                                              {"wrn", "warn"},
                                              {"warning", "warn"},
                                              {"error", "error"},
                                              {"err", "error"},
                                              {"critical", "critical"},
                                              {"fatal", "fatal"},
                                              {"inf", "info"}}};
constexpr std::size_t field_only_from = 13;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// `word` is in lower case.
bool equals_ignoring_case(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != word[i]) return false;
  }
  return true;
}

bool equal_fold(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

std::string_view known_level(std::string_view word, std::size_t spelling_count) {
  if (word.size() < 3 || word.size() > 11) return {};
  for (std::size_t i = 0; i < spelling_count; ++i) {
    if (equals_ignoring_case(word, spellings[i].word)) return spellings[i].level;
  }
  return {};
}

bool is_word_char(char c) {
  const char l = lower(c);
  return (l >= 'a' && l <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

// The level that the word starting at `at` names.
std::string_view level_at(std::string_view line, std::size_t at) {
  if (at > 0 && is_word_char(line[at - 1])) return {};
  std::size_t end = at;
  while (end < line.size() && end - at < 12 && is_word_char(line[end])) ++end;
  return known_level(line.substr(at, end - at), field_only_from);
}

// Whether a level word may start with these two characters (lower case).
bool may_start(char a, char b) {
  switch (a) {
    case 't':
      return b == 'r';
    case 'd':
      return b == 'e' || b == 'b';
    case 'i':
      return b == 'n';
    case 'w':
      return b == 'a' || b == 'r';
    case 'e':
      return b == 'r';
    case 'c':
      return b == 'r';
    case 'f':
      return b == 'a';
    default:
      return false;
  }
}

#ifdef __x86_64__
// Positions of the 16 at `p` where a level word may start; reads 17 bytes.
unsigned start_mask(const char* p) {
  const __m128i fold = _mm_set1_epi8(0x20);
  const __m128i a = _mm_or_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)), fold);
  const __m128i b = _mm_or_si128(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 1)), fold);
  const auto first = [&](char c) { return _mm_cmpeq_epi8(a, _mm_set1_epi8(c)); };
  const auto second = [&](char c) { return _mm_cmpeq_epi8(b, _mm_set1_epi8(c)); };
  const __m128i r = second('r');
  __m128i hit = _mm_and_si128(
      r, _mm_or_si128(_mm_or_si128(first('t'), first('e')), _mm_or_si128(first('c'), first('w'))));
  hit = _mm_or_si128(hit, _mm_and_si128(first('d'), _mm_or_si128(second('e'), second('b'))));
  hit = _mm_or_si128(hit, _mm_and_si128(first('i'), second('n')));
  hit = _mm_or_si128(hit, _mm_and_si128(second('a'), _mm_or_si128(first('w'), first('f'))));
  return static_cast<unsigned>(_mm_movemask_epi8(hit));
}

// Classes of characters as two tables of bits, by the lower and by the upper four bits of the
// character: it is in the classes that both name. Characters from 0x80 on are in none.
struct character_classes {
  std::array<unsigned char, 16> by_low{};
  std::array<unsigned char, 16> by_high{};

  constexpr void add(unsigned bit, std::string_view characters) {
    for (const char c : characters) {
      by_low[static_cast<unsigned char>(c) & 15] |= static_cast<unsigned char>(1 << bit);
      by_high[static_cast<unsigned char>(c) >> 4] |= static_cast<unsigned char>(1 << bit);
    }
  }
};

// A level word begins with a character of some class of the first and one of the same class of the
// second. Letters of a class agree in their upper bits or in their lower ones: no others slip in.
constexpr character_classes first_of_pair = [] {
  character_classes out;
  out.add(0, "tTwW");
  out.add(1, "eEcC");
  out.add(2, "dD");
  out.add(3, "iI");
  out.add(4, "wW");
  out.add(5, "fF");
  return out;
}();
constexpr character_classes second_of_pair = [] {
  character_classes out;
  out.add(0, "rR");
  out.add(1, "rR");
  out.add(2, "eEbB");
  out.add(3, "nN");
  out.add(4, "aA");
  out.add(5, "aA");
  return out;
}();
// As is_word_char().
constexpr character_classes word_characters = [] {
  character_classes out;
  out.add(0, "0123456789");
  out.add(1, "abcdefghijklmnoABCDEFGHIJKLMNO");
  out.add(2, "pqrstuvwxyzPQRSTUVWXYZ");
  out.add(3, "_");
  return out;
}();

__attribute__((target("avx2"))) inline __m256i twice(const std::array<unsigned char, 16>& table) {
  return _mm256_broadcastsi128_si256(
      _mm_loadu_si128(reinterpret_cast<const __m128i*>(table.data())));
}

__attribute__((target("avx2"))) inline __m256i classes_of(const char* p,
                                                          const character_classes& in) {
  const __m256i text = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i high = _mm256_and_si256(_mm256_srli_epi16(text, 4), _mm256_set1_epi8(15));
  return _mm256_and_si256(_mm256_shuffle_epi8(twice(in.by_low), text),
                          _mm256_shuffle_epi8(twice(in.by_high), high));
}

// The first level word that starts in front of `at`, which is moved as far as whole steps lead.
// Looks at words' beginnings only; the one at 0 must have been tried.
__attribute__((target("avx2"))) std::string_view find_level_word_avx2(std::string_view line,
                                                                      std::size_t& at) {
  constexpr std::size_t step = 32;
  const __m256i none = _mm256_setzero_si256();
  for (; at + step + 1 <= line.size(); at += step) {
    const char* const p = line.data() + at;
    const __m256i pair =
        _mm256_and_si256(classes_of(p, first_of_pair), classes_of(p + 1, second_of_pair));
    const __m256i in_word = classes_of(p - 1, word_characters);
    const auto no_pair = static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(pair, none)));
    const auto begins =
        static_cast<unsigned>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(in_word, none)));
    for (unsigned mask = ~no_pair & begins; mask != 0; mask &= mask - 1) {
      const auto level = level_at(line, at + static_cast<std::size_t>(std::countr_zero(mask)));
      if (!level.empty()) return level;
    }
  }
  return {};
}
#endif

// --- JSON: just enough to walk keys and values of well-formed text; damage ends the walk
// -----------

std::size_t skip_space(std::string_view text, std::size_t at) {
  while (at < text.size() &&
         (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) {
    ++at;
  }
  return at;
}

// `at` is behind an opening quote; the position of the closing one, or npos.
std::size_t string_end(std::string_view text, std::size_t at) {
  while (true) {
    const void* found =
        at < text.size() ? std::memchr(text.data() + at, '"', text.size() - at) : nullptr;
    if (found == nullptr) return std::string_view::npos;
    const auto quote = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    std::size_t slashes = 0;
    while (quote - slashes > at && text[quote - slashes - 1] == '\\') ++slashes;
    if (slashes % 2 == 0) return quote;
    at = quote + 1;
  }
}

// Behind the array or object that begins at `at`, or npos.
std::size_t skip_nested(std::string_view text, std::size_t at) {
  std::size_t depth = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (c == '"') {
      at = string_end(text, at + 1);
      if (at == std::string_view::npos) return at;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (c == '}' || c == ']') {
      if (--depth == 0) return at + 1;
    }
    ++at;
  }
  return std::string_view::npos;
}

// Looks for a field in the members of one object and of the objects in it, in the order of the
// text. A class, since the walk carries the position through its levels.
class json_walk {
 public:
  json_walk(std::string_view text, std::int64_t depth_max) : text_(text), depth_max_(depth_max) {}

  template <class IsField>
  std::string_view find(const IsField& is_field) {
    walk_object(is_field, 1);
    return found_;
  }

 private:
  // at_ is on '{'. True: go on behind the object.
  template <class IsField>
  bool walk_object(const IsField& is_field, std::int64_t depth) {
    at_ = skip_space(text_, at_ + 1);
    while (at_ < text_.size() && text_[at_] == '"') {
      const std::size_t key_end = string_end(text_, at_ + 1);
      if (key_end == std::string_view::npos) return false;
      const std::string_view key = text_.substr(at_ + 1, key_end - at_ - 1);
      at_ = skip_space(text_, key_end + 1);
      if (at_ >= text_.size() || text_[at_] != ':') return false;
      at_ = skip_space(text_, at_ + 1);
      if (!walk_value(is_field, key, depth)) return false;
      at_ = skip_space(text_, at_);
      if (at_ < text_.size() && text_[at_] == ',') at_ = skip_space(text_, at_ + 1);
    }
    if (at_ >= text_.size() || text_[at_] != '}') return false;
    ++at_;
    return true;
  }

  template <class IsField>
  bool walk_value(const IsField& is_field, std::string_view key, std::int64_t depth) {
    if (at_ >= text_.size()) return false;
    const char c = text_[at_];
    if (c == '"') {
      const std::size_t end = string_end(text_, at_ + 1);
      if (end == std::string_view::npos) return false;
      if (is_field(key)) {
        found_ = text_.substr(at_ + 1, end - at_ - 1);
        return false;
      }
      at_ = end + 1;
      return true;
    }
    if (c == '{' && (depth_max_ <= 0 || depth < depth_max_) && depth < 64) {
      return walk_object(is_field, depth + 1);
    }
    if (c == '{' || c == '[') {
      at_ = skip_nested(text_, at_);
      return at_ != std::string_view::npos;
    }
    while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '}') ++at_;
    return true;
  }

  std::string_view text_;
  std::int64_t depth_max_;
  std::size_t at_ = 0;
  std::string_view found_;
};

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// OpenTelemetry's severity numbers, in steps of four.
std::string_view level_of_severity(std::string_view number) {
  int value = 0;
  const auto [end, failed] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (failed != std::errc() || end != number.data() + number.size()) return "info";
  constexpr std::array<std::string_view, 6> levels{"trace", "debug", "info",
                                                   "warn",  "error", "fatal"};
  if (value < 1) return value == 0 ? unknown_level : levels[0];
  return value > 24 ? unknown_level : levels[static_cast<std::size_t>(value - 1) / 4];
}

}  // namespace

std::string_view normalized_level(std::string_view word) {
  const std::string_view level = known_level(word, spellings.size());
  return level.empty() ? word : level;
}

std::string_view find_level_word(std::string_view line) {
  std::size_t at = 0;
#ifdef __x86_64__
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2 && line.size() > 32) {
    if (const auto level = level_at(line, at++); !level.empty()) return level;
    if (const auto level = find_level_word_avx2(line, at); !level.empty()) return level;
  }
  for (; at + 17 <= line.size(); at += 16) {
    for (unsigned mask = start_mask(line.data() + at); mask != 0; mask &= mask - 1) {
      const auto level = level_at(line, at + static_cast<std::size_t>(std::countr_zero(mask)));
      if (!level.empty()) return level;
    }
  }
#endif
  for (; at + 2 < line.size(); ++at) {
    if (!may_start(lower(line[at]), lower(line[at + 1]))) continue;
    const std::string_view level = level_at(line, at);
    if (!level.empty()) return level;
  }
  return {};
}

level_detector::level_detector(const tenant_limits& limits)
    : fields_(limits.log_level_fields), json_depth_max_(limits.log_level_from_json_max_depth) {
  for (const std::string& field : fields_) {
    field_lengths_ |= std::uint64_t{1} << std::min<std::size_t>(field.size(), 63);
    if (field.empty()) {
      field_ends_.fill(true);
      continue;
    }
    const char end = lower(field.back());
    field_ends_[static_cast<unsigned char>(end)] = true;
    if (end >= 'a' && end <= 'z') field_ends_[static_cast<unsigned char>(end & ~0x20)] = true;
  }
}

// Whether the name of a field stands in front of some equals sign: most lines with such signs and
// no level are told by that.
bool level_detector::may_have_logfmt_field(std::string_view line) const {
  for (std::size_t at = line.find('='); at != std::string_view::npos; at = line.find('=', at + 1)) {
    if (at == 0) {
      if (field_ends_['=']) return true;  // some field has no name
      continue;
    }
    if (!field_ends_[static_cast<unsigned char>(line[at - 1])]) continue;
    for (const std::string& field : fields_) {
      if (field.size() <= at && equal_fold(line.substr(at - field.size(), field.size()), field)) {
        return true;
      }
    }
  }
  return false;
}

bool level_detector::is_field(std::string_view key) const {
  if ((field_lengths_ >> std::min<std::size_t>(key.size(), 63) & 1) == 0) return false;
  for (const std::string& field : fields_) {
    if (key == field) return true;
  }
  return false;
}

std::string_view level_detector::json_field(std::string_view object) const {
  return json_walk(object, json_depth_max_).find([this](std::string_view key) {
    return is_field(key);
  });
}

std::string_view level_detector::logfmt_field(std::string_view line) const {
  std::string_view found;
  std::size_t best = fields_.size();
  std::size_t at = 0;
  while (at < line.size()) {
    while (at < line.size() && line[at] <= ' ' && line[at] >= 0) ++at;
    const std::size_t key_begin = at;
    while (at < line.size() && line[at] != '=' && line[at] != ' ') ++at;
    const std::string_view key = line.substr(key_begin, at - key_begin);
    if (at >= line.size() || line[at] != '=') continue;
    std::size_t begin = ++at;
    std::size_t end = 0;
    if (begin < line.size() && line[begin] == '"') {
      ++begin;
      end = std::min(string_end(line, begin), line.size());
      at = end + 1;
    } else {
      end = std::min(line.find(' ', begin), line.size());
      at = end;
    }
    if ((field_lengths_ >> std::min<std::size_t>(key.size(), 63) & 1) == 0) continue;
    for (std::size_t f = 0; f < best; ++f) {
      if (!equal_fold(key, fields_[f])) continue;
      best = f;
      found = line.substr(begin, end - begin);
      break;
    }
    if (best == 0) break;  // the first field of the list wins at once
  }
  return found;
}

std::string_view level_detector::from_line(std::string_view line) const {
  const std::string_view text = trimmed(line);
  std::string_view field;
  if (!text.empty() && text.front() == '{' && text.back() == '}') {
    field = json_field(text);
  } else if (may_have_logfmt_field(line)) {
    field = logfmt_field(line);
  }
  if (!field.empty()) {
    const std::string_view level = known_level(field, spellings.size());
    if (!level.empty()) return level;
  }
  const std::string_view word = find_level_word(line);
  return word.empty() ? unknown_level : word;
}

std::string_view level_detector::detect(std::string_view line,
                                        std::span<const metadata_pair> metadata) const {
  if (!metadata.empty()) {
    for (const std::string& field : fields_) {
      for (const metadata_pair& pair : metadata) {
        if (pair.name == field) return normalized_level(pair.value);
      }
    }
    for (const metadata_pair& pair : metadata) {
      if (pair.name == "severity_number") return level_of_severity(pair.value);
    }
  }
  return from_line(line);
}

}  // namespace skald
