// SPDX-License-Identifier: Apache-2.0
// The values that flow through a template while it runs. A value is small and trivially copyable;
// computed texts and collections live in the arena of the execution.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/logql/template/time/go_time.h"

namespace skald::logql {

struct template_value;
using value_list = std::vector<template_value>;
using value_map = std::map<std::string, template_value, std::less<>>;

// Go's types as far as templates meet them.
enum class value_type {
  nil,
  boolean,
  integer,    // int
  integer64,  // int64
  byte,       // uint8
  real,       // float64
  text,       // string
  time,       // time.Time
  month,      // time.Month
  weekday,    // time.Weekday
  list,       // []interface {}
  map,        // map[string]interface {}
  fields      // map[string]string: the labels
};

struct template_value {
  value_type type = value_type::nil;
  bool flag = false;
  bool is_boxed = false;  // an element of a list or a map: Go names its type interface {}
  std::int64_t number = 0;
  double real = 0;
  std::string_view text;
  go_time time;
  const value_list* list = nullptr;
  const value_map* map = nullptr;  // also of fields

  static template_value of_bool(bool flag);
  static template_value of_int(std::int64_t number, value_type type = value_type::integer);
  static template_value of_real(double real);
  // The text must outlive the value.
  static template_value of_text(std::string_view text);
  static template_value of_time(const go_time& time);
  static template_value of_list(const value_list* list);
  static template_value of_map(const value_map* map);

  bool is_integer() const {
    return type == value_type::integer || type == value_type::integer64 ||
           type == value_type::byte || type == value_type::month || type == value_type::weekday;
  }
  bool is_map() const { return type == value_type::map || type == value_type::fields; }
};

// Owns what values of one execution point to.
class value_arena {
 public:
  // Bytes of all texts, lists and maps kept.
  std::size_t bytes() const { return bytes_; }
  std::string_view keep(std::string text) {
    bytes_ += text.size();
    texts_.push_back(std::move(text));
    return texts_.back();
  }
  const value_list* keep(value_list list) {
    bytes_ += list.size() * sizeof(template_value);
    lists_.push_back(std::move(list));
    return &lists_.back();
  }
  const value_map* keep(value_map map) {
    bytes_ += map.size() * map_node_bytes;
    for (const auto& [name, value] : map) bytes_ += name.size();
    maps_.push_back(std::move(map));
    return &maps_.back();
  }
  template_value text(std::string text) { return template_value::of_text(keep(std::move(text))); }

 private:
  static constexpr std::size_t map_node_bytes = sizeof(value_map::value_type) + 32;
  std::size_t bytes_ = 0;
  std::deque<std::string> texts_;
  std::deque<value_list> lists_;
  std::deque<value_map> maps_;
};

// "string", "int64", "map[string]interface {}".
std::string_view type_name(value_type type);

// Whether `if` takes the value for true: not empty, not zero.
bool is_truth(const template_value& value);

// Appends the value as fmt.Fprint does inside collections and for function arguments: `<nil>` for
// nil, `map[a:1 b:2]`, `[1 2]`.
void append_value(std::string& out, const template_value& value);

}  // namespace skald::logql
