// SPDX-License-Identifier: Apache-2.0
// Walks a template's tree for one entry. One executor per execution; not thread-safe.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/template/template.h"
#include "runtime/logql/template/template_functions.h"
#include "runtime/logql/template/template_node.h"
#include "runtime/logql/template/template_value.h"

namespace skald::logql {

// What an execution needs of the compiled template; outlives the executor.
struct execution_source {
  std::string_view name;  // of the template, for error texts
  std::string_view text;
  const template_tree& trees;
};

class template_executor {
 public:
  template_executor(const execution_source& source, const template_input& input,
                    regex_source& regexes, std::string& out)
      : source_(source), input_(input), regexes_(regexes), out_(out), out_before_(out.size()) {}

  // Errors: invalid_argument with Go's text.
  result<void> run();

 private:
  enum class flow { normal, broken, continued, failed };
  struct variable {
    std::string_view name;
    template_value value;
  };

  flow walk(const template_value& dot, const template_node& node);
  flow walk_list(const template_value& dot, const template_node& list);
  flow walk_condition(const template_value& dot, const template_node& node);
  flow walk_range(const template_value& dot, const template_node& node);
  flow walk_item(const template_node& node, const template_value& index,
                 const template_value& item);
  template <class Item>
  flow walk_items(const template_node& node, std::size_t count, Item item_at);
  flow walk_call(const template_value& dot, const template_node& node);
  flow print(const template_node& node, const template_value& value);
  flow check_output();

  // All evaluations return nil after a failure; `failed_` tells.
  template_value evaluate_pipeline(const template_value& dot, const template_node& pipeline);
  template_value evaluate_command(const template_value& dot, const template_node& command,
                                  const template_value* piped);
  template_value evaluate_operand(const template_value& dot, const template_node& node);
  template_value evaluate_argument(const template_value& dot, const template_node& node,
                                   parameter_type type);
  template_value evaluate_constant(const template_node& node, parameter_type type);
  template_value evaluate_number(const template_node& node);
  template_value evaluate_function(const template_value& dot, const template_node& identifier,
                                   const template_node& at, const template_node* command,
                                   const template_value* piped);
  template_value call_function(const template_value& dot, const template_function& function,
                               const template_node& at, const template_node* command,
                               const template_value* piped);
  template_value evaluate_logic(const template_value& dot, const template_function& function,
                                const template_node* command, const template_value* piped);
  template_value evaluate_fields(const template_value& dot, const template_value& receiver,
                                 const template_node& node, std::size_t first,
                                 const template_node* command, const template_value* piped);
  template_value evaluate_field(const template_value& dot, const template_value& receiver,
                                const std::string& name, const template_node* command,
                                const template_value* piped);
  template_value call_time_method(const template_value& dot, const go_time& time,
                                  const std::string& name, const template_node* command,
                                  const template_value* piped);
  template_value check_type(const template_value& value, parameter_type type);

  template_value* find_variable(std::string_view name);
  void refuse_arguments(const template_node& command, const template_value* piped);
  // The labels as a whole, for everything but the look-up of one.
  template_value whole(const template_value& value);
  void at(const template_node& node) { node_ = &node; }
  template_value fail(std::string_view message);
  bool spend_step();

  const execution_source& source_;
  const template_input& input_;
  regex_source& regexes_;
  std::string& out_;
  const std::size_t out_before_;
  value_arena arena_;
  std::vector<variable> variables_;
  std::optional<template_value> whole_fields_;
  const template_node* node_ = nullptr;
  std::string_view executing_;
  std::string failure_;
  bool failed_ = false;
  std::size_t steps_ = 0;
  int depth_ = 0;
};

}  // namespace skald::logql
