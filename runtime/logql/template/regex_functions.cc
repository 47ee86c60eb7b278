// SPDX-License-Identifier: Apache-2.0
// Replacing and counting with regular expressions, with Go's rules for empty matches.
#include <re2/re2.h>

#include "runtime/logql/template/template_functions.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

using type = parameter_type;

bool is_name_character(char c) {
  return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A replacement text with `$1`, `${name}` and `$$`.
class expansion {
 public:
  expansion(const re2::RE2& regex, std::string_view text) : regex_(regex), text_(text) {}

  void append(std::string& out, const std::vector<re2::StringPiece>& groups) const {
    std::size_t at = 0;
    while (at < text_.size() && out.size() <= call_bytes_max) {
      const std::size_t dollar = text_.find('$', at);
      out += text_.substr(at, dollar == std::string_view::npos ? dollar : dollar - at);
      if (dollar == std::string_view::npos) return;
      at = dollar + 1;
      if (at < text_.size() && text_[at] == '$') {
        out += '$';
        ++at;
        continue;
      }
      std::string_view name;
      const std::size_t end = read_name(at, name);
      if (end == at) {
        out += '$';
        continue;
      }
      append_group(out, groups, name);
      at = end;
    }
  }

 private:
  // The position behind the name at `at`, or `at` when none stands there.
  std::size_t read_name(std::size_t at, std::string_view& name) const {
    const bool in_braces = at < text_.size() && text_[at] == '{';
    const std::size_t begin = at + (in_braces ? 1 : 0);
    std::size_t end = begin;
    while (end < text_.size() && is_name_character(text_[end])) ++end;
    if (end == begin) return at;
    name = text_.substr(begin, end - begin);
    if (!in_braces) return end;
    return end < text_.size() && text_[end] == '}' ? end + 1 : at;
  }

  void append_group(std::string& out, const std::vector<re2::StringPiece>& groups,
                    std::string_view name) const {
    bool is_number = true;
    std::size_t number = 0;
    for (const char c : name) {
      is_number = is_number && c >= '0' && c <= '9';
      if (is_number && number < groups.size()) number = number * 10 + (c - '0');
    }
    if (is_number && name.size() > 1 && name[0] == '0') is_number = false;
    if (!is_number) {
      const auto& names = regex_.NamedCapturingGroups();
      const auto found = names.find(std::string(name));
      if (found == names.end()) return;
      number = found->second;
    }
    if (number < groups.size()) out.append(groups[number].data(), groups[number].size());
  }

  const re2::RE2& regex_;
  std::string_view text_;
};

std::size_t character_length(std::string_view text, std::size_t at) {
  if (at >= text.size()) return 0;
  std::size_t length = 0;
  decode_utf8(text.substr(at), length);
  return length;
}

template <class Append>
result<std::string> replace_matches(const re2::RE2& regex, std::string_view text, Append append) {
  const re2::StringPiece source(text.data(), text.size());
  std::vector<re2::StringPiece> groups(regex.NumberOfCapturingGroups() + 1);
  std::string out;
  std::size_t last_end = 0;
  std::size_t at = 0;
  while (at <= text.size()) {
    if (!regex.Match(source, at, text.size(), re2::RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size()))) {
      break;
    }
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
  const expansion replacement(*regex, call.text(2));
  SKALD_TRY_ASSIGN(std::string out, replace_matches(*regex, addressable(call.text(1)),
                                                    [&](std::string& to, const auto& groups) {
                                                      replacement.append(to, groups);
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
  const re2::StringPiece source(text.data(), text.size());
  std::int64_t count = 0;
  std::size_t at = 0;
  std::size_t last_end = std::string_view::npos;
  re2::StringPiece match;
  while (at <= text.size() &&
         regex->Match(source, at, text.size(), re2::RE2::UNANCHORED, &match, 1)) {
    const std::size_t begin = match.data() - text.data();
    const std::size_t end = begin + match.size();
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
