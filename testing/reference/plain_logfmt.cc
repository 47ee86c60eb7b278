// SPDX-License-Identifier: Apache-2.0
#include "testing/reference/plain_logfmt.h"

#include <optional>

#include "runtime/model/go_string.h"
#include "testing/reference/plain_text.h"

namespace skald::logql::reference {
namespace {

bool is_separator(char c) {
  return static_cast<unsigned char>(c) <= 0x20;
}

struct failure {
  std::string what;
  std::size_t position;  // from 0
};

long unicode_unit(const std::string& text, std::size_t at) {
  if (at + 6 > text.size() || text.compare(at, 2, "\\u") != 0) return -1;
  const std::string digits = text.substr(at + 2, 4);
  if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return -1;
  return std::stol(digits, nullptr, 16);
}

// The inside of quotes in which a backslash stands.
std::optional<std::string> unquote(const std::string& text) {
  static const std::string names = "\"\\/'bfnrt";
  static const std::string values = "\"\\/'\b\f\n\r\t";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    if (static_cast<unsigned char>(text[at]) < 0x20) return std::nullopt;
    if (text[at] != '\\') {
      out += text[at++];
      continue;
    }
    if (at + 1 >= text.size()) return std::nullopt;
    if (text[at + 1] != 'u') {
      const std::size_t which = names.find(text[at + 1]);
      if (which == std::string::npos) return std::nullopt;
      out += values[which];
      at += 2;
      continue;
    }
    const long first = unicode_unit(text, at);
    if (first < 0) return std::nullopt;
    at += 6;
    if (first < 0xD800 || first > 0xDFFF) {
      append_utf8(out, static_cast<char32_t>(first));
      continue;
    }
    const long second = unicode_unit(text, at);
    if (first < 0xDC00 && second >= 0xDC00 && second <= 0xDFFF) {
      append_utf8(out, static_cast<char32_t>(0x10000 + (first - 0xD800) * 0x400 + second - 0xDC00));
      at += 6;
    } else {
      append_utf8(out, 0xFFFD);
    }
  }
  return out;
}

class logfmt_reader {
 public:
  explicit logfmt_reader(const std::string& line) : line_(line) {}

  bool at_end() {
    while (at_ < line_.size() && is_separator(line_[at_])) ++at_;
    return at_ == line_.size();
  }

  // One pair. Throws failure, with the reading position behind what is to be passed over.
  logfmt_pair next() {
    logfmt_pair pair;
    while (at_ < line_.size() && !is_separator(line_[at_]) && line_[at_] != '=') {
      if (line_[at_] == '"') fail("unexpected '\"'", at_);
      pair.key += line_[at_++];
    }
    if (pair.key.empty()) fail("unexpected '='", at_);
    if (has_fffd(pair.key)) fail("invalid key", at_);
    if (at_ == line_.size() || line_[at_] != '=') return pair;
    ++at_;
    if (at_ < line_.size() && line_[at_] == '"') {
      pair.value = quoted();
      return pair;
    }
    while (at_ < line_.size() && !is_separator(line_[at_])) {
      if (line_[at_] == '=') fail("unexpected '='", at_);
      if (line_[at_] == '"') fail("unexpected '\"'", at_);
      pair.value += line_[at_++];
    }
    return pair;
  }

 private:
  [[noreturn]] void fail(const std::string& what, std::size_t position) {
    while (at_ < line_.size() && !is_separator(line_[at_])) ++at_;
    throw failure{what, position};
  }

  std::string quoted() {
    const std::size_t begin = ++at_;
    bool escaped = false;
    while (at_ < line_.size() && line_[at_] != '"') {
      if (line_[at_] == '\\') {
        escaped = true;
        ++at_;
      }
      ++at_;
    }
    if (at_ >= line_.size()) {
      at_ = line_.size();
      throw failure{"unterminated quoted value", line_.size()};
    }
    const std::string inside = line_.substr(begin, at_ - begin);
    ++at_;
    if (!escaped) return inside;
    const auto plain = unquote(inside);
    if (!plain) throw failure{"invalid quoted value", at_};
    return *plain;
  }

  const std::string& line_;
  std::size_t at_ = 0;
};

}  // namespace

logfmt_reading read_logfmt(const std::string& line, bool strict) {
  logfmt_reading reading;
  logfmt_reader reader(line);
  while (!reader.at_end()) {
    try {
      reading.pairs.push_back(reader.next());
    } catch (const failure& why) {
      if (reading.error.empty()) {
        reading.error =
            "logfmt syntax error at pos " + std::to_string(why.position + 1) + " : " + why.what;
      }
      if (strict) break;
    }
  }
  return reading;
}

}  // namespace skald::logql::reference
