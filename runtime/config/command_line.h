// SPDX-License-Identifier: Apache-2.0
// Go-style flags: one or two dashes, -name=value or -name value, booleans need "=". Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"

namespace skald {

struct command_line {
  std::string config_file;  // -config.file; empty: the default list
  bool expand_env = false;
  bool verify_config = false;
  bool print_config_stderr = false;
  bool log_config_reverse_order = false;
  bool list_targets = false;
  bool version = false;
  bool help = false;
  bool health = false;
  std::string health_url = "http://localhost:3100/ready";
  // Flags that set configuration keys, as (key path, value text), in order.
  std::vector<std::pair<std::string, std::string>> settings;
  // Known flags without effect, as written: one warning each.
  std::vector<std::string> ignored;
};

// `arguments` without the program's name.
// Errors: invalid_argument with Go's text (`flag provided but not defined: -x`, `flag needs an
// argument: -x`, `invalid value "x" for flag -y: ...`); print it and flag_help_hint(), exit
// status 2.
result<command_line> parse_command_line(const std::vector<std::string>& arguments);

// "Run with -help to get list of available parameters"
std::string_view flag_help_hint();

// All flags, one per line with its meaning: the text of -help.
std::string flag_help();

// `skald, version 0.1.0 (branch: main, revision: abc)` and the lines that follow it.
std::string version_text(std::string_view version, std::string_view branch,
                         std::string_view revision);

}  // namespace skald
