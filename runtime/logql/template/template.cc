// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/template.h"

#include <re2/re2.h>

#include <algorithm>
#include <map>

#include "runtime/logql/scan/go_regex.h"
#include "runtime/logql/template/template_executor.h"
#include "runtime/logql/template/template_functions.h"
#include "runtime/logql/template/template_parser.h"

namespace skald::logql {

// A piece of a template that is only text and fields.
struct plain_segment {
  bool is_field = false;
  std::string text;  // the text, or the field's name
};

class template_program {
 public:
  std::string name;
  std::string text;
  template_tree trees;
  std::vector<std::string> field_names;
  bool reads_all_fields = false;
  // Set when the template is nothing but text and fields: it then runs without the executor.
  bool is_plain = false;
  std::vector<plain_segment> segments;
  // Expressions that are written in the template, compiled once.
  std::map<std::string, std::unique_ptr<re2::RE2>, std::less<>> regexes;
};

namespace {

bool takes_regex(std::string_view function) {
  return function == "regexReplaceAll" || function == "regexReplaceAllLiteral" ||
         function == "count";
}

// Collects what the program needs to know of its trees.
class tree_reader {
 public:
  explicit tree_reader(template_program& program) : program_(program) {}

  void read(const template_node& node) {
    switch (node.kind) {
      case node_kind::field:
        add_names(node, 0);
        break;
      case node_kind::chain:
        add_names(node, 0);
        break;
      case node_kind::variable:
        add_names(node, 1);
        if (node.names.size() == 1 && node.names[0] == "$") program_.reads_all_fields = true;
        break;
      case node_kind::dot:
        program_.reads_all_fields = true;
        break;
      case node_kind::command:
        read_regex(node);
        break;
      default:
        break;
    }
    for (const template_node_ptr& child : node.children) {
      if (child) read(*child);
    }
  }

 private:
  void add_names(const template_node& node, std::size_t first) {
    program_.field_names.insert(program_.field_names.end(), node.names.begin() + first,
                                node.names.end());
  }

  // An expression that does not compile fails when the function is called.
  void read_regex(const template_node& command) {
    if (command.children.size() < 2) return;
    const template_node& word = *command.children[0];
    const template_node& regex = *command.children[1];
    if (word.kind != node_kind::identifier || !takes_regex(word.text)) return;
    if (regex.kind != node_kind::constant) return;
    auto compiled = compile_go_regex(regex.text);
    if (compiled.ok()) program_.regexes.emplace(regex.text, std::move(*compiled));
  }

  template_program& program_;
};

// The field's name when the action is `{{.name}}`, else null.
const std::string* plain_field(const template_node& node) {
  if (node.kind != node_kind::action) return nullptr;
  const template_node& pipeline = *node.children[0];
  if (!pipeline.names.empty() || pipeline.children.size() != 1) return nullptr;
  const template_node& command = *pipeline.children[0];
  if (command.children.size() != 1) return nullptr;
  const template_node& word = *command.children[0];
  const bool is_field = word.kind == node_kind::field && word.names.size() == 1;
  return is_field ? &word.names[0] : nullptr;
}

void find_segments(template_program& program) {
  const template_node& root = *program.trees.at("");
  for (const template_node_ptr& child : root.children) {
    if (child->kind == node_kind::text) {
      program.segments.push_back({false, child->text});
    } else if (const std::string* name = plain_field(*child)) {
      program.segments.push_back({true, *name});
    } else {
      return;
    }
  }
  program.is_plain = true;
}

class program_regexes final : public regex_source {
 public:
  explicit program_regexes(const template_program& program) : program_(program) {}

  result<const re2::RE2*> compile(std::string_view regex) override {
    const auto known = program_.regexes.find(regex);
    if (known != program_.regexes.end()) return known->second.get();
    auto compiled = compile_go_regex(regex);
    if (!compiled.ok()) return std::move(compiled).error();
    last_ = std::move(*compiled);
    return last_.get();
  }

 private:
  const template_program& program_;
  std::unique_ptr<re2::RE2> last_;
};

}  // namespace

compiled_template::compiled_template(std::shared_ptr<const template_program> program)
    : program_(std::move(program)) {}

result<compiled_template> compiled_template::parse(std::string_view name, std::string_view text) {
  auto program = std::make_shared<template_program>();
  program->name = name;
  program->text = text;
  SKALD_TRY_ASSIGN(program->trees, parse_template(name, program->text, [](std::string_view word) {
                     return find_function(word) != nullptr;
                   }));
  tree_reader reader(*program);
  for (const auto& [tree_name, tree] : program->trees) reader.read(*tree);
  std::vector<std::string>& names = program->field_names;
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  find_segments(*program);
  return compiled_template(std::move(program));
}

result<void> compiled_template::execute(const template_input& input, std::string& out) const {
  const std::size_t before = out.size();
  if (program_->is_plain) {
    for (const plain_segment& segment : program_->segments) {
      out += segment.is_field ? input.fields->get(segment.text) : segment.text;
      if (out.size() - before <= execution_bytes_max) continue;
      out.resize(before);
      return function_error("template: " + program_->name + ": output is too long");
    }
    return {};
  }
  const execution_source source{program_->name, program_->text, program_->trees};
  program_regexes regexes(*program_);
  auto done = template_executor(source, input, regexes, out).run();
  if (!done.ok()) out.resize(before);
  return done;
}

const std::vector<std::string>& compiled_template::field_names() const {
  return program_->field_names;
}

bool compiled_template::reads_all_fields() const {
  return program_->reads_all_fields;
}

std::string_view compiled_template::single_field() const {
  const bool is_single =
      program_->is_plain && program_->segments.size() == 1 && program_->segments[0].is_field;
  return is_single ? std::string_view(program_->segments[0].text) : std::string_view();
}

}  // namespace skald::logql
