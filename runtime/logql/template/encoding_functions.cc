// SPDX-License-Identifier: Apache-2.0
// base64, URL, HTML and JavaScript escapes, and JSON.
#include <simdjson.h>

#include <optional>

#include "runtime/logql/template/json_text.h"
#include "runtime/logql/template/template_functions.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

using type = parameter_type;

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function_result call_b64enc(function_call& call) {
  const std::string_view text = call.text(0);
  std::string out;
  out.reserve((text.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < text.size(); at += 3) {
    const std::size_t count = std::min<std::size_t>(3, text.size() - at);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = bits << 8 | (i < count ? static_cast<unsigned char>(text[at + i]) : 0);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += i <= count ? base64_digits[(bits >> (18 - 6 * i)) & 63] : '=';
    }
  }
  return call.arena.text(std::move(out));
}

// The position of the first mistake, or the decoded text.
struct base64_result {
  std::string text;
  std::size_t bad_position = std::string::npos;
};

base64_result decode_base64(std::string_view text) {
  base64_result out;
  std::uint32_t bits = 0;
  int count = 0;  // digits of the current group
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '\n' || c == '\r') continue;
    if (c == '=') {
      // One or two of them end the text.
      const std::string_view rest = text.substr(at);
      const bool fits = (count == 2 && rest == "==") || (count == 3 && rest == "=");
      if (!fits) {
        out.bad_position = count == 2 && rest.size() >= 1 && rest[0] == '=' ? at + 1 : at;
        return out;
      }
      out.text += static_cast<char>(bits >> (count == 2 ? 4 : 10));
      if (count == 3) out.text += static_cast<char>(bits >> 2);
      return out;
    }
    const std::size_t digit = base64_digits.find(c);
    if (digit == std::string_view::npos) {
      out.bad_position = at;
      return out;
    }
    bits = bits << 6 | static_cast<std::uint32_t>(digit);
    if (++count == 4) {
      out.text += static_cast<char>(bits >> 16);
      out.text += static_cast<char>(bits >> 8);
      out.text += static_cast<char>(bits);
      count = 0;
    }
  }
  if (count != 0) out.bad_position = text.size() - static_cast<std::size_t>(count);
  return out;
}

// Missing padding is added; a mistake becomes the result's text.
function_result call_b64dec(function_call& call) {
  std::string text(call.text(0));
  if (text.size() % 4 != 0) text.append(4 - text.size() % 4, '=');
  base64_result decoded = decode_base64(text);
  if (decoded.bad_position == std::string::npos) return call.arena.text(std::move(decoded.text));
  return call.arena.text("illegal base64 data at input byte " +
                         std::to_string(decoded.bad_position));
}

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

std::string escape_query(std::string_view text) {
  static constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (is_unreserved(c)) {
      out += c;
    } else if (c == ' ') {
      out += '+';
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char l = static_cast<char>(c | 0x20);
  return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

function_result call_urlencode(function_call& call) {
  return call.arena.text(escape_query(call.text(0)));
}

function_result call_urldecode(function_call& call) {
  const std::string_view text = call.text(0);
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at] == '+' ? ' ' : text[at];
      continue;
    }
    const bool fits =
        at + 2 < text.size() && hex_value(text[at + 1]) >= 0 && hex_value(text[at + 2]) >= 0;
    if (!fits) {
      std::string message = "invalid URL escape ";
      append_go_quoted(message, text.substr(at, 3));
      return function_error(std::move(message));
    }
    out += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
    at += 2;
  }
  return call.arena.text(std::move(out));
}

// The arguments as one text, as html, js and urlquery take them: nil is a text of its own.
std::string joined(const function_call& call) {
  std::vector<template_value> arguments(call.arguments.begin(), call.arguments.end());
  for (template_value& argument : arguments) {
    if (argument.type == value_type::nil) argument = template_value::of_text("<no value>");
  }
  std::string text;
  append_printed(text, arguments);
  return text;
}

function_result call_html(function_call& call) {
  std::string out;
  for (const char c : joined(call)) {
    switch (c) {
      case '"':
        out += "&#34;";
        break;
      case '\'':
        out += "&#39;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '\0':
        out += "\xEF\xBF\xBD";
        break;
      default:
        out += c;
    }
  }
  return call.arena.text(std::move(out));
}

void append_unicode_escape(std::string& out, char c) {
  static constexpr char digits[] = "0123456789ABCDEF";
  out += "\\u00";
  out += digits[static_cast<unsigned char>(c) >> 4];
  out += digits[c & 15];
}

function_result call_js(function_call& call) {
  std::string out;
  for (const char c : joined(call)) {
    switch (c) {
      case '\\':
      case '\'':
      case '"':
        out += '\\';
        out += c;
        break;
      case '<':
      case '>':
      case '&':
      case '=':
        append_unicode_escape(out, c);
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          append_unicode_escape(out, c);
        } else {
          out += c;
        }
    }
  }
  return call.arena.text(std::move(out));
}

function_result call_urlquery(function_call& call) {
  return call.arena.text(escape_query(joined(call)));
}

// One item more takes the execution over its bound.
constexpr std::size_t collection_items_max = execution_bytes_max / sizeof(template_value);

// The document as values, or enough of it to fail the execution; simdjson bounds its depth.
template_value to_value(const simdjson::dom::element& element, value_arena& arena) {
  using kind = simdjson::dom::element_type;
  switch (element.type()) {
    case kind::ARRAY: {
      value_list list;
      for (const simdjson::dom::element item : simdjson::dom::array(element)) {
        list.push_back(to_value(item, arena));
        if (list.size() > collection_items_max || arena.bytes() > execution_bytes_max) break;
      }
      return template_value::of_list(arena.keep(std::move(list)));
    }
    case kind::OBJECT: {
      value_map map;
      for (const auto& [name, item] : simdjson::dom::object(element)) {
        map.insert_or_assign(std::string(name), to_value(item, arena));
        if (arena.bytes() > execution_bytes_max) break;
      }
      return template_value::of_map(arena.keep(std::move(map)));
    }
    case kind::STRING:
      return arena.text(std::string(std::string_view(element)));
    case kind::BOOL:
      return template_value::of_bool(bool(element));
    case kind::NULL_VALUE:
      return {};
    default:
      return template_value::of_real(double(element));
  }
}

std::optional<template_value> read_json(std::string_view text, value_arena& arena) {
  constexpr std::size_t depth_max = 200;
  simdjson::dom::parser parser;
  if (parser.allocate(text.size() + 1, depth_max) != simdjson::SUCCESS) return std::nullopt;
  simdjson::dom::element document;
  if (parser.parse(text.data(), text.size()).get(document) != simdjson::SUCCESS) {
    return std::nullopt;
  }
  return to_value(document, arena);
}

// Malformed documents give nil.
function_result call_from_json(function_call& call) {
  const std::string_view text = call.text(0);
  if (text.empty()) return template_value{};  // may have no address, which simdjson wants
  std::optional<template_value> value = read_json(text, call.arena);
  if (!value) value = read_json(as_simdjson_reads(text), call.arena);
  return value.value_or(template_value{});
}

}  // namespace

void append_encoding_functions(std::vector<template_function>& out) {
  const std::vector<type> text{type::text};
  const std::vector<type> any{type::any};
  const template_function functions[] = {
      {"b64enc", call_b64enc, text},       {"b64dec", call_b64dec, text},
      {"urlencode", call_urlencode, text}, {"urldecode", call_urldecode, text},
      {"fromJson", call_from_json, text},  {"html", call_html, any, true},
      {"js", call_js, any, true},          {"urlquery", call_urlquery, any, true},
  };
  out.insert(out.end(), std::begin(functions), std::end(functions));
}

}  // namespace skald::logql
