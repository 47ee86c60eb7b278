// SPDX-License-Identifier: Apache-2.0
// The syntax tree of templates.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace skald::logql {

struct template_node;
using template_node_ptr = std::unique_ptr<template_node>;

enum class node_kind {
  list,           // children: items in order
  text,           // text: the output
  action,         // children[0]: pipeline
  pipeline,       // children: commands; names: declared variables
  command,        // children: the word and its arguments
  boolean,        // flag
  character,      // number
  dot,            // -
  nil,            // -
  field,          // names: .a.b
  variable,       // names: $x, then fields
  chain,          // children[0]: operand; names: fields behind it
  identifier,     // text: a function's name
  number,         // number, real
  constant,       // text: the value; source: as written
  if_node,        // children[0]: pipeline, [1]: list, [2]: else list or null
  with_node,      // likewise
  range_node,     // likewise
  template_call,  // text: name; children[0]: pipeline or null
  break_node,
  continue_node,
  else_node,  // only while parsing
  end_node    // only while parsing
};

struct template_node {
  node_kind kind = node_kind::list;
  std::size_t position = 0;  // byte offset in the template text
  std::string text;
  std::string source;  // numbers and constants: as written
  std::vector<std::string> names;
  std::vector<template_node_ptr> children;
  bool flag = false;  // booleans; pipelines: `=` instead of `:=`
  bool is_int = false;
  bool is_real = false;
  bool is_written_as_real = false;  // 1.5, 1e3: such a constant is a float64
  std::int64_t number = 0;
  double real = 0;
};

// The node as Go prints it in error texts: `.a.b`, `div 1 (int .x)`.
std::string to_string(const template_node& node);

// All templates of one text: the main one has the empty name.
using template_tree = std::map<std::string, template_node_ptr>;

}  // namespace skald::logql
