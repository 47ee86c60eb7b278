// SPDX-License-Identifier: Apache-2.0
// Whole numbers, floats and decimal arithmetic.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "runtime/base/units.h"
#include "runtime/logql/template/template_functions.h"

namespace skald::logql {
namespace {

using type = parameter_type;

template_value of_int64(std::int64_t number) {
  return template_value::of_int(number, value_type::integer64);
}

// Go's integers wrap around.
std::int64_t wrap_add(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
}
std::int64_t wrap_subtract(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
}
std::int64_t wrap_multiply(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(a) * static_cast<std::uint64_t>(b));
}

function_result call_add(function_call& call) {
  std::int64_t sum = 0;
  for (const template_value& value : call.arguments) sum = wrap_add(sum, to_integer(value));
  return of_int64(sum);
}

function_result call_sub(function_call& call) {
  return of_int64(wrap_subtract(to_integer(call.at(0)), to_integer(call.at(1))));
}

function_result call_mul(function_call& call) {
  std::int64_t product = 1;
  for (const template_value& value : call.arguments) {
    product = wrap_multiply(product, to_integer(value));
  }
  return of_int64(product);
}

function_result divide(function_call& call, bool wants_rest) {
  const std::int64_t a = to_integer(call.at(0));
  const std::int64_t b = to_integer(call.at(1));
  if (b == 0) return function_error("runtime error: integer divide by zero");
  if (b == -1) return of_int64(wants_rest ? 0 : wrap_subtract(0, a));
  return of_int64(wants_rest ? a % b : a / b);
}

function_result call_div(function_call& call) {
  return divide(call, false);
}

function_result call_mod(function_call& call) {
  return divide(call, true);
}

function_result call_max(function_call& call) {
  std::int64_t best = to_integer(call.at(0));
  for (const template_value& value : call.arguments) best = std::max(best, to_integer(value));
  return of_int64(best);
}

function_result call_min(function_call& call) {
  std::int64_t best = to_integer(call.at(0));
  for (const template_value& value : call.arguments) best = std::min(best, to_integer(value));
  return of_int64(best);
}

function_result call_maxf(function_call& call) {
  double best = to_real(call.at(0));
  for (const template_value& value : call.arguments) {
    const double real = to_real(value);
    if (std::isnan(real) || std::isnan(best) || real > best) best = std::isnan(best) ? best : real;
  }
  return template_value::of_real(best);
}

function_result call_minf(function_call& call) {
  double best = to_real(call.at(0));
  for (const template_value& value : call.arguments) {
    const double real = to_real(value);
    if (std::isnan(real) || std::isnan(best) || real < best) best = std::isnan(best) ? best : real;
  }
  return template_value::of_real(best);
}

// Wide enough for the decimal arithmetic of 17-digit numbers: addf 2.5 0.1 0.2 is 2.8.
#if defined(__SIZEOF_FLOAT128__)
using wide_float = __float128;
#else
using wide_float = long double;
#endif

wide_float power_of_ten(int exponent) {
  wide_float power = 1;
  wide_float factor = 10;
  for (int left = exponent; left > 0; left >>= 1, factor *= factor) {
    if ((left & 1) != 0) power *= factor;
  }
  return power;
}

// The shortest decimal of the number, taken exactly.
wide_float to_decimal(double value) {
  if (!std::isfinite(value) || value == 0) return value;
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::scientific);
  const char* e = std::find(text, end.ptr, 'e');
  int exponent = 0;
  std::from_chars(e[1] == '+' ? e + 2 : e + 1, end.ptr, exponent);
  wide_float digits = 0;
  int count = 0;
  for (const char* c = text; c != e; ++c) {
    if (*c < '0' || *c > '9') continue;
    digits = digits * 10 + (*c - '0');
    ++count;
  }
  exponent -= count - 1;
  if (*text == '-') digits = -digits;
  return exponent >= 0 ? digits * power_of_ten(exponent) : digits / power_of_ten(-exponent);
}

function_result call_addf(function_call& call) {
  wide_float sum = 0;
  for (const template_value& value : call.arguments) sum += to_decimal(to_real(value));
  return template_value::of_real(static_cast<double>(sum));
}

function_result call_subf(function_call& call) {
  wide_float rest = to_decimal(to_real(call.at(0)));
  for (const template_value& value : call.arguments.subspan(1)) {
    rest -= to_decimal(to_real(value));
  }
  return template_value::of_real(static_cast<double>(rest));
}

function_result call_mulf(function_call& call) {
  wide_float product = to_decimal(to_real(call.at(0)));
  for (const template_value& value : call.arguments.subspan(1)) {
    product *= to_decimal(to_real(value));
  }
  // Decimals know no negative zero.
  return template_value::of_real(product == 0 ? 0.0 : static_cast<double>(product));
}

// Quotients keep 16 decimals, rounded half away from zero.
wide_float round_quotient(wide_float quotient) {
  constexpr double exact_max = 1e17;
  if (!(quotient < exact_max && quotient > -exact_max)) return quotient;
  const wide_float scale = power_of_ten(16);
  const wide_float scaled = quotient * scale;
  const auto whole = static_cast<__int128>(scaled + (scaled < 0 ? -0.5 : 0.5));
  return static_cast<wide_float>(whole) / scale;
}

function_result call_divf(function_call& call) {
  wide_float quotient = to_decimal(to_real(call.at(0)));
  for (const template_value& value : call.arguments.subspan(1)) {
    const wide_float by = to_decimal(to_real(value));
    if (by == 0) return function_error("decimal division by 0");
    quotient = round_quotient(quotient / by);
  }
  return template_value::of_real(quotient == 0 ? 0.0 : static_cast<double>(quotient));
}

function_result call_ceil(function_call& call) {
  return template_value::of_real(std::ceil(to_real(call.at(0))));
}

function_result call_floor(function_call& call) {
  return template_value::of_real(std::floor(to_real(call.at(0))));
}

function_result call_round(function_call& call) {
  const double round_on = call.arguments.size() > 2 ? call.at(2).real : 0.5;
  const double power = std::pow(10.0, static_cast<double>(call.number(1)));
  const double scaled = power * to_real(call.at(0));
  double whole = 0;
  const double fraction = std::modf(scaled, &whole);
  const double rounded = fraction >= round_on ? std::ceil(scaled) : std::floor(scaled);
  return template_value::of_real(rounded / power);
}

function_result call_int(function_call& call) {
  return template_value::of_int(to_integer(call.at(0)));
}

function_result call_float64(function_call& call) {
  return template_value::of_real(to_real(call.at(0)));
}

function_result call_bytes(function_call& call) {
  SKALD_TRY_ASSIGN(const std::uint64_t bytes, parse_bytes(call.text(0)));
  return template_value::of_real(static_cast<double>(bytes));
}

function_result call_duration(function_call& call) {
  SKALD_TRY_ASSIGN(const std::int64_t nanoseconds, parse_go_duration(call.text(0)));
  // As Go's Duration.Seconds: whole seconds and the rest apart, for the last digit.
  const std::int64_t seconds = nanoseconds / 1'000'000'000;
  const std::int64_t rest = nanoseconds % 1'000'000'000;
  return template_value::of_real(static_cast<double>(seconds) + static_cast<double>(rest) / 1e9);
}

}  // namespace

void append_number_functions(std::vector<template_function>& out) {
  const std::vector<type> one{type::any};
  const std::vector<type> two{type::any, type::any};
  const template_function functions[] = {
      {"add", call_add, one, true},
      {"sub", call_sub, two},
      {"mul", call_mul, two, true},
      {"div", call_div, two},
      {"mod", call_mod, two},
      {"max", call_max, two, true},
      {"min", call_min, two, true},
      {"maxf", call_maxf, two, true},
      {"minf", call_minf, two, true},
      {"addf", call_addf, one, true},
      {"subf", call_subf, two, true},
      {"mulf", call_mulf, two, true},
      {"divf", call_divf, two, true},
      {"ceil", call_ceil, one},
      {"floor", call_floor, one},
      {"round", call_round, {type::any, type::integer, type::real}, true},
      {"int", call_int, one},
      {"float64", call_float64, one},
      {"bytes", call_bytes, {type::text}},
      {"duration", call_duration, {type::text}},
      {"duration_seconds", call_duration, {type::text}},
  };
  out.insert(out.end(), std::begin(functions), std::end(functions));
}

}  // namespace skald::logql
