// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/template_number.h"

#include <cmath>

#include "runtime/base/go_number.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

error quoted_error(std::string message, std::string_view text) {
  append_go_quoted(message, text);
  return error{errc::invalid_argument, std::move(message)};
}

// 'x', with the escapes of Go's strings.
result<void> read_character(const std::string& text, template_node& node) {
  const std::string inner = text.substr(1, text.size() - 2);
  std::string value;
  if (inner == "\\'") {
    value = "'";
  } else {
    // In double quotes the other quote needs the backslash.
    auto unquoted = scan_go_string(inner == "\"" ? "\"\\\"\"" : "\"" + inner + "\"");
    if (!unquoted.ok()) return error{errc::invalid_argument, "invalid syntax"};
    value = std::move(unquoted->value);
  }
  if (value.empty()) return error{errc::invalid_argument, "invalid syntax"};
  std::size_t length = 0;
  node.number = decode_utf8(value, length);
  if (length != value.size()) {
    return error{errc::invalid_argument, "malformed character constant: " + text};
  }
  node.is_int = true;
  node.is_real = true;
  node.real = static_cast<double>(node.number);
  return {};
}

}  // namespace

result<void> read_template_number(const template_token& token, template_node& node) {
  const std::string& text = token.value;
  if (token.kind == template_token_kind::character_constant) return read_character(text, node);
  if (token.kind == template_token_kind::complex || text.back() == 'i') {
    return quoted_error("illegal number syntax: ", text);
  }
  if (const auto whole = parse_go_int(text, 0); whole.ok()) {
    node.is_int = true;
    node.is_real = true;
    node.number = *whole;
    node.real = static_cast<double>(*whole);
    return {};
  }
  const auto real = parse_go_float(text);
  if (!real.ok()) return quoted_error("illegal number syntax: ", text);
  const bool is_hex_int = text.size() > 2 && (text[1] == 'x' || text[1] == 'X') &&
                          text.find_first_of("pP") == std::string::npos;
  if (is_hex_int || text.find_first_of(".eEpP") == std::string::npos) {
    return quoted_error("integer overflow: ", text);
  }
  node.is_real = true;
  node.is_written_as_real = true;
  node.real = *real;
  constexpr double int64_bound = 9223372036854775808.0;
  if (node.real >= -int64_bound && node.real < int64_bound && node.real == std::trunc(node.real)) {
    node.is_int = true;
    node.number = static_cast<std::int64_t>(node.real);
  }
  return {};
}

}  // namespace skald::logql
