// SPDX-License-Identifier: Apache-2.0
// Number and character constants of templates.
#pragma once

#include "runtime/base/result.h"
#include "runtime/logql/template/template_lexer.h"
#include "runtime/logql/template/template_node.h"

namespace skald::logql {

// Fills the number fields of `node` from a number or character token.
// Errors: invalid_argument with Go's text, `illegal number syntax: "x"`.
result<void> read_template_number(const template_token& token, template_node& node);

}  // namespace skald::logql
