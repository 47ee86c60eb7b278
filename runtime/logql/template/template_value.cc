// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/template/template_value.h"

#include "runtime/base/go_number.h"

namespace skald::logql {

template_value template_value::of_bool(bool flag) {
  template_value value;
  value.type = value_type::boolean;
  value.flag = flag;
  return value;
}

template_value template_value::of_int(std::int64_t number, value_type type) {
  template_value value;
  value.type = type;
  value.number = number;
  return value;
}

template_value template_value::of_real(double real) {
  template_value value;
  value.type = value_type::real;
  value.real = real;
  return value;
}

template_value template_value::of_text(std::string_view text) {
  template_value value;
  value.type = value_type::text;
  value.text = text;
  return value;
}

template_value template_value::of_time(const go_time& time) {
  template_value value;
  value.type = value_type::time;
  value.time = time;
  return value;
}

template_value template_value::of_list(const value_list* list) {
  template_value value;
  value.type = value_type::list;
  value.list = list;
  return value;
}

template_value template_value::of_map(const value_map* map) {
  template_value value;
  value.type = value_type::map;
  value.map = map;
  return value;
}

std::string_view type_name(value_type type) {
  switch (type) {
    case value_type::nil:
      return "<nil>";
    case value_type::boolean:
      return "bool";
    case value_type::integer:
      return "int";
    case value_type::integer64:
      return "int64";
    case value_type::byte:
      return "uint8";
    case value_type::real:
      return "float64";
    case value_type::text:
      return "string";
    case value_type::time:
      return "time.Time";
    case value_type::month:
      return "time.Month";
    case value_type::weekday:
      return "time.Weekday";
    case value_type::list:
      return "[]interface {}";
    case value_type::map:
      return "map[string]interface {}";
    case value_type::fields:
      return "map[string]string";
  }
  return "";
}

bool is_truth(const template_value& value) {
  switch (value.type) {
    case value_type::nil:
      return false;
    case value_type::boolean:
      return value.flag;
    case value_type::integer:
    case value_type::integer64:
    case value_type::byte:
    case value_type::month:
    case value_type::weekday:
      return value.number != 0;
    case value_type::real:
      return value.real != 0;
    case value_type::text:
      return !value.text.empty();
    case value_type::time:
      return true;
    case value_type::list:
      return !value.list->empty();
    case value_type::map:
    case value_type::fields:
      return !value.map->empty();
  }
  return false;
}

void append_value(std::string& out, const template_value& value) {
  switch (value.type) {
    case value_type::nil:
      out += "<nil>";
      break;
    case value_type::boolean:
      out += value.flag ? "true" : "false";
      break;
    case value_type::integer:
    case value_type::integer64:
    case value_type::byte:
      out += std::to_string(value.number);
      break;
    case value_type::month:
      out += month_name(value.number);
      break;
    case value_type::weekday:
      out += weekday_name(value.number);
      break;
    case value_type::real:
      append_go_float_g(out, value.real);
      break;
    case value_type::text:
      out += value.text;
      break;
    case value_type::time:
      append_time(out, value.time);
      break;
    case value_type::list: {
      std::string_view separator = "[";
      for (const template_value& item : *value.list) {
        out += separator;
        append_value(out, item);
        separator = " ";
      }
      out += value.list->empty() ? "[]" : "]";
      break;
    }
    case value_type::map:
    case value_type::fields: {
      std::string_view separator = "map[";
      for (const auto& [name, item] : *value.map) {
        out += separator;
        out += name;
        out += ':';
        append_value(out, item);
        separator = " ";
      }
      out += value.map->empty() ? "map[]" : "]";
      break;
    }
  }
}

}  // namespace skald::logql
