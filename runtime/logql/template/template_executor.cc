// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/template_executor.h"

#include <algorithm>

#include "runtime/base/assert.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

// Nodes that one execution may visit, so that no template runs for ever.
constexpr std::size_t steps_max = 1'000'000;
constexpr int call_depth_max = 100;
// A step is mostly short, but a function of a long text takes a while.
constexpr std::size_t steps_per_check = 64;

template_value boxed(template_value value) {
  value.is_boxed = true;
  return value;
}

}  // namespace

result<void> template_executor::run() {
  const auto root = source_.trees.find("");
  executing_ = source_.name;
  template_value dot;
  dot.type = value_type::fields;
  variables_.push_back({"$", dot});
  if (root != source_.trees.end()) walk(dot, *root->second);
  if (failed_) return function_error(std::move(failure_));
  return {};
}

template_value template_executor::fail(std::string_view message) {
  if (failed_) return {};
  failed_ = true;
  failure_ = "template: " + std::string(source_.name);
  if (node_ != nullptr) {
    const std::string_view before = source_.text.substr(0, node_->position);
    const std::size_t newline = before.rfind('\n');
    const std::size_t column =
        newline == std::string_view::npos ? before.size() : before.size() - newline - 1;
    failure_ += ":" + std::to_string(1 + std::count(before.begin(), before.end(), '\n')) + ":" +
                std::to_string(column) + ": executing ";
    append_go_quoted(failure_, executing_);
    failure_ += " at <" + to_string(*node_) + ">";
  }
  failure_ += ": ";
  failure_ += message;
  return {};
}

bool template_executor::spend_step() {
  if (++steps_ > steps_max) {
    fail("template takes too many steps");
    return false;
  }
  if (input_.cancelled == nullptr || steps_ % steps_per_check != 1) return true;
  if (const auto live = input_.cancelled->check(); !live.ok()) {
    fail(live.error().message);
    return false;
  }
  return true;
}

template_value template_executor::whole(const template_value& value) {
  if (value.type != value_type::fields || value.map != nullptr) return value;
  if (!whole_fields_) {
    std::vector<std::pair<std::string_view, std::string_view>> all;
    input_.fields->append_all(all);
    value_map map;
    for (const auto& [name, text] : all) {
      map.insert_or_assign(std::string(name), template_value::of_text(text));
    }
    whole_fields_ = template_value::of_map(arena_.keep(std::move(map)));
    whole_fields_->type = value_type::fields;
  }
  return *whole_fields_;
}

template_executor::flow template_executor::walk(const template_value& dot,
                                                const template_node& node) {
  if (!spend_step()) return flow::failed;
  at(node);
  switch (node.kind) {
    case node_kind::text:
      out_ += node.text;
      return check_output();
    case node_kind::list:
      return walk_list(dot, node);
    case node_kind::action: {
      const template_value value = evaluate_pipeline(dot, *node.children[0]);
      if (failed_) return flow::failed;
      return node.children[0]->names.empty() ? print(node, value) : flow::normal;
    }
    case node_kind::if_node:
    case node_kind::with_node:
      return walk_condition(dot, node);
    case node_kind::range_node:
      return walk_range(dot, node);
    case node_kind::template_call:
      return walk_call(dot, node);
    case node_kind::break_node:
      return flow::broken;
    case node_kind::continue_node:
      return flow::continued;
    default:
      fail("unknown node");
      return flow::failed;
  }
}

template_executor::flow template_executor::walk_list(const template_value& dot,
                                                     const template_node& list) {
  for (const template_node_ptr& child : list.children) {
    const flow outcome = walk(dot, *child);
    if (outcome != flow::normal) return outcome;
  }
  return flow::normal;
}

template_executor::flow template_executor::print(const template_node& node,
                                                 const template_value& value) {
  at(node);
  if (value.type == value_type::nil) {
    out_ += "<no value>";
  } else {
    append_value(out_, whole(value));
  }
  return check_output();
}

template_executor::flow template_executor::check_output() {
  if (out_.size() - out_before_ <= execution_bytes_max) return flow::normal;
  fail("output is too long");
  return flow::failed;
}

template_executor::flow template_executor::walk_condition(const template_value& dot,
                                                          const template_node& node) {
  const std::size_t mark = variables_.size();
  const template_value value = whole(evaluate_pipeline(dot, *node.children[0]));
  if (failed_) return flow::failed;
  flow outcome = flow::normal;
  if (is_truth(value)) {
    outcome = walk(node.kind == node_kind::with_node ? value : dot, *node.children[1]);
  } else if (node.children[2]) {
    outcome = walk(dot, *node.children[2]);
  }
  variables_.resize(mark);
  return outcome;
}

template <class Item>
template_executor::flow template_executor::walk_items(const template_node& node, std::size_t count,
                                                      Item item_at) {
  for (std::size_t i = 0; i < count; ++i) {
    const auto [index, item] = item_at(i);
    const flow outcome = walk_item(node, index, item);
    if (outcome == flow::failed) return outcome;
    if (outcome == flow::broken) break;
  }
  return flow::normal;
}

template_executor::flow template_executor::walk_range(const template_value& dot,
                                                      const template_node& node) {
  at(node);
  const std::size_t mark = variables_.size();
  const template_value value = whole(evaluate_pipeline(dot, *node.children[0]));
  if (failed_) return flow::failed;
  using pair = std::pair<template_value, template_value>;
  flow outcome = flow::normal;
  bool ran = false;
  if (value.type == value_type::list) {
    SKALD_ASSERT(value.list != nullptr);
    ran = !value.list->empty();
    outcome = walk_items(node, value.list->size(), [&](std::size_t i) {
      return pair(template_value::of_int(static_cast<std::int64_t>(i)), boxed((*value.list)[i]));
    });
  } else if (value.is_map()) {
    SKALD_ASSERT(value.map != nullptr);
    ran = !value.map->empty();
    auto entry = value.map->begin();
    outcome = walk_items(node, value.map->size(), [&](std::size_t) {
      const auto current = entry++;
      return pair(template_value::of_text(current->first),
                  value.type == value_type::map ? boxed(current->second) : current->second);
    });
  } else if (value.is_integer()) {
    std::string text;
    append_value(text, value);
    if (node.children[0]->names.size() > 1) {
      fail("can't use " + text + " to iterate over more than one variable");
      return flow::failed;
    }
    ran = value.number > 0;
    outcome = walk_items(node, ran ? value.number : 0, [&](std::size_t i) {
      return pair({}, template_value::of_int(static_cast<std::int64_t>(i), value.type));
    });
  } else if (value.type != value_type::nil) {
    std::string message = "range can't iterate over ";
    append_value(message, value);
    fail(message);
    return flow::failed;
  }
  if (!ran && node.children[2] && outcome == flow::normal) outcome = walk(dot, *node.children[2]);
  variables_.resize(mark);
  return outcome;
}

template_executor::flow template_executor::walk_item(const template_node& node,
                                                     const template_value& index,
                                                     const template_value& item) {
  const template_node& pipeline = *node.children[0];
  const std::size_t count = pipeline.names.size();
  const std::size_t mark = variables_.size();
  // One variable is the item; of two, the first is the index.
  for (std::size_t i = 0; i < count; ++i) {
    if (template_value* slot = find_variable(pipeline.names[i])) {
      *slot = i + 1 == count ? item : index;
    }
  }
  const flow outcome = walk(item, *node.children[1]);
  variables_.resize(mark);
  return outcome;
}

template_executor::flow template_executor::walk_call(const template_value& dot,
                                                     const template_node& node) {
  at(node);
  const auto found = source_.trees.find(node.text);
  if (found == source_.trees.end() || node.text.empty()) {
    std::string message = "template ";
    append_go_quoted(message, node.text);
    fail(message + " not defined");
    return flow::failed;
  }
  if (depth_ >= call_depth_max) {
    fail("exceeded maximum template depth (100000)");
    return flow::failed;
  }
  template_value argument;
  if (node.children[0]) argument = evaluate_pipeline(dot, *node.children[0]);
  if (failed_) return flow::failed;
  std::vector<variable> outer;
  outer.swap(variables_);
  const std::string_view outer_name = std::exchange(executing_, found->first);
  variables_.push_back({"$", argument});
  ++depth_;
  const flow outcome = walk(argument, *found->second);
  --depth_;
  executing_ = outer_name;
  variables_.swap(outer);
  return outcome;
}

template_value* template_executor::find_variable(std::string_view name) {
  for (auto entry = variables_.rbegin(); entry != variables_.rend(); ++entry) {
    if (entry->name == name) return &entry->value;
  }
  fail("undefined variable: " + std::string(name));
  return nullptr;
}

template_value template_executor::evaluate_pipeline(const template_value& dot,
                                                    const template_node& pipeline) {
  at(pipeline);
  template_value value;
  bool is_first = true;
  for (const template_node_ptr& command : pipeline.children) {
    const template_value piped = value;
    value = evaluate_command(dot, *command, is_first ? nullptr : &piped);
    if (failed_) return {};
    value.is_boxed = false;
    is_first = false;
  }
  for (const std::string& name : pipeline.names) {
    if (!pipeline.flag) {
      variables_.push_back({name, value});
    } else if (template_value* slot = find_variable(name)) {
      *slot = value;
    }
  }
  return value;
}

void template_executor::refuse_arguments(const template_node& command,
                                         const template_value* piped) {
  if (command.children.size() > 1 || piped != nullptr) {
    fail("can't give argument to non-function " + to_string(*command.children[0]));
  }
}

template_value template_executor::evaluate_command(const template_value& dot,
                                                   const template_node& command,
                                                   const template_value* piped) {
  if (!spend_step()) return {};
  const template_node& word = *command.children[0];
  switch (word.kind) {
    case node_kind::field:
      at(word);
      return evaluate_fields(dot, dot, word, 0, &command, piped);
    case node_kind::chain: {
      at(word);
      if (word.children[0]->kind == node_kind::nil) {
        return fail("indirection through explicit nil in " + to_string(word));
      }
      const template_value receiver = evaluate_operand(dot, *word.children[0]);
      return evaluate_fields(dot, receiver, word, 0, &command, piped);
    }
    case node_kind::identifier:
      return evaluate_function(dot, word, command, &command, piped);
    case node_kind::pipeline:
      refuse_arguments(command, piped);
      return failed_ ? template_value{} : evaluate_pipeline(dot, word);
    case node_kind::variable: {
      at(word);
      const template_value* value = find_variable(word.names[0]);
      if (value == nullptr) return {};
      if (word.names.size() > 1) {
        return evaluate_fields(dot, *value, word, 1, &command, piped);
      }
      const template_value copy = *value;
      refuse_arguments(command, piped);
      return copy;
    }
    default:
      break;
  }
  at(word);
  refuse_arguments(command, piped);
  if (failed_) return {};
  if (word.kind == node_kind::nil) return fail("nil is not a command");
  return evaluate_operand(dot, word);
}

// The value of an operand that stands alone.
template_value template_executor::evaluate_operand(const template_value& dot,
                                                   const template_node& node) {
  if (!spend_step()) return {};
  at(node);
  switch (node.kind) {
    case node_kind::boolean:
      return template_value::of_bool(node.flag);
    case node_kind::dot:
      return dot;
    case node_kind::nil:
      return {};
    case node_kind::number:
      return evaluate_number(node);
    case node_kind::constant:
      return template_value::of_text(node.text);
    case node_kind::field:
      return evaluate_fields(dot, dot, node, 0, nullptr, nullptr);
    case node_kind::variable: {
      const template_value* value = find_variable(node.names[0]);
      if (value == nullptr || node.names.size() == 1) {
        return value == nullptr ? template_value{} : *value;
      }
      return evaluate_fields(dot, *value, node, 1, nullptr, nullptr);
    }
    case node_kind::chain: {
      if (node.children[0]->kind == node_kind::nil) {
        return fail("indirection through explicit nil in " + to_string(node));
      }
      const template_value receiver = evaluate_operand(dot, *node.children[0]);
      return evaluate_fields(dot, receiver, node, 0, nullptr, nullptr);
    }
    case node_kind::identifier:
      return evaluate_function(dot, node, node, nullptr, nullptr);
    case node_kind::pipeline:
      return evaluate_pipeline(dot, node);
    default:
      return fail("can't handle " + to_string(node));
  }
}

template_value template_executor::evaluate_number(const template_node& node) {
  if (node.is_written_as_real) return template_value::of_real(node.real);
  return template_value::of_int(node.number);
}

template_value template_executor::evaluate_fields(const template_value& dot,
                                                  const template_value& receiver,
                                                  const template_node& node, std::size_t first,
                                                  const template_node* command,
                                                  const template_value* piped) {
  template_value value = receiver;
  for (std::size_t i = first; i < node.names.size() && !failed_; ++i) {
    const bool is_last = i + 1 == node.names.size();
    // A field of nothing is nothing, but a field of a nil that a map holds is a mistake.
    if (value.type == value_type::nil && i == first) return {};
    value = evaluate_field(dot, value, node.names[i], is_last ? command : nullptr,
                           is_last ? piped : nullptr);
  }
  return failed_ ? template_value{} : value;
}

template_value template_executor::evaluate_field(const template_value& dot,
                                                 const template_value& receiver,
                                                 const std::string& name,
                                                 const template_node* command,
                                                 const template_value* piped) {
  if (receiver.type == value_type::nil) {
    return fail("nil pointer evaluating interface {}." + name);
  }
  if (receiver.type == value_type::time) {
    return call_time_method(dot, receiver.time, name, command, piped);
  }
  if (!receiver.is_map()) {
    return fail("can't evaluate field " + name + " in type " +
                std::string(receiver.is_boxed ? "interface {}" : type_name(receiver.type)));
  }
  if ((command != nullptr && command->children.size() > 1) || piped != nullptr) {
    return fail(name + " is not a method but has arguments");
  }
  if (receiver.map == nullptr) return template_value::of_text(input_.fields->get(name));
  const auto found = receiver.map->find(name);
  if (found != receiver.map->end()) {
    template_value value = found->second;
    value.is_boxed = receiver.type == value_type::map;
    return value;
  }
  return receiver.type == value_type::fields ? template_value::of_text("") : template_value{};
}

}  // namespace skald::logql
