// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/template_node.h"

#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

void print(std::string& out, const template_node& node);

void print_joined(std::string& out, const std::vector<std::string>& names,
                  std::string_view separator) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += separator;
    out += names[i];
  }
}

void print_pipeline(std::string& out, const template_node& node) {
  if (!node.names.empty()) {
    print_joined(out, node.names, ", ");
    out += node.flag ? " = " : " := ";
  }
  for (std::size_t i = 0; i < node.children.size(); ++i) {
    if (i > 0) out += " | ";
    print(out, *node.children[i]);
  }
}

void print_operand(std::string& out, const template_node& node) {
  const bool in_parentheses = node.kind == node_kind::pipeline;
  if (in_parentheses) out += '(';
  print(out, node);
  if (in_parentheses) out += ')';
}

void print_control(std::string& out, const template_node& node, std::string_view word) {
  out += "{{";
  out += word;
  out += ' ';
  print(out, *node.children[0]);
  out += "}}";
  print(out, *node.children[1]);
  if (node.children[2]) {
    out += "{{else}}";
    print(out, *node.children[2]);
  }
  out += "{{end}}";
}

void print_leaf(std::string& out, const template_node& node) {
  switch (node.kind) {
    case node_kind::boolean:
      out += node.flag ? "true" : "false";
      break;
    case node_kind::dot:
      out += '.';
      break;
    case node_kind::nil:
      out += "nil";
      break;
    case node_kind::field:
      for (const std::string& name : node.names) out += '.' + name;
      break;
    case node_kind::variable:
      print_joined(out, node.names, ".");
      break;
    case node_kind::identifier:
    case node_kind::text:
      out += node.text;
      break;
    case node_kind::break_node:
      out += "{{break}}";
      break;
    case node_kind::continue_node:
      out += "{{continue}}";
      break;
    case node_kind::else_node:
      out += "{{else}}";
      break;
    case node_kind::end_node:
      out += "{{end}}";
      break;
    default:
      out += node.source;
      break;
  }
}

void print(std::string& out, const template_node& node) {
  switch (node.kind) {
    case node_kind::list:
      for (const template_node_ptr& child : node.children) print(out, *child);
      break;
    case node_kind::action:
      out += "{{";
      print(out, *node.children[0]);
      out += "}}";
      break;
    case node_kind::pipeline:
      print_pipeline(out, node);
      break;
    case node_kind::command:
      for (std::size_t i = 0; i < node.children.size(); ++i) {
        if (i > 0) out += ' ';
        print_operand(out, *node.children[i]);
      }
      break;
    case node_kind::chain:
      print_operand(out, *node.children[0]);
      for (const std::string& name : node.names) out += '.' + name;
      break;
    case node_kind::if_node:
      print_control(out, node, "if");
      break;
    case node_kind::with_node:
      print_control(out, node, "with");
      break;
    case node_kind::range_node:
      print_control(out, node, "range");
      break;
    case node_kind::template_call:
      out += "{{template ";
      append_go_quoted(out, node.text);
      if (node.children[0]) {
        out += ' ';
        print(out, *node.children[0]);
      }
      out += "}}";
      break;
    default:
      print_leaf(out, node);
      break;
  }
}

}  // namespace

std::string to_string(const template_node& node) {
  std::string out;
  print(out, node);
  return out;
}

}  // namespace skald::logql
