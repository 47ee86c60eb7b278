// SPDX-License-Identifier: Apache-2.0
// Go's own template functions: printing, comparing, indexing.
#include <optional>

#include "runtime/logql/template/go_printf.h"
#include "runtime/logql/template/template_functions.h"

namespace skald::logql {
namespace {

using type = parameter_type;

function_result call_print(function_call& call) {
  std::string out;
  append_printed(out, call.arguments);
  return call.arena.text(std::move(out));
}

function_result call_println(function_call& call) {
  std::string out;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    if (i > 0) out += ' ';
    append_value(out, call.at(i));
    if (out.size() > call_bytes_max) break;  // too long in any case
  }
  return call.arena.text(out + '\n');
}

function_result call_printf(function_call& call) {
  std::string out;
  append_printf(out, call.text(0), call.arguments.subspan(1));
  if (out.size() > call_bytes_max) return function_error("result is too long");
  return call.arena.text(std::move(out));
}

function_result call_len(function_call& call) {
  const template_value& value = call.at(0);
  switch (value.type) {
    case value_type::text:
      return template_value::of_int(static_cast<std::int64_t>(value.text.size()));
    case value_type::list:
      return template_value::of_int(static_cast<std::int64_t>(value.list->size()));
    case value_type::map:
    case value_type::fields:
      return template_value::of_int(static_cast<std::int64_t>(value.map->size()));
    case value_type::nil:
      return function_error("len of nil pointer");
    default:
      return function_error("len of type " + std::string(type_name(value.type)));
  }
}

result<std::size_t> check_index(const template_value& index, std::size_t size) {
  if (index.type == value_type::nil) {
    return function_error("cannot index slice/array with nil");
  }
  if (!index.is_integer()) {
    return function_error("cannot index slice/array with type " +
                          std::string(type_name(index.type)));
  }
  if (index.number < 0 || static_cast<std::uint64_t>(index.number) >= size) {
    return function_error("index out of range: " + std::to_string(index.number));
  }
  return static_cast<std::size_t>(index.number);
}

function_result index_one(const template_value& item, const template_value& index) {
  switch (item.type) {
    case value_type::text: {
      SKALD_TRY_ASSIGN(const std::size_t at, check_index(index, item.text.size()));
      return template_value::of_int(static_cast<unsigned char>(item.text[at]), value_type::byte);
    }
    case value_type::list: {
      SKALD_TRY_ASSIGN(const std::size_t at, check_index(index, item.list->size()));
      return (*item.list)[at];
    }
    case value_type::map:
    case value_type::fields: {
      if (index.type != value_type::text) {
        if (index.type == value_type::nil) {
          return function_error("value is nil; should be of type string");
        }
        return function_error("value has type " + std::string(type_name(index.type)) +
                              "; should be string");
      }
      const auto found = item.map->find(index.text);
      if (found != item.map->end()) return found->second;
      return item.type == value_type::fields ? template_value::of_text("") : template_value{};
    }
    case value_type::nil:
      return function_error("index of nil pointer");
    default:
      return function_error("can't index item of type " + std::string(type_name(item.type)));
  }
}

function_result call_index(function_call& call) {
  template_value item = call.at(0);
  if (item.type == value_type::nil) return function_error("index of untyped nil");
  for (const template_value& index : call.arguments.subspan(1)) {
    SKALD_TRY_ASSIGN(item, index_one(item, index));
  }
  return item;
}

function_result call_slice(function_call& call) {
  const template_value& item = call.at(0);
  if (item.type == value_type::nil) return function_error("slice of untyped nil");
  if (call.arguments.size() > 4) {
    return function_error("too many slice indexes: " + std::to_string(call.arguments.size() - 1));
  }
  const bool is_text = item.type == value_type::text;
  if (!is_text && item.type != value_type::list) {
    return function_error("can't slice item of type " + std::string(type_name(item.type)));
  }
  if (is_text && call.arguments.size() == 4) {
    return function_error("cannot 3-index slice a string");
  }
  const std::size_t size = is_text ? item.text.size() : item.list->size();
  std::size_t bounds[3] = {0, size, size};
  for (std::size_t i = 1; i < call.arguments.size(); ++i) {
    SKALD_TRY_ASSIGN(bounds[i - 1], check_index(call.at(i), size + 1));
  }
  for (int i = 0; i < 2; ++i) {
    if (bounds[i] <= bounds[i + 1]) continue;
    return function_error("invalid slice index: " + std::to_string(bounds[i]) + " > " +
                          std::to_string(bounds[i + 1]));
  }
  if (is_text) {
    return template_value::of_text(item.text.substr(bounds[0], bounds[1] - bounds[0]));
  }
  return template_value::of_list(
      call.arena.keep(value_list(item.list->begin() + bounds[0], item.list->begin() + bounds[1])));
}

function_result call_call(function_call& call) {
  if (call.at(0).type == value_type::nil) return function_error("call of nil");
  return function_error("non-function of type " + std::string(type_name(call.at(0).type)));
}

function_result call_not(function_call& call) {
  return template_value::of_bool(!is_truth(call.at(0)));
}

// What comparisons tell apart.
enum class comparable { invalid, boolean, integer, unsigned_integer, real, text, other };

comparable kind_of(const template_value& value) {
  switch (value.type) {
    case value_type::boolean:
      return comparable::boolean;
    case value_type::integer:
    case value_type::integer64:
    case value_type::month:
    case value_type::weekday:
      return comparable::integer;
    case value_type::byte:
      return comparable::unsigned_integer;
    case value_type::real:
      return comparable::real;
    case value_type::text:
      return comparable::text;
    case value_type::nil:
      return comparable::invalid;
    default:
      return comparable::other;
  }
}

bool are_integers(comparable a, comparable b) {
  const auto is_integer = [](comparable c) {
    return c == comparable::integer || c == comparable::unsigned_integer;
  };
  return is_integer(a) && is_integer(b);
}

error incompatible(const template_value& a, const template_value& b) {
  return function_error("incompatible types for comparison: " + std::string(type_name(a.type)) +
                        " and " + std::string(type_name(b.type)));
}

result<bool> is_equal(const template_value& a, const template_value& b) {
  const comparable kind = kind_of(a);
  const comparable other = kind_of(b);
  if (are_integers(kind, other)) return a.number == b.number;
  if (kind == comparable::invalid || other == comparable::invalid) return kind == other;
  if (kind != other || (kind == comparable::other && a.type != b.type)) return incompatible(a, b);
  switch (kind) {
    case comparable::boolean:
      return a.flag == b.flag;
    case comparable::real:
      return a.real == b.real;
    case comparable::text:
      return a.text == b.text;
    default:
      break;
  }
  if (a.type == value_type::time) {
    return a.time.seconds == b.time.seconds && a.time.nanoseconds == b.time.nanoseconds;
  }
  return function_error("non-comparable type " + std::string(type_name(a.type)));
}

result<bool> is_less(const template_value& a, const template_value& b) {
  const comparable kind = kind_of(a);
  const comparable other = kind_of(b);
  const auto has_kind = [](comparable c) {
    return c != comparable::invalid && c != comparable::other;
  };
  if (!has_kind(kind) || !has_kind(other)) {
    return function_error("invalid type for comparison");
  }
  if (are_integers(kind, other)) return a.number < b.number;
  if (kind != other) return incompatible(a, b);
  if (kind == comparable::real) return a.real < b.real;
  if (kind == comparable::text) return a.text < b.text;
  return function_error("invalid type for comparison");
}

// True when the first equals any other.
function_result call_eq(function_call& call) {
  if (call.arguments.size() < 2) return function_error("missing argument for comparison");
  for (const template_value& other : call.arguments.subspan(1)) {
    SKALD_TRY_ASSIGN(const bool same, is_equal(call.at(0), other));
    if (same) return template_value::of_bool(true);
  }
  return template_value::of_bool(false);
}

function_result call_ne(function_call& call) {
  SKALD_TRY_ASSIGN(const bool same, is_equal(call.at(0), call.at(1)));
  return template_value::of_bool(!same);
}

function_result call_lt(function_call& call) {
  SKALD_TRY_ASSIGN(const bool less, is_less(call.at(0), call.at(1)));
  return template_value::of_bool(less);
}

result<bool> is_less_or_equal(const template_value& a, const template_value& b) {
  SKALD_TRY_ASSIGN(const bool less, is_less(a, b));
  return less ? result<bool>(true) : is_equal(a, b);
}

function_result call_le(function_call& call) {
  SKALD_TRY_ASSIGN(const bool holds, is_less_or_equal(call.at(0), call.at(1)));
  return template_value::of_bool(holds);
}

function_result call_gt(function_call& call) {
  SKALD_TRY_ASSIGN(const bool holds, is_less_or_equal(call.at(0), call.at(1)));
  return template_value::of_bool(!holds);
}

function_result call_ge(function_call& call) {
  SKALD_TRY_ASSIGN(const bool less, is_less(call.at(0), call.at(1)));
  return template_value::of_bool(!less);
}

}  // namespace

void append_builtin_functions(std::vector<template_function>& out) {
  const std::vector<type> one{type::any};
  const std::vector<type> two{type::any, type::any};
  const template_function functions[] = {
      {"and", nullptr, two, true},
      {"or", nullptr, two, true},
      {"not", call_not, one},
      {"print", call_print, one, true},
      {"println", call_println, one, true},
      {"printf", call_printf, {type::text, type::any}, true},
      {"len", call_len, one},
      {"index", call_index, two, true},
      {"slice", call_slice, two, true},
      {"call", call_call, two, true},
      {"eq", call_eq, two, true},
      {"ne", call_ne, two},
      {"lt", call_lt, two},
      {"le", call_le, two},
      {"gt", call_gt, two},
      {"ge", call_ge, two},
  };
  out.insert(out.end(), std::begin(functions), std::end(functions));
}

}  // namespace skald::logql
