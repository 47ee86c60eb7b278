// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/unicode_case.h"

#include "runtime/logql/scan/go_regex.h"
#include "runtime/logql/syntax/text_scanner.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

template <class Change>
std::string change_text(std::string_view text, Change change) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    std::size_t length = 0;
    const char32_t c = decode_utf8(text.substr(at), length);
    append_utf8(out, change(c));
    at += length;
  }
  return out;
}

bool separates_words(char32_t c) {
  if (is_identifier_start(c) || is_unicode_digit(c)) return false;
  return c < 0x80 || is_unicode_space(c);
}

}  // namespace

std::string to_upper_text(std::string_view text) {
  return change_text(text, to_upper);
}

std::string to_lower_text(std::string_view text) {
  return change_text(text, to_lower);
}

std::string to_title_text(std::string_view text) {
  char32_t before = ' ';
  return change_text(text, [&before](char32_t c) {
    const bool begins = separates_words(before);
    before = c;
    return begins ? to_upper(c) : c;
  });
}

}  // namespace skald::logql
