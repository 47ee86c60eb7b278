// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/template_parser.h"

#include <algorithm>
#include <deque>
#include <optional>

#include "runtime/logql/template/template_lexer.h"
#include "runtime/logql/template/template_number.h"
#include "runtime/model/go_string.h"

namespace skald::logql {
namespace {

using kind = template_token_kind;

bool is_blank(const template_node& tree) {
  return std::all_of(tree.children.begin(), tree.children.end(), [](const auto& child) {
    return child->kind == node_kind::text &&
           child->text.find_first_not_of(" \t\r\n") == std::string::npos;
  });
}

std::string quoted(std::string_view text) {
  std::string out;
  append_go_quoted(out, text);
  return out;
}

// Every parse function returns null (or false) after it recorded an error.
class parser {
 public:
  parser(std::string_view name, std::string_view text,
         const std::function<bool(std::string_view)>& has_function)
      : name_(name), lexer_(text), has_function_(has_function) {}

  result<template_tree> parse() {
    template_node_ptr root = make(node_kind::list, 0);
    if (!parse_top(*root)) return error{errc::invalid_argument, std::move(failure_)};
    add("", std::move(root));
    return std::move(trees_);
  }

 private:
  const template_token& peek();
  template_token next();
  template_token next_non_space();
  const template_token& peek_non_space();
  void back(template_token token) { ahead_.push_front(std::move(token)); }

  std::nullptr_t fail(std::string_view message);
  std::nullptr_t fail_unexpected(const template_token& token, std::string_view context);
  bool expect_right_delimiter(std::string_view context);

  static template_node_ptr make(node_kind what, std::size_t position) {
    auto node = std::make_unique<template_node>();
    node->kind = what;
    node->position = position;
    return node;
  }
  bool add(const std::string& name, template_node_ptr root);

  bool parse_top(template_node& root);
  bool parse_definition();
  template_node_ptr parse_list(template_node_ptr& ending);
  template_node_ptr parse_text_or_action();
  template_node_ptr parse_action();
  template_node_ptr parse_loop_exit(node_kind what, std::size_t position, std::string_view word);
  template_node_ptr parse_control(node_kind what, std::string_view context);
  bool parse_else(template_node& control, std::string_view context, template_node_ptr& ending);
  template_node_ptr parse_else_word();
  template_node_ptr parse_end_word();
  template_node_ptr parse_block(std::size_t position);
  template_node_ptr parse_template_call(std::size_t position);
  bool parse_template_name(const template_token& token, std::string_view context,
                           std::string& name);
  template_node_ptr parse_pipeline(std::string_view context, kind end);
  bool parse_declarations(template_node& pipeline, std::string_view context);
  bool check_pipeline(const template_node& pipeline, std::string_view context);
  template_node_ptr parse_command();
  // Null without an error when no operand stands here.
  template_node_ptr parse_operand();
  template_node_ptr parse_term();
  template_node_ptr parse_variable(const template_token& token);
  bool unquote(const template_token& token, std::string& value);
  bool enter();

  std::string name_;
  template_lexer lexer_;
  const std::function<bool(std::string_view)>& has_function_;
  std::deque<template_token> ahead_;
  std::vector<std::string> variables_{"$"};
  template_tree trees_;
  std::string failure_;
  bool failed_ = false;
  int last_line_ = 1;
  int action_line_ = 0;
  int range_depth_ = 0;
  int depth_ = 0;
};

const template_token& parser::peek() {
  if (ahead_.empty()) ahead_.push_back(lexer_.next());
  last_line_ = ahead_.front().line;
  return ahead_.front();
}

template_token parser::next() {
  peek();
  template_token token = std::move(ahead_.front());
  ahead_.pop_front();
  return token;
}

template_token parser::next_non_space() {
  while (peek().kind == kind::space) next();
  return next();
}

const template_token& parser::peek_non_space() {
  while (peek().kind == kind::space) next();
  return peek();
}

std::nullptr_t parser::fail(std::string_view message) {
  if (!failed_) {
    failed_ = true;
    failure_ = "template: " + name_ + ":" + std::to_string(last_line_) + ": ";
    failure_ += message;
  }
  return nullptr;
}

std::nullptr_t parser::fail_unexpected(const template_token& token, std::string_view context) {
  last_line_ = token.line;
  if (token.kind != kind::failure) {
    return fail("unexpected " + describe(token) + " in " + std::string(context));
  }
  std::string message = token.value;
  if (action_line_ != 0 && action_line_ != token.line) {
    constexpr std::string_view suffix = " action";
    message += message.ends_with(suffix) ? " started at " : " in action started at ";
    message += name_ + ":" + std::to_string(action_line_);
  }
  return fail(message);
}

bool parser::expect_right_delimiter(std::string_view context) {
  const template_token token = next_non_space();
  if (token.kind == kind::right_delimiter) return true;
  fail_unexpected(token, context);
  return false;
}

bool parser::enter() {
  if (++depth_ <= template_depth_max) return true;
  fail("max expression depth exceeded");
  return false;
}

// An empty definition neither replaces another one nor keeps it out.
bool parser::add(const std::string& name, template_node_ptr root) {
  template_node_ptr& known = trees_[name];
  const bool is_clash = known && !is_blank(*known) && !is_blank(*root);
  if (is_clash) fail("template: multiple definition of template " + quoted(name));
  if (!known || is_blank(*known)) known = std::move(root);
  return !is_clash;
}

bool parser::parse_top(template_node& root) {
  while (peek().kind != kind::end) {
    if (peek().kind == kind::left_delimiter) {
      template_token delimiter = next();
      template_token word = next_non_space();
      if (word.kind == kind::define) {
        if (!parse_definition()) return false;
        continue;
      }
      back(std::move(word));
      back(std::move(delimiter));
    }
    template_node_ptr node = parse_text_or_action();
    if (!node) return false;
    if (node->kind == node_kind::end_node || node->kind == node_kind::else_node) {
      fail("unexpected " + to_string(*node));
      return false;
    }
    root.children.push_back(std::move(node));
  }
  return true;
}

bool parser::parse_definition() {
  constexpr std::string_view context = "define clause";
  std::string name;
  if (!parse_template_name(next_non_space(), context, name)) return false;
  if (!expect_right_delimiter(context)) return false;
  std::vector<std::string> outer = std::exchange(variables_, {"$"});
  template_node_ptr ending;
  template_node_ptr list = parse_list(ending);
  variables_ = std::move(outer);
  if (!list) return false;
  if (ending->kind != node_kind::end_node) {
    fail("unexpected " + to_string(*ending) + " in " + std::string(context));
    return false;
  }
  return add(std::move(name), std::move(list));
}

template_node_ptr parser::parse_list(template_node_ptr& ending) {
  template_node_ptr list = make(node_kind::list, peek_non_space().position);
  while (peek_non_space().kind != kind::end) {
    template_node_ptr node = parse_text_or_action();
    if (!node) return nullptr;
    if (node->kind == node_kind::end_node || node->kind == node_kind::else_node) {
      ending = std::move(node);
      return list;
    }
    list->children.push_back(std::move(node));
  }
  return fail("unexpected EOF");
}

template_node_ptr parser::parse_text_or_action() {
  template_token token = next_non_space();
  if (token.kind == kind::text) {
    template_node_ptr node = make(node_kind::text, token.position);
    node->text = std::move(token.value);
    return node;
  }
  if (token.kind != kind::left_delimiter) return fail_unexpected(token, "input");
  action_line_ = token.line;
  template_node_ptr node = parse_action();
  action_line_ = 0;
  return node;
}

template_node_ptr parser::parse_action() {
  template_token token = next_non_space();
  switch (token.kind) {
    case kind::block:
      return parse_block(token.position);
    case kind::break_word:
      return parse_loop_exit(node_kind::break_node, token.position, "{{break}}");
    case kind::continue_word:
      return parse_loop_exit(node_kind::continue_node, token.position, "{{continue}}");
    case kind::else_word:
      return parse_else_word();
    case kind::end_word:
      return parse_end_word();
    case kind::if_word:
      return parse_control(node_kind::if_node, "if");
    case kind::range:
      return parse_control(node_kind::range_node, "range");
    case kind::template_word:
      return parse_template_call(token.position);
    case kind::with:
      return parse_control(node_kind::with_node, "with");
    default:
      break;
  }
  back(std::move(token));
  template_node_ptr action = make(node_kind::action, peek().position);
  template_node_ptr pipeline = parse_pipeline("command", kind::right_delimiter);
  if (!pipeline) return nullptr;
  action->children.push_back(std::move(pipeline));
  return action;
}

template_node_ptr parser::parse_loop_exit(node_kind what, std::size_t position,
                                          std::string_view word) {
  if (!expect_right_delimiter(word)) return nullptr;
  if (range_depth_ == 0) return fail(std::string(word) + " outside {{range}}");
  return make(what, position);
}

template_node_ptr parser::parse_control(node_kind what, std::string_view context) {
  if (!enter()) return nullptr;
  const std::size_t variable_count = variables_.size();
  template_node_ptr pipeline = parse_pipeline(context, kind::right_delimiter);
  if (!pipeline) return nullptr;
  template_node_ptr control = make(what, pipeline->position);
  control->children.push_back(std::move(pipeline));
  const bool is_range = what == node_kind::range_node;
  if (is_range) ++range_depth_;
  template_node_ptr ending;
  template_node_ptr list = parse_list(ending);
  if (is_range) --range_depth_;
  if (!list) return nullptr;
  control->children.push_back(std::move(list));
  control->children.push_back(nullptr);
  if (ending->kind == node_kind::else_node && !parse_else(*control, context, ending)) {
    return nullptr;
  }
  variables_.resize(variable_count);
  --depth_;
  return control;
}

// Behind {{else}}, or the `else` of `{{else if ...}}`.
bool parser::parse_else(template_node& control, std::string_view context,
                        template_node_ptr& ending) {
  const kind word = peek().kind;
  const bool is_if = context == "if" && word == kind::if_word;
  const bool is_with = context == "with" && word == kind::with;
  if (is_if || is_with) {
    next();
    template_node_ptr list = make(node_kind::list, ending->position);
    template_node_ptr nested =
        parse_control(is_if ? node_kind::if_node : node_kind::with_node, context);
    if (!nested) return false;
    list->children.push_back(std::move(nested));
    control.children[2] = std::move(list);
    return true;
  }
  template_node_ptr list = parse_list(ending);
  if (!list) return false;
  if (ending->kind != node_kind::end_node) {
    fail("expected end; found " + to_string(*ending));
    return false;
  }
  control.children[2] = std::move(list);
  return true;
}

template_node_ptr parser::parse_else_word() {
  const template_token& token = peek_non_space();
  const std::size_t position = token.position;
  if (token.kind != kind::if_word && token.kind != kind::with && !expect_right_delimiter("else")) {
    return nullptr;
  }
  return make(node_kind::else_node, position);
}

template_node_ptr parser::parse_end_word() {
  const std::size_t position = peek_non_space().position;
  if (!expect_right_delimiter("end")) return nullptr;
  return make(node_kind::end_node, position);
}

template_node_ptr parser::parse_block(std::size_t position) {
  constexpr std::string_view context = "block clause";
  if (!enter()) return nullptr;
  template_node_ptr call = make(node_kind::template_call, position);
  if (!parse_template_name(next_non_space(), context, call->text)) return nullptr;
  template_node_ptr pipeline = parse_pipeline(context, kind::right_delimiter);
  if (!pipeline) return nullptr;
  call->children.push_back(std::move(pipeline));
  std::vector<std::string> outer = std::exchange(variables_, {"$"});
  template_node_ptr ending;
  template_node_ptr list = parse_list(ending);
  variables_ = std::move(outer);
  if (!list) return nullptr;
  if (ending->kind != node_kind::end_node) {
    return fail("unexpected " + to_string(*ending) + " in " + std::string(context));
  }
  if (!add(call->text, std::move(list))) return nullptr;
  --depth_;
  return call;
}

template_node_ptr parser::parse_template_call(std::size_t position) {
  constexpr std::string_view context = "template clause";
  template_node_ptr call = make(node_kind::template_call, position);
  const template_token name = next_non_space();
  call->position = name.position;
  if (!parse_template_name(name, context, call->text)) return nullptr;
  call->children.push_back(nullptr);
  template_token token = next_non_space();
  if (token.kind != kind::right_delimiter) {
    back(std::move(token));
    call->children[0] = parse_pipeline(context, kind::right_delimiter);
    if (!call->children[0]) return nullptr;
  }
  return call;
}

bool parser::parse_template_name(const template_token& token, std::string_view context,
                                 std::string& name) {
  if (token.kind != kind::text_constant && token.kind != kind::raw_text_constant) {
    fail_unexpected(token, context);
    return false;
  }
  return unquote(token, name);
}

bool parser::unquote(const template_token& token, std::string& value) {
  auto unquoted = scan_go_string(token.value);
  if (unquoted.ok()) {
    value = std::move(unquoted->value);
    return true;
  }
  fail("invalid syntax");
  return false;
}

template_node_ptr parser::parse_pipeline(std::string_view context, kind end) {
  if (!enter()) return nullptr;
  template_node_ptr pipeline = make(node_kind::pipeline, peek_non_space().position);
  if (!parse_declarations(*pipeline, context)) return nullptr;
  while (true) {
    template_token token = next_non_space();
    if (token.kind == end) {
      --depth_;
      return check_pipeline(*pipeline, context) ? std::move(pipeline) : nullptr;
    }
    switch (token.kind) {
      case kind::boolean:
      case kind::character_constant:
      case kind::complex:
      case kind::dot:
      case kind::field:
      case kind::identifier:
      case kind::number:
      case kind::nil:
      case kind::raw_text_constant:
      case kind::text_constant:
      case kind::variable:
      case kind::left_parenthesis:
        break;
      default:
        return fail_unexpected(token, context);
    }
    back(std::move(token));
    template_node_ptr command = parse_command();
    if (!command) return nullptr;
    pipeline->children.push_back(std::move(command));
  }
}

// `$x :=`, `$x =` and, in a range, `$i, $x :=`.
bool parser::parse_declarations(template_node& pipeline, std::string_view context) {
  while (peek_non_space().kind == kind::variable) {
    template_token variable = next();
    std::optional<template_token> space;
    if (peek().kind == kind::space) space = next();
    const template_token& following = peek_non_space();
    if (following.kind == kind::assign || following.kind == kind::declare) {
      pipeline.flag = following.kind == kind::assign;
      next();
      pipeline.names.push_back(variable.value);
      variables_.push_back(variable.value);
      return true;
    }
    if (following.kind != kind::character || following.value != ",") {
      if (space) back(std::move(*space));
      back(std::move(variable));
      return true;
    }
    next();
    pipeline.names.push_back(variable.value);
    variables_.push_back(variable.value);
    if (context != "range" || pipeline.names.size() >= 2) {
      fail("too many declarations in " + std::string(context));
      return false;
    }
    const kind after = peek_non_space().kind;
    if (after != kind::variable && after != kind::right_delimiter &&
        after != kind::right_parenthesis) {
      fail("range can only initialize variables");
      return false;
    }
  }
  return true;
}

bool parser::check_pipeline(const template_node& pipeline, std::string_view context) {
  if (pipeline.children.empty()) {
    fail("missing value for " + std::string(context));
    return false;
  }
  for (std::size_t i = 1; i < pipeline.children.size(); ++i) {
    switch (pipeline.children[i]->children[0]->kind) {
      case node_kind::boolean:
      case node_kind::dot:
      case node_kind::nil:
      case node_kind::number:
      case node_kind::constant:
        fail("non executable command in pipeline stage " + std::to_string(i + 1));
        return false;
      default:
        break;
    }
  }
  return true;
}

template_node_ptr parser::parse_command() {
  template_node_ptr command = make(node_kind::command, peek_non_space().position);
  while (true) {
    peek_non_space();
    template_node_ptr operand = parse_operand();
    if (failed_) return nullptr;
    if (operand) command->children.push_back(std::move(operand));
    template_token token = next();
    if (token.kind == kind::space) continue;
    if (token.kind == kind::right_delimiter || token.kind == kind::right_parenthesis) {
      back(std::move(token));
    } else if (token.kind != kind::pipe) {
      return fail_unexpected(token, "operand");
    }
    break;
  }
  if (command->children.empty()) return fail("empty command");
  return command;
}

template_node_ptr parser::parse_operand() {
  template_node_ptr node = parse_term();
  if (!node || peek().kind != kind::field) return node;
  const std::size_t position = peek().position;
  std::vector<std::string> fields;
  while (peek().kind == kind::field) fields.push_back(next().value.substr(1));
  switch (node->kind) {
    case node_kind::field:
    case node_kind::variable:
      node->position = position;
      node->names.insert(node->names.end(), fields.begin(), fields.end());
      return node;
    case node_kind::boolean:
    case node_kind::constant:
    case node_kind::number:
    case node_kind::nil:
    case node_kind::dot:
      return fail("unexpected . after term " + quoted(to_string(*node)));
    default:
      break;
  }
  template_node_ptr chain = make(node_kind::chain, position);
  chain->names = std::move(fields);
  chain->children.push_back(std::move(node));
  return chain;
}

template_node_ptr parser::parse_term() {
  template_token token = next_non_space();
  template_node_ptr node;
  switch (token.kind) {
    case kind::identifier:
      if (!has_function_(token.value)) {
        return fail("function " + quoted(token.value) + " not defined");
      }
      node = make(node_kind::identifier, token.position);
      node->text = std::move(token.value);
      return node;
    case kind::dot:
      return make(node_kind::dot, token.position);
    case kind::nil:
      return make(node_kind::nil, token.position);
    case kind::variable:
      return parse_variable(token);
    case kind::field:
      node = make(node_kind::field, token.position);
      node->names.push_back(token.value.substr(1));
      return node;
    case kind::boolean:
      node = make(node_kind::boolean, token.position);
      node->flag = token.value == "true";
      return node;
    case kind::character_constant:
    case kind::complex:
    case kind::number:
      node = make(node_kind::number, token.position);
      node->source = token.value;
      if (const auto read = read_template_number(token, *node); !read.ok()) {
        return fail(read.error().message);
      }
      return node;
    case kind::left_parenthesis:
      return parse_pipeline("parenthesized pipeline", kind::right_parenthesis);
    case kind::text_constant:
    case kind::raw_text_constant:
      node = make(node_kind::constant, token.position);
      if (!unquote(token, node->text)) return nullptr;
      node->source = std::move(token.value);
      return node;
    default:
      back(std::move(token));
      return nullptr;
  }
}

template_node_ptr parser::parse_variable(const template_token& token) {
  if (std::find(variables_.begin(), variables_.end(), token.value) == variables_.end()) {
    return fail("undefined variable " + quoted(token.value));
  }
  template_node_ptr node = make(node_kind::variable, token.position);
  node->names.push_back(token.value);
  return node;
}

}  // namespace

result<template_tree> parse_template(std::string_view name, std::string_view text,
                                     const std::function<bool(std::string_view)>& has_function) {
  return parser(name, text, has_function).parse();
}

}  // namespace skald::logql
