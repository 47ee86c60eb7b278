// SPDX-License-Identifier: Apache-2.0
// The executor's calls: arguments, their types, functions and the methods of times.
#include <array>

#include "runtime/logql/template/template_executor.h"

namespace skald::logql {
namespace {

std::string count_mistake(std::string_view name, std::string_view want, std::size_t wanted,
                          std::size_t got) {
  return "wrong number of args for " + std::string(name) + ": want " + std::string(want) +
         std::to_string(wanted) + " got " + std::to_string(got);
}

bool fits(value_type value, parameter_type parameter) {
  switch (parameter) {
    case parameter_type::any:
      return true;
    case parameter_type::text:
      return value == value_type::text;
    case parameter_type::integer:
      return value == value_type::integer;
    case parameter_type::real:
      return value == value_type::real;
    case parameter_type::time:
      return value == value_type::time;
  }
  return false;
}

parameter_type parameter_at(const template_function& function, std::size_t i) {
  return function.parameters[std::min(i, function.parameters.size() - 1)];
}

using time_method = template_value (*)(const go_time& time);

template_value of_int64(std::int64_t number) {
  return template_value::of_int(number, value_type::integer64);
}

std::int64_t scaled(const go_time& time, std::int64_t per_second) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.seconds) *
                                       static_cast<std::uint64_t>(per_second) +
                                   time.nanoseconds / (1'000'000'000 / per_second));
}

template_value in_zone(go_time time, const time_zone& zone) {
  time.zone = &zone;
  time.has_fixed_offset = false;
  return template_value::of_time(time);
}

struct method_entry {
  std::string_view name;
  time_method body;
};

constexpr std::array<method_entry, 16> time_methods{{
    {"Unix", [](const go_time& t) { return of_int64(t.seconds); }},
    {"UnixMilli", [](const go_time& t) { return of_int64(scaled(t, 1000)); }},
    {"UnixMicro", [](const go_time& t) { return of_int64(scaled(t, 1'000'000)); }},
    {"UnixNano", [](const go_time& t) { return of_int64(scaled(t, 1'000'000'000)); }},
    {"Year", [](const go_time& t) { return template_value::of_int(to_calendar(t).year); }},
    {"Month",
     [](const go_time& t) {
       return template_value::of_int(to_calendar(t).month, value_type::month);
     }},
    {"Day", [](const go_time& t) { return template_value::of_int(to_calendar(t).day); }},
    {"Hour", [](const go_time& t) { return template_value::of_int(to_calendar(t).hour); }},
    {"Minute", [](const go_time& t) { return template_value::of_int(to_calendar(t).minute); }},
    {"Second", [](const go_time& t) { return template_value::of_int(to_calendar(t).second); }},
    {"Nanosecond", [](const go_time& t) { return template_value::of_int(t.nanoseconds); }},
    {"YearDay", [](const go_time& t) { return template_value::of_int(to_calendar(t).year_day); }},
    {"Weekday",
     [](const go_time& t) {
       return template_value::of_int(to_calendar(t).weekday, value_type::weekday);
     }},
    {"UTC", [](const go_time& t) { return in_zone(t, utc_zone()); }},
    {"Local", [](const go_time& t) { return in_zone(t, local_zone()); }},
    {"IsZero",
     [](const go_time& t) {
       return template_value::of_bool(t.seconds == go_time{}.seconds && t.nanoseconds == 0);
     }},
}};

}  // namespace

template_value template_executor::check_type(const template_value& value, parameter_type type) {
  if (failed_) return {};
  if (fits(value.type, type)) return whole(value);
  if (value.type == value_type::nil) {
    return fail("invalid value; expected " + std::string(type_name(type)));
  }
  return fail("wrong type for value; expected " + std::string(type_name(type)) + "; got " +
              std::string(type_name(value.type)));
}

template_value template_executor::evaluate_argument(const template_value& dot,
                                                    const template_node& node,
                                                    parameter_type type) {
  if (failed_) return {};
  at(node);
  switch (node.kind) {
    case node_kind::boolean:
    case node_kind::number:
    case node_kind::constant:
      return evaluate_constant(node, type);
    case node_kind::nil:
      if (type == parameter_type::any) return {};
      return fail("cannot assign nil to " + std::string(type_name(type)));
    default:
      return check_type(evaluate_operand(dot, node), type);
  }
}

template_value template_executor::evaluate_constant(const template_node& node,
                                                    parameter_type type) {
  switch (type) {
    case parameter_type::text:
      if (node.kind == node_kind::constant) return template_value::of_text(node.text);
      return fail("expected string; found " + to_string(node));
    case parameter_type::integer:
      if (node.kind == node_kind::number && node.is_int) {
        return template_value::of_int(node.number);
      }
      return fail("expected integer; found " + to_string(node));
    case parameter_type::real:
      if (node.kind == node_kind::number && node.is_real) {
        return template_value::of_real(node.real);
      }
      return fail("expected float; found " + to_string(node));
    case parameter_type::time:
      return fail("can't handle " + to_string(node) + " for arg of type time.Time");
    case parameter_type::any:
      break;
  }
  return evaluate_operand({}, node);
}

// `command` holds the arguments behind its first child; null when the name stands alone.
template_value template_executor::evaluate_function(const template_value& dot,
                                                    const template_node& identifier,
                                                    const template_node& call_at,
                                                    const template_node* command,
                                                    const template_value* piped) {
  at(identifier);
  const template_function* function = find_function(identifier.text);
  if (function == nullptr) return fail("\"" + identifier.text + "\" is not a defined function");
  return call_function(dot, *function, call_at, command, piped);
}

template_value template_executor::call_function(const template_value& dot,
                                                const template_function& function,
                                                const template_node& call_at,
                                                const template_node* command,
                                                const template_value* piped) {
  const std::size_t written = command == nullptr ? 0 : command->children.size() - 1;
  const std::size_t given = written + (piped != nullptr ? 1 : 0);
  const std::size_t fixed = function.parameters.size() - (function.is_variadic ? 1 : 0);
  if (function.is_variadic && given < fixed) {
    return fail(count_mistake(function.name, "at least ", fixed, written));
  }
  if (!function.is_variadic && given != fixed) {
    return fail(count_mistake(function.name, "", fixed, given));
  }
  if (function.body == nullptr) return evaluate_logic(dot, function, command, piped);
  std::vector<template_value> arguments;
  arguments.reserve(given);
  for (std::size_t i = 0; i < written; ++i) {
    arguments.push_back(
        evaluate_argument(dot, *command->children[i + 1], parameter_at(function, i)));
    if (failed_) return {};
  }
  if (piped != nullptr) {
    arguments.push_back(check_type(*piped, parameter_at(function, written)));
    if (failed_) return {};
  }
  function_call call{arguments, arena_, input_, regexes_};
  function_result answer = function.body(call);
  const bool too_long =
      answer.ok() && answer->type == value_type::text && answer->text.size() > call_bytes_max;
  if (answer.ok() && !too_long && arena_.bytes() <= execution_bytes_max) return *answer;
  // Only a failing call is named: a mistake in the use of an answer is named by the last operand.
  at(call_at);
  if (too_long) return fail("error calling " + std::string(function.name) + ": result is too long");
  if (arena_.bytes() > execution_bytes_max) return fail("template makes too long texts");
  return fail("error calling " + std::string(function.name) + ": " + answer.error().message);
}

// `and` and `or` return the operand that decides and do not look at the ones behind it.
template_value template_executor::evaluate_logic(const template_value& dot,
                                                 const template_function& function,
                                                 const template_node* command,
                                                 const template_value* piped) {
  const bool stops_on = function.name == "or";
  template_value value;
  for (std::size_t i = 1; command != nullptr && i < command->children.size(); ++i) {
    value = evaluate_argument(dot, *command->children[i], parameter_type::any);
    if (failed_ || is_truth(value) == stops_on) return value;
  }
  return piped == nullptr ? value : check_type(*piped, parameter_type::any);
}

template_value template_executor::call_time_method(const template_value& dot, const go_time& time,
                                                   const std::string& name,
                                                   const template_node* command,
                                                   const template_value* piped) {
  const std::size_t written = command == nullptr ? 0 : command->children.size() - 1;
  const std::size_t given = written + (piped != nullptr ? 1 : 0);
  if (name == "Format") {
    if (given != 1) return fail(count_mistake(name, "", 1, given));
    const template_value layout =
        piped != nullptr ? check_type(*piped, parameter_type::text)
                         : evaluate_argument(dot, *command->children[1], parameter_type::text);
    if (failed_) return {};
    std::string out;
    append_formatted(out, time, layout.text);
    return arena_.text(std::move(out));
  }
  const bool is_text = name == "String";
  time_method body = nullptr;
  for (const method_entry& entry : time_methods) {
    if (entry.name == name) body = entry.body;
  }
  if (body == nullptr && !is_text) {
    return fail("can't evaluate field " + name + " in type time.Time");
  }
  if (given != 0) return fail(count_mistake(name, "", 0, given));
  if (!is_text) return body(time);
  std::string out;
  append_time(out, time);
  return arena_.text(std::move(out));
}

}  // namespace skald::logql
