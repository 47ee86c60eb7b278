// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/keys/config_value.h"

#include <yaml-cpp/yaml.h>

#include <charconv>
#include <cmath>
#include <cstdio>

#include "runtime/base/units.h"
#include "runtime/config/keys/config_keys.h"

namespace skald {
namespace {

template <class... F>
struct overloaded : F... {
  using F::operator()...;
};

error invalid(std::string message) {
  return error{errc::invalid_argument, std::move(message)};
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Go's strconv.ParseBool, and with `yaml` also YAML's words.
std::optional<bool> parse_bool(std::string_view text, bool yaml) {
  for (const std::string_view word : {"1", "t", "T", "TRUE", "true", "True"}) {
    if (text == word) return true;
  }
  for (const std::string_view word : {"0", "f", "F", "FALSE", "false", "False"}) {
    if (text == word) return false;
  }
  if (yaml) {
    for (const std::string_view word : {"yes", "Yes", "YES", "on", "On", "ON", "y", "Y"}) {
      if (text == word) return true;
    }
    for (const std::string_view word : {"no", "No", "NO", "off", "Off", "OFF", "n", "N"}) {
      if (text == word) return false;
    }
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = trimmed(text.substr(0, comma));
    if (!item.empty()) out.emplace_back(item);
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return out;
}

std::string quoted_yaml(const std::string& text) {
  YAML::Emitter out;
  out << YAML::DoubleQuoted << text;
  return out.c_str();
}

bool is_plain_yaml(const std::string& text) {
  if (text.empty() || text == "true" || text == "false" || text == "null" || text == "~") {
    return false;
  }
  for (const char c : text) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && c != '_' && c != '/' && c != '.' && c != '-') return false;
  }
  return (text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z') ||
         text[0] == '/' || text[0] == '_';
}

std::string print_text(const std::string& text) {
  return is_plain_yaml(text) ? text : quoted_yaml(text);
}

std::string print_real(double value) {
  char buffer[32];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return std::string(buffer, end);
}

// Sets one scalar; `yaml` allows YAML's spellings.
result<void> assign_scalar(const value_ref& to, std::string_view text, bool yaml) {
  const auto wrong = [&text](std::string_view type) {
    return invalid("cannot unmarshal !!str `" + std::string(text) + "` into " + std::string(type));
  };
  return std::visit(
      overloaded{
          [&](bool* at) -> result<void> {
            const auto value = parse_bool(text, yaml);
            if (!value) return wrong("bool");
            *at = *value;
            return {};
          },
          [&](std::int64_t* at) -> result<void> {
            const auto value = parse_integer(text);
            if (!value) return wrong("int");
            *at = *value;
            return {};
          },
          [&](std::uint64_t* at) -> result<void> {
            SKALD_TRY_ASSIGN(*at, parse_config_size(text));
            return {};
          },
          [&](double* at) -> result<void> {
            const auto value = parse_real(text);
            if (!value) return wrong("float64");
            *at = *value;
            return {};
          },
          [&](std::string* at) -> result<void> {
            *at = text;
            return {};
          },
          [&](std::vector<std::string>* at) -> result<void> {
            *at = split_list(text);
            return {};
          },
          [&](std::chrono::nanoseconds* at) -> result<void> {
            SKALD_TRY_ASSIGN(*at, parse_config_duration(text));
            return {};
          },
          [&](const custom_value& custom) -> result<void> {
            return invalid("a " + std::string(custom.type) + " cannot be given as one word");
          },
      },
      to);
}

}  // namespace

std::string_view type_name(const value_ref& ref) {
  static constexpr std::string_view names[] = {"boolean", "integer", "size",    "number",
                                               "text",    "list",    "duration"};
  if (const auto* custom = std::get_if<custom_value>(&ref)) return custom->type;
  return names[ref.index()];
}

result<std::chrono::nanoseconds> parse_config_duration(std::string_view text) {
  text = trimmed(text);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (auto prometheus = parse_prometheus_duration(text); prometheus.ok()) {
    return std::chrono::nanoseconds(*prometheus);
  }
  if (auto go = parse_go_duration(text); go.ok()) return std::chrono::nanoseconds(*go);
  return invalid("not a valid duration string: \"" + std::string(text) + "\"");
}

result<std::uint64_t> parse_config_size(std::string_view text) {
  text = trimmed(text);
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = parse_real(text.substr(0, digits));
  std::string unit;
  for (const char c : trimmed(text.substr(digits))) {
    unit += c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  }
  if (unit.size() > 1 && unit.back() == 'B') unit.pop_back();
  if (unit.size() > 1 && unit.back() == 'I') unit.pop_back();
  const std::size_t power =
      unit.empty() || unit == "B" ? 0 : std::string_view("KMGTP").find(unit) + 1;
  if (!number || (unit.size() > 1) || (power == 0 && !unit.empty() && unit != "B")) {
    return invalid(
        "byte quantity must be a positive integer with a unit of measurement like M, "
        "MB, MiB, G, GiB, or GB: \"" +
        std::string(text) + "\"");
  }
  const double bytes = std::ldexp(*number, static_cast<int>(10 * power));
  if (bytes >= 0x1p63) return invalid("size is too large: \"" + std::string(text) + "\"");
  return static_cast<std::uint64_t>(bytes);
}

std::string format_config_size(std::uint64_t bytes) {
  constexpr std::string_view units[] = {"B", "KB", "MB", "GB", "TB"};
  std::size_t power = 0;
  while (bytes != 0 && bytes % 1024 == 0 && power + 1 < std::size(units)) {
    bytes /= 1024;
    ++power;
  }
  return std::to_string(bytes) + std::string(units[power]);
}

result<void> assign_text(const value_ref& to, std::string_view text) {
  return assign_scalar(to, text, false);
}

result<void> assign_yaml(const value_ref& to, const YAML::Node& from, config_draft& draft) {
  if (from.IsNull()) return {};
  const auto at_line = [&from](error why) {
    if (why.message.rfind("line ", 0) == 0) return why;
    why.message = "line " + std::to_string(from.Mark().line + 1) + ": " + why.message;
    return why;
  };
  if (const auto* custom = std::get_if<custom_value>(&to)) {
    if (auto read = custom->read(draft, from); !read.ok()) return at_line(read.error());
    return {};
  }
  if (auto* const* list = std::get_if<std::vector<std::string>*>(&to); list && from.IsSequence()) {
    (*list)->clear();
    for (const YAML::Node& item : from) {
      if (!item.IsScalar()) return at_line(invalid("cannot unmarshal !!map into string"));
      (*list)->push_back(item.Scalar());
    }
    return {};
  }
  if (!from.IsScalar()) {
    return at_line(invalid(std::string("cannot unmarshal !!") + (from.IsMap() ? "map" : "seq") +
                           " into " + std::string(type_name(to))));
  }
  if (auto set = assign_scalar(to, from.Scalar(), true); !set.ok()) return at_line(set.error());
  return {};
}

std::string print_value(const value_ref& from, const config_draft& draft) {
  return std::visit(
      overloaded{
          [](const bool* at) { return std::string(*at ? "true" : "false"); },
          [](const std::int64_t* at) { return std::to_string(*at); },
          [](const std::uint64_t* at) { return format_config_size(*at); },
          [](const double* at) { return print_real(*at); },
          [](const std::string* at) { return at->empty() ? "\"\"" : print_text(*at); },
          [](const std::vector<std::string>* at) {
            std::string out = "[";
            for (const std::string& item : *at) {
              if (out.size() > 1) out += ", ";
              out += print_text(item);
            }
            return out + "]";
          },
          [](const std::chrono::nanoseconds* at) {
            // Prometheus' form knows no parts below a millisecond.
            return at->count() % 1'000'000 == 0 ? format_prometheus_duration(at->count())
                                                : format_go_duration(at->count());
          },
          [&draft](const custom_value& custom) { return custom.print(draft); },
      },
      from);
}

}  // namespace skald
