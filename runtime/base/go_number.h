// SPDX-License-Identifier: Apache-2.0
// Numbers as Go's strconv and fmt read and write them, with strconv's error texts: label values
// that are compared with numbers, LogQL literals and templates all follow these rules. Pure
// functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace skald {

// strconv.ParseFloat(text, 64): decimal and hexadecimal (with p exponent) floats, `_` between
// digits, inf, infinity and nan in any case. Underflow gives zero.
// Errors: invalid_argument, `strconv.ParseFloat: parsing "x": invalid syntax` or
// `...: value out of range`.
result<double> parse_go_float(std::string_view text);

// Whether `text` is a number for parse_go_float; no allocation either way. Hot paths use this form.
bool try_parse_go_float(std::string_view text, double& value);

// strconv.ParseInt(text, base, 64); base 0 reads the prefixes 0x, 0o, 0b and 0 and allows `_`.
// Errors: as above with strconv.ParseInt; `value out of range` beyond 64 bits.
result<std::int64_t> parse_go_int(std::string_view text, int base);

// Appends a float as %v and strconv.FormatFloat(value, 'g', -1, 64) do: the shortest digits that
// read back, with an exponent when it is below -4 or above 5 ("100000", "1e+06", "1.5e-07"). NaN,
// +Inf, -Inf.
void append_go_float_g(std::string& out, double value);

// Appends a float without exponent: strconv.FormatFloat(value, 'f', -1, 64).
void append_go_float_f(std::string& out, double value);

// `text` in double quotes with Go's escapes for quotes, backslashes, control bytes and bytes that
// are no UTF-8; other text beyond ASCII stays as it is.
std::string quote_for_error(std::string_view text);

}  // namespace skald
