// SPDX-License-Identifier: Apache-2.0
// Replacing and counting with regular expressions, with Go's rules for empty matches.
#include <re2/re2.h>

#include "runtime/logql/scan/regex_expansion.h"
#include "runtime/logql/template/template_functions.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

using type = parameter_type;

std::size_t character_length(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  std::size_t length = 0;
  decode_utf8(text.substr(at), length);
  return length;
}

// The next match from `at` on. RE2 finds the empty match of `\B` inside a character, too; Go looks
// between characters only.
bool find_match(const re2::RE2& regex, std::string_view text, std::size_t at,
                std::vector<re2::StringPiece>& groups) {
  const re2::StringPiece source(text.data(), text.size());
  while (regex.Match(source, at, text.size(), re2::RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size()))) {
    at = groups[0].data() - text.data();
    const bool is_inside = at < text.size() && (text[at] & 0xC0) == 0x80 && groups[0].empty();
    if (!is_inside) return true;
    ++at;
  }
  return false;
}

template <class Append>
result<std::string> replace_matches(const re2::RE2& regex, std::string_view text, Append append) {
  std::vector<re2::StringPiece> groups(regex.NumberOfCapturingGroups() + 1);
  std::string out;
  std::size_t last_end = 0;
  std::size_t at = 0;
  while (at <= text.size()) {
    if (!find_match(regex, text, at, groups)) break;
    const std::size_t begin = groups[0].data() - text.data();
    const std::size_t end = begin + groups[0].size();
    out += text.substr(last_end, begin - last_end);
    // No replacement for an empty match right behind another match.
    if (end > last_end || begin == 0) append(out, groups);
    if (out.size() > call_bytes_max) return function_error("result is too long");
    last_end = end;
    const std::size_t length = character_length(text, at);
    at = at + length > end ? at + length : at + 1 > end ? at + 1 : end;
  }
  out += text.substr(last_end);
  return out;
}

// A text that RE2 can point into: it must not have a null address.
std::string_view addressable(std::string_view text) {
  return text.data() == nullptr ? std::string_view("") : text;
}

function_result call_replace_all(function_call& call) {
  SKALD_TRY_ASSIGN(const re2::RE2* regex, call.regexes.compile(call.text(0)));
  const regex_expansion replacement(*regex, call.text(2));
  SKALD_TRY_ASSIGN(
      std::string out,
      replace_matches(*regex, addressable(call.text(1)), [&](std::string& to, const auto& groups) {
        replacement.append(to, groups, call_bytes_max);
      }));
  return call.arena.text(std::move(out));
}

function_result call_replace_literal(function_call& call) {
  SKALD_TRY_ASSIGN(const re2::RE2* regex, call.regexes.compile(call.text(0)));
  const std::string_view replacement = call.text(2);
  SKALD_TRY_ASSIGN(std::string out,
                   replace_matches(*regex, addressable(call.text(1)),
                                   [&](std::string& to, const auto&) { to += replacement; }));
  return call.arena.text(std::move(out));
}

function_result call_count(function_call& call) {
  SKALD_TRY_ASSIGN(const re2::RE2* regex, call.regexes.compile(call.text(0)));
  const std::string_view text = addressable(call.text(1));
  std::int64_t count = 0;
  std::size_t at = 0;
  std::size_t last_end = std::string_view::npos;
  std::vector<re2::StringPiece> match(1);
  while (at <= text.size() && find_match(*regex, text, at, match)) {
    const std::size_t begin = match[0].data() - text.data();
    const std::size_t end = begin + match[0].size();
    bool counts = true;
    if (end == at) {
      counts = begin != last_end;
      const std::size_t length = character_length(text, at);
      at = length > 0 ? at + length : text.size() + 1;
    } else {
      at = end;
    }
    last_end = end;
    if (counts) ++count;
  }
  return template_value::of_int(count);
}

}  // namespace

void append_regex_functions(std::vector<template_function>& out) {
  const std::vector<type> three{type::text, type::text, type::text};
  out.push_back({"regexReplaceAll", call_replace_all, three});
  out.push_back({"regexReplaceAllLiteral", call_replace_literal, three});
  out.push_back({"count", call_count, {type::text, type::text}});
}

}  // namespace skald::logql
