// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/template_functions.h"

#include <cmath>
#include <unordered_map>

#include "runtime/base/go_number.h"

namespace skald::logql {
namespace {

class function_table {
 public:
  function_table() {
    append_builtin_functions(functions_);
    append_text_functions(functions_);
    append_encoding_functions(functions_);
    append_regex_functions(functions_);
    append_number_functions(functions_);
    append_time_functions(functions_);
    for (const template_function& function : functions_) by_name_.emplace(function.name, &function);
  }
  const template_function* find(std::string_view name) const {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : found->second;
  }

 private:
  std::vector<template_function> functions_;
  std::unordered_map<std::string_view, const template_function*> by_name_;
};

}  // namespace

const template_function* find_function(std::string_view name) {
  static const function_table table;
  return table.find(name);
}

std::string_view type_name(parameter_type type) {
  switch (type) {
    case parameter_type::any:
      return "interface {}";
    case parameter_type::text:
      return "string";
    case parameter_type::integer:
      return "int";
    case parameter_type::real:
      return "float64";
    case parameter_type::time:
      return "time.Time";
  }
  return "";
}

std::int64_t to_integer(const template_value& value) {
  switch (value.type) {
    case value_type::boolean:
      return value.flag ? 1 : 0;
    case value_type::real: {
      constexpr double bound = 9223372036854775808.0;
      const bool fits = value.real >= -bound && value.real < bound;
      return fits ? static_cast<std::int64_t>(value.real) : INT64_MIN;
    }
    case value_type::text: {
      const auto parsed = parse_go_int(value.text.substr(0, value.text.find('.')), 0);
      return parsed.ok() ? *parsed : 0;
    }
    default:
      return value.is_integer() ? value.number : 0;
  }
}

double to_real(const template_value& value) {
  switch (value.type) {
    case value_type::boolean:
      return value.flag ? 1 : 0;
    case value_type::real:
      return value.real;
    case value_type::text: {
      double parsed = 0;
      return try_parse_go_float(value.text, parsed) ? parsed : 0;
    }
    default:
      return value.is_integer() ? static_cast<double>(value.number) : 0;
  }
}

void append_printed(std::string& out, std::span<const template_value> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (i > 0 && values[i].type != value_type::text && values[i - 1].type != value_type::text) {
      out += ' ';
    }
    append_value(out, values[i]);
    if (out.size() > call_bytes_max) return;  // too long in any case
  }
}

error function_error(std::string text) {
  return error{errc::invalid_argument, std::move(text)};
}

}  // namespace skald::logql
