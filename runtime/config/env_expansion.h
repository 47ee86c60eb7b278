// SPDX-License-Identifier: Apache-2.0
// -config.expand-env: replaces ${...} by environment variables before the file is parsed, comments
// included. Pure but for the look-up that is passed in.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace skald {

using env_lookup = std::function<std::optional<std::string>(const std::string&)>;

// ${VAR}, ${VAR:-default} (unset or empty), ${VAR-default} (unset), ${VAR:=default},
// ${VAR=default}, ${VAR:offset} and
// ${VAR:offset:length}, ${#VAR}, ${VAR^^}, ${VAR,,}, and $$ for a dollar sign. An unset variable is
// empty. As in Loki,
// ${VAR:word} is no default: the word is no offset and is ignored.
// Errors: invalid_argument for an unclosed "${", a bad name or an unknown form.
result<std::string> expand_environment(std::string_view text, const env_lookup& lookup);

// The look-up in this process' environment.
std::optional<std::string> process_environment(const std::string& name);

}  // namespace skald
