// SPDX-License-Identifier: Apache-2.0
// Template tokens to trees, with Go's error texts.
#pragma once

#include <functional>
#include <string_view>

#include "runtime/base/result.h"
#include "runtime/logql/template/template_node.h"

namespace skald::logql {

// Deepest nesting of controls and parentheses.
constexpr int template_depth_max = 500;

// `name` is what error texts call the template; `has_function` tells which words are functions.
// Errors: invalid_argument, `template: line:1: unclosed action`.
result<template_tree> parse_template(std::string_view name, std::string_view text,
                                     const std::function<bool(std::string_view)>& has_function);

}  // namespace skald::logql
