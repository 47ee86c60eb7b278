// SPDX-License-Identifier: Apache-2.0
// How values are written in files and flags: reading text into a typed place, and printing it back.
// Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/result.h"

namespace YAML {
class Node;
}

namespace skald {

struct config_draft;

// A value with a form of its own (lists of mappings, enumerations).
struct custom_value {
  result<void> (*read)(config_draft&, const YAML::Node&);
  std::string (*print)(const config_draft&);  // YAML in flow style
  std::string_view type;
};

// Where a key's value lives, and by that its type. std::uint64_t is a size in bytes, std::int64_t
// any other number.
using value_ref = std::variant<bool*, std::int64_t*, std::uint64_t*, double*, std::string*,
                               std::vector<std::string>*, std::chrono::nanoseconds*, custom_value>;

// "boolean", "integer", "size", ...: for the reference page.
std::string_view type_name(const value_ref& ref);

// Prometheus style, Go style or plain 0. Errors: invalid_argument.
result<std::chrono::nanoseconds> parse_config_duration(std::string_view text);
// A number of bytes with an optional unit, whose steps are 1024: 256KB, 5M, 1.5GiB. Errors:
// invalid_argument.
result<std::uint64_t> parse_config_size(std::string_view text);
// "256KB", "5MB", "17": the largest unit that divides it.
std::string format_config_size(std::uint64_t bytes);

// Reads a flag's text. Lists are comma separated. Errors: invalid_argument with Go's wording
// (`parse error`, ...).
result<void> assign_text(const value_ref& to, std::string_view text);

// Reads a YAML value. Null leaves the value as it is. Errors: invalid_argument, `line 3: cannot
// unmarshal ...`.
result<void> assign_yaml(const value_ref& to, const YAML::Node& from, config_draft& draft);

// The value as YAML (scalars quoted where needed, lists in flow style).
std::string print_value(const value_ref& from, const config_draft& draft);

}  // namespace skald
