// SPDX-License-Identifier: Apache-2.0
// fmt.Sprintf of Go over template values. Pure function.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "runtime/logql/template/template_value.h"

namespace skald::logql {

// Appends the formatted text. Mistakes show up in it as Go writes them: `%!d(string=7)`,
// `%!s(MISSING)`, `%!(EXTRA string=x)`.
void append_printf(std::string& out, std::string_view format,
                   std::span<const template_value> arguments);

}  // namespace skald::logql
