// SPDX-License-Identifier: Apache-2.0
// Texts: case, cutting, padding, searching and replacing.
#include <algorithm>

#include "runtime/logql/syntax/text_scanner.h"
#include "runtime/logql/template/template_functions.h"
#include "runtime/logql/template/unicode_case.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

using type = parameter_type;

error too_long() {
  return function_error("result is too long");
}

template_value view(std::string_view text) {
  return template_value::of_text(text);
}

template_value truth(bool flag) {
  return template_value::of_bool(flag);
}

function_result call_lower(function_call& call) {
  return call.arena.text(to_lower_text(call.text(0)));
}

function_result call_upper(function_call& call) {
  return call.arena.text(to_upper_text(call.text(0)));
}

function_result call_title(function_call& call) {
  return call.arena.text(to_title_text(call.text(0)));
}

function_result call_trunc(function_call& call) {
  const std::int64_t count = call.number(0);
  const std::string_view text = call.text(1);
  const auto size = static_cast<std::int64_t>(text.size());
  if (count < 0 && size + count > 0) return view(text.substr(size + count));
  if (count >= 0 && size > count) return view(text.substr(0, count));
  return view(text);
}

error slice_error(const std::string& range) {
  return function_error("runtime error: slice bounds out of range [" + range + "]");
}

function_result call_substr(function_call& call) {
  const std::int64_t start = call.number(0);
  const std::int64_t end = call.number(1);
  const std::string_view text = call.text(2);
  const auto size = static_cast<std::int64_t>(text.size());
  if (start < 0) {
    if (end < 0) return slice_error(":" + std::to_string(end));
    if (end > size) {
      return function_error("runtime error: slice bounds out of range [:" + std::to_string(end) +
                            "] with length " + std::to_string(size));
    }
    return view(text.substr(0, end));
  }
  if (end < 0 || end > size) {
    if (start > size) return slice_error(std::to_string(start) + ":" + std::to_string(size));
    return view(text.substr(start));
  }
  if (start > end) return slice_error(std::to_string(start) + ":" + std::to_string(end));
  return view(text.substr(start, end - start));
}

function_result call_contains(function_call& call) {
  return truth(call.text(1).find(call.text(0)) != std::string_view::npos);
}

bool has_prefix(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool has_suffix(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

function_result call_has_prefix(function_call& call) {
  return truth(has_prefix(call.text(1), call.text(0)));
}

function_result call_has_suffix(function_call& call) {
  return truth(has_suffix(call.text(1), call.text(0)));
}

// strings.Replace; an empty `old` stands before every character and at the end.
result<std::string> replace_text(std::string_view text, std::string_view old,
                                 std::string_view replacement, std::int64_t count) {
  std::string out;
  std::size_t at = 0;
  std::int64_t done = 0;
  while (count < 0 || done < count) {
    std::size_t hit = 0;
    if (old.empty()) {
      std::size_t length = 0;
      if (done > 0 && at < text.size()) decode_utf8(text.substr(at), length);
      if (done > 0 && at >= text.size()) break;
      hit = at + length;
    } else {
      hit = text.find(old, at);
      if (hit == std::string_view::npos) break;
    }
    out += text.substr(at, hit - at);
    out += replacement;
    at = hit + old.size();
    ++done;
    if (out.size() > call_bytes_max) return too_long();
  }
  out += text.substr(at);
  return out;
}

function_result replaced(function_call& call, std::string_view text, std::string_view old,
                         std::string_view replacement, std::int64_t count) {
  SKALD_TRY_ASSIGN(std::string out, replace_text(text, old, replacement, count));
  return call.arena.text(std::move(out));
}

function_result call_replace(function_call& call) {
  return replaced(call, call.text(2), call.text(0), call.text(1), -1);
}

function_result call_old_replace(function_call& call) {
  return replaced(call, call.text(0), call.text(1), call.text(2), call.number(3));
}

function_result call_repeat(function_call& call) {
  const std::int64_t count = call.number(0);
  const std::string_view text = call.text(1);
  if (count < 0) return function_error("strings: negative Repeat count");
  if (text.empty()) return view("");
  if (static_cast<std::uint64_t>(count) > call_bytes_max / text.size()) return too_long();
  std::string out;
  out.reserve(text.size() * count);
  for (std::int64_t i = 0; i < count; ++i) out += text;
  return call.arena.text(std::move(out));
}

// Cuts code points for which `drops` holds.
template <class Drops>
std::string_view cut_left(std::string_view text, Drops drops) {
  while (!text.empty()) {
    std::size_t length = 0;
    if (!drops(decode_utf8(text, length))) break;
    text.remove_prefix(length);
  }
  return text;
}

template <class Drops>
std::string_view cut_right(std::string_view text, Drops drops) {
  while (!text.empty()) {
    std::size_t begin = text.size() - 1;
    while (begin > 0 && text.size() - begin < 4 && (text[begin] & 0xC0) == 0x80) --begin;
    std::size_t length = 0;
    char32_t c = decode_utf8(text.substr(begin), length);
    if (begin + length != text.size()) {
      c = 0xFFFD;  // a byte that belongs to no character
      begin = text.size() - 1;
    }
    if (!drops(c)) break;
    text.remove_suffix(text.size() - begin);
  }
  return text;
}

class cutset {
 public:
  explicit cutset(std::string_view characters) : characters_(characters) {}
  bool operator()(char32_t c) const {
    for (std::size_t at = 0; at < characters_.size();) {
      std::size_t length = 0;
      if (decode_utf8(characters_.substr(at), length) == c) return true;
      at += length;
    }
    return false;
  }

 private:
  std::string_view characters_;
};

function_result call_trim(function_call& call) {
  return view(cut_right(cut_left(call.text(0), is_unicode_space), is_unicode_space));
}

function_result call_trim_all(function_call& call) {
  const cutset drops(call.text(0));
  return view(cut_right(cut_left(call.text(1), drops), drops));
}

function_result call_old_trim(function_call& call) {
  const cutset drops(call.text(1));
  return view(cut_right(cut_left(call.text(0), drops), drops));
}

function_result call_old_trim_left(function_call& call) {
  return view(cut_left(call.text(0), cutset(call.text(1))));
}

function_result call_old_trim_right(function_call& call) {
  return view(cut_right(call.text(0), cutset(call.text(1))));
}

std::string_view without_prefix(std::string_view text, std::string_view prefix) {
  return has_prefix(text, prefix) ? text.substr(prefix.size()) : text;
}

std::string_view without_suffix(std::string_view text, std::string_view suffix) {
  return has_suffix(text, suffix) ? text.substr(0, text.size() - suffix.size()) : text;
}

function_result call_trim_prefix(function_call& call) {
  return view(without_prefix(call.text(1), call.text(0)));
}

function_result call_trim_suffix(function_call& call) {
  return view(without_suffix(call.text(1), call.text(0)));
}

function_result call_old_trim_prefix(function_call& call) {
  return view(without_prefix(call.text(0), call.text(1)));
}

function_result call_old_trim_suffix(function_call& call) {
  return view(without_suffix(call.text(0), call.text(1)));
}

result<std::string> indent_text(std::int64_t spaces, std::string_view text) {
  if (spaces < 0) return function_error("strings: negative Repeat count");
  const auto lines = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n') + 1);
  if (static_cast<std::uint64_t>(spaces) > call_bytes_max / lines) return too_long();
  const std::string pad(spaces, ' ');
  std::string out = pad;
  for (const char c : text) {
    out += c;
    if (c == '\n') out += pad;
  }
  return out;
}

function_result call_indent(function_call& call) {
  SKALD_TRY_ASSIGN(std::string out, indent_text(call.number(0), call.text(1)));
  return call.arena.text(std::move(out));
}

function_result call_nindent(function_call& call) {
  SKALD_TRY_ASSIGN(std::string out, indent_text(call.number(0), call.text(1)));
  return call.arena.text("\n" + out);
}

// Byte offset of each code point, and the size at the end.
std::vector<std::size_t> character_offsets(std::string_view text) {
  std::vector<std::size_t> offsets;
  for (std::size_t at = 0; at < text.size();) {
    offsets.push_back(at);
    std::size_t length = 0;
    decode_utf8(text.substr(at), length);
    at += length;
  }
  offsets.push_back(text.size());
  return offsets;
}

function_result align(function_call& call, bool is_left) {
  const std::int64_t count = call.number(0);
  const std::string_view text = call.text(1);
  const std::vector<std::size_t> offsets = character_offsets(text);
  const auto size = static_cast<std::int64_t>(offsets.size()) - 1;
  if (count < 0 || count == size) return view(text);
  if (count < size) {
    return view(is_left ? text.substr(0, offsets[count]) : text.substr(offsets[size - count]));
  }
  if (static_cast<std::uint64_t>(count) > call_bytes_max) return too_long();
  const std::string pad(count - size, ' ');
  return call.arena.text(is_left ? std::string(text) + pad : pad + std::string(text));
}

function_result call_align_left(function_call& call) {
  return align(call, true);
}

function_result call_align_right(function_call& call) {
  return align(call, false);
}

function_result call_line(function_call& call) {
  return view(call.input.line);
}

bool is_empty(const template_value& value) {
  return value.type != value_type::time && !is_truth(value);
}

function_result call_default(function_call& call) {
  if (call.arguments.size() < 2 || is_empty(call.at(1))) return call.at(0);
  return call.at(1);
}

}  // namespace

void append_text_functions(std::vector<template_function>& out) {
  const std::vector<type> one{type::text};
  const std::vector<type> two{type::text, type::text};
  const std::vector<type> three{type::text, type::text, type::text};
  const std::vector<type> number_text{type::integer, type::text};
  const template_function functions[] = {
      {"__line__", call_line, {}},
      {"lower", call_lower, one},
      {"upper", call_upper, one},
      {"title", call_title, one},
      {"ToLower", call_lower, one},
      {"ToUpper", call_upper, one},
      {"TrimSpace", call_trim, one},
      {"trunc", call_trunc, number_text},
      {"substr", call_substr, {type::integer, type::integer, type::text}},
      {"contains", call_contains, two},
      {"hasPrefix", call_has_prefix, two},
      {"hasSuffix", call_has_suffix, two},
      {"replace", call_replace, three},
      {"Replace", call_old_replace, {type::text, type::text, type::text, type::integer}},
      {"repeat", call_repeat, number_text},
      {"trim", call_trim, one},
      {"trimAll", call_trim_all, two},
      {"trimPrefix", call_trim_prefix, two},
      {"trimSuffix", call_trim_suffix, two},
      {"Trim", call_old_trim, two},
      {"TrimLeft", call_old_trim_left, two},
      {"TrimRight", call_old_trim_right, two},
      {"TrimPrefix", call_old_trim_prefix, two},
      {"TrimSuffix", call_old_trim_suffix, two},
      {"indent", call_indent, number_text},
      {"nindent", call_nindent, number_text},
      {"alignLeft", call_align_left, number_text},
      {"alignRight", call_align_right, number_text},
      {"default", call_default, {type::any, type::any}, true},
  };
  out.insert(out.end(), std::begin(functions), std::end(functions));
}

}  // namespace skald::logql
