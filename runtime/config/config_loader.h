// SPDX-License-Identifier: Apache-2.0
// Makes a node_config from a command line and Loki's YAML: built-in defaults, then the file, then
// flags, then derived values. Reads files; no other effect. Text formats and error texts follow
// Loki (docs/configuration.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/command_line.h"
#include "runtime/config/node_config.h"

namespace skald {

struct loaded_config {
  node_config config;
  std::string file;                   // the file that was read; empty when there was none
  std::vector<std::string> warnings;  // one per key that is known but has no effect
};

// Finds and reads the file that `flags` name (of a comma list the first that exists), applies the
// flags and derives the rest. Without -config.file and without a default file (config.yaml,
// config/config.yaml) the result is a single node under ./data with authentication off. Errors:
// invalid_argument or not_found with the text to print; exit status 1 (see Loki's `failed parsing
// config: ...`).
result<loaded_config> load_config(const command_line& flags);

// The same from YAML text in memory; `name` stands in messages.
result<loaded_config> parse_config(std::string_view yaml, std::string_view name,
                                   const command_line& flags = {});

// The effective configuration as YAML under Loki's keys, for /config and -print-config-stderr.
// Secrets are masked.
std::string dump_config(const node_config& config);

// The limits of one tenant as YAML (/config/tenant/v1/limits).
std::string dump_limits(const tenant_limits& limits);

}  // namespace skald
