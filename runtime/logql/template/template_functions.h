// SPDX-License-Identifier: Apache-2.0
// The functions that templates can call: their parameters, which the executor checks as Go's
// reflection does, and their bodies.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/template/template.h"
#include "runtime/logql/template/template_value.h"

namespace re2 {
class RE2;
}

namespace skald::logql {

// Texts that one call may make, and all texts of one execution. Beyond, the execution fails.
constexpr std::size_t call_bytes_max = 16u << 20;
constexpr std::size_t execution_bytes_max = 64u << 20;

class regex_source {
 public:
  virtual ~regex_source() = default;
  // The compiled expression; valid until the next call.
  // Errors: invalid_argument with Go's text.
  virtual result<const re2::RE2*> compile(std::string_view regex) = 0;
};

struct function_call {
  std::span<const template_value> arguments;
  value_arena& arena;
  const template_input& input;
  regex_source& regexes;

  const template_value& at(std::size_t i) const { return arguments[i]; }
  std::string_view text(std::size_t i) const { return arguments[i].text; }
  std::int64_t number(std::size_t i) const { return arguments[i].number; }
};

using function_result = result<template_value>;
using function_body = function_result (*)(function_call& call);

enum class parameter_type { any, text, integer, real, time };

struct template_function {
  std::string_view name;
  function_body body = nullptr;
  std::vector<parameter_type> parameters;  // the last one repeats when variadic
  bool is_variadic = false;
};

// Null when there is no such function. `and` and `or` have no body: the executor runs them.
const template_function* find_function(std::string_view name);

// What a parameter is called in error texts: "string", "interface {}".
std::string_view type_name(parameter_type type);

// The functions by theme; called once by find_function.
void append_builtin_functions(std::vector<template_function>& out);
void append_text_functions(std::vector<template_function>& out);
void append_encoding_functions(std::vector<template_function>& out);
void append_regex_functions(std::vector<template_function>& out);
void append_number_functions(std::vector<template_function>& out);
void append_time_functions(std::vector<template_function>& out);

// Conversions shared by several themes: lenient, never failing.
std::int64_t to_integer(const template_value& value);
double to_real(const template_value& value);

// fmt.Sprint: a space between two operands when neither is a text. Ends when `out` is over
// call_bytes_max, with which the call fails.
void append_printed(std::string& out, std::span<const template_value> values);

// `text` as an error of a function.
error function_error(std::string text);

}  // namespace skald::logql
