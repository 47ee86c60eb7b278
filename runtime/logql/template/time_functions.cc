// SPDX-License-Identifier: Apache-2.0
// Times: the entry's own, the clock, layouts and zones.
#include <chrono>

#include "runtime/base/go_number.h"
#include "runtime/logql/template/template_functions.h"

namespace skald::logql {
namespace {

using type = parameter_type;

go_time current_time() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  go_time time = go_time::of_unix_ns(
      std::chrono::duration_cast<std::chrono::nanoseconds>(since_epoch).count());
  time.zone = &local_zone();
  return time;
}

go_time local_time(std::int64_t seconds, std::int32_t nanoseconds) {
  go_time time;
  time.seconds = seconds;
  time.nanoseconds = nanoseconds;
  time.zone = &local_zone();
  return time;
}

function_result call_timestamp(function_call& call) {
  return template_value::of_time(go_time::of_unix_ns(call.input.timestamp_ns));
}

function_result call_now(function_call&) {
  return template_value::of_time(current_time());
}

// Anything that is neither a time nor whole seconds is the present.
function_result call_date(function_call& call) {
  const template_value& value = call.at(1);
  go_time time = current_time();
  if (value.type == value_type::time) {
    time = value.time;
    time.has_fixed_offset = false;
    time.zone = &local_zone();
  } else if (value.type == value_type::integer || value.type == value_type::integer64) {
    time = local_time(value.number, 0);
  }
  std::string out;
  append_formatted(out, time, call.text(0));
  return call.arena.text(std::move(out));
}

template_value parsed_or_zero(std::string_view layout, std::string_view text,
                              const time_zone& zone) {
  return template_value::of_time(parse_time(layout, text, zone).value_or(go_time{}));
}

function_result call_to_date(function_call& call) {
  return parsed_or_zero(call.text(0), call.text(1), local_zone());
}

function_result call_to_date_in_zone(function_call& call) {
  const time_zone* zone = find_zone(call.text(1));
  return parsed_or_zero(call.text(0), call.text(2), zone == nullptr ? utc_zone() : *zone);
}

std::int64_t unix_scaled(const go_time& time, std::int64_t per_second) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.seconds) *
                                       static_cast<std::uint64_t>(per_second) +
                                   time.nanoseconds / (1'000'000'000 / per_second));
}

function_result call_unix_epoch(function_call& call) {
  return call.arena.text(std::to_string(call.at(0).time.seconds));
}

function_result call_unix_epoch_millis(function_call& call) {
  return call.arena.text(std::to_string(unix_scaled(call.at(0).time, 1000)));
}

function_result call_unix_epoch_nanos(function_call& call) {
  return call.arena.text(std::to_string(unix_scaled(call.at(0).time, 1'000'000'000)));
}

template_value time_of_units(std::int64_t value, std::int64_t per_second) {
  std::int64_t seconds = value / per_second;
  std::int64_t rest = value % per_second;
  if (rest < 0) {
    rest += per_second;
    --seconds;
  }
  return template_value::of_time(
      local_time(seconds, static_cast<std::int32_t>(rest * (1'000'000'000 / per_second))));
}

// The unit follows from the number of characters.
function_result call_unix_to_time(function_call& call) {
  const std::string_view text = call.text(0);
  const std::string prefix = "unable to parse time '" + std::string(text) + "': ";
  const auto value = parse_go_int(text, 10);
  if (!value.ok()) return function_error(prefix + value.error().message);
  switch (text.size()) {
    case 5:
      return template_value::of_time(local_time(*value * 86400, 0));
    case 10:
      return time_of_units(*value, 1);
    case 13:
      return time_of_units(*value, 1000);
    case 16:
      return time_of_units(*value, 1'000'000);
    case 19:
      return time_of_units(*value, 1'000'000'000);
    default:
      return function_error(prefix + "%!w(<nil>)");
  }
}

}  // namespace

void append_time_functions(std::vector<template_function>& out) {
  const template_function functions[] = {
      {"__timestamp__", call_timestamp, {}},
      {"now", call_now, {}},
      {"date", call_date, {type::text, type::any}},
      {"toDate", call_to_date, {type::text, type::text}},
      {"toDateInZone", call_to_date_in_zone, {type::text, type::text, type::text}},
      {"unixEpoch", call_unix_epoch, {type::time}},
      {"unixEpochMillis", call_unix_epoch_millis, {type::time}},
      {"unixEpochNanos", call_unix_epoch_nanos, {type::time}},
      {"unixToTime", call_unix_to_time, {type::text}},
  };
  out.insert(out.end(), std::begin(functions), std::end(functions));
}

}  // namespace skald::logql
