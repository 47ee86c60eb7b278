// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/command_line.h"

#include <array>
#include <map>

#include "runtime/config/keys/config_keys.h"

namespace skald {
namespace {

struct switch_flag {
  std::string_view name;
  bool command_line::*at;
  std::string_view help;
};

constexpr std::array<switch_flag, 9> switches{{
    {"config.expand-env", &command_line::expand_env, "Expand ${var} in the configuration file."},
    {"verify-config", &command_line::verify_config, "Check the configuration and exit."},
    {"print-config-stderr", &command_line::print_config_stderr,
     "Print the effective configuration to standard error."},
    {"log-config-reverse-order", &command_line::log_config_reverse_order,
     "Log the effective configuration, last line first."},
    {"list-targets", &command_line::list_targets, "Print the targets and exit."},
    {"version", &command_line::version, "Print the version and exit."},
    {"help", &command_line::help, "Print this text."},
    {"h", &command_line::help, "Print this text."},
    {"health", &command_line::health, "Ask a running server for its health and exit."},
}};

error bad_flag(std::string message) {
  return {errc::invalid_argument, std::move(message)};
}

result<bool> parse_switch(std::string_view name, const std::optional<std::string>& value) {
  if (!value) return true;
  bool parsed = false;
  if (!assign_text(&parsed, *value).ok()) {
    return bad_flag("invalid boolean value \"" + *value + "\" for -" + std::string(name) +
                    ": parse error");
  }
  return parsed;
}

// Collects flags; `next` is where the value of a "-name value" flag is found.
class flag_reader {
 public:
  explicit flag_reader(const std::vector<std::string>& arguments) : arguments_(arguments) {}

  result<command_line> run() {
    for (; at_ < arguments_.size(); ++at_) {
      std::string_view argument = arguments_[at_];
      if (argument.size() < 2 || argument[0] != '-') {
        return bad_flag("unexpected argument: " + std::string(argument));
      }
      argument.remove_prefix(argument[1] == '-' ? 2 : 1);
      if (argument.empty()) break;  // "--" ends the flags
      const std::size_t equals = argument.find('=');
      const std::string_view name = argument.substr(0, equals);
      if (name.empty() || name[0] == '-') {
        return bad_flag("bad flag syntax: " + arguments_[at_]);
      }
      std::optional<std::string> value;
      if (equals != std::string_view::npos) value = std::string(argument.substr(equals + 1));
      SKALD_TRY(take(name, value));
    }
    return std::move(out_);
  }

 private:
  result<void> take(std::string_view name, std::optional<std::string>& value) {
    for (const switch_flag& s : switches) {
      if (s.name != name) continue;
      SKALD_TRY_ASSIGN(out_.*(s.at), parse_switch(name, value));
      return {};
    }
    if (name == "config.file") return take_text(name, value, out_.config_file);
    if (name == "health.url") return take_text(name, value, out_.health_url);
    const config_key* key = key_table::instance().find_flag(name);
    if (key == nullptr) {
      return bad_flag("flag provided but not defined: -" + std::string(name));
    }
    return take_setting(name, value, *key);
  }

  result<void> take_text(std::string_view name, std::optional<std::string>& value,
                         std::string& to) {
    if (!value) {
      if (at_ + 1 >= arguments_.size()) {
        return bad_flag("flag needs an argument: -" + std::string(name));
      }
      value = arguments_[++at_];
    }
    to = std::move(*value);
    return {};
  }

  result<void> take_setting(std::string_view name, std::optional<std::string>& value,
                            const config_key& key) {
    config_draft scratch;
    const bool is_switch = key.at != nullptr && std::holds_alternative<bool*>(key.at(scratch));
    std::string text = "true";
    if (value || !is_switch) SKALD_TRY(take_text(name, value, text));
    if (key.at == nullptr) {
      out_.ignored.push_back("-" + std::string(name));
      return {};
    }
    const value_ref ref = key.at(scratch);
    if (!std::holds_alternative<custom_value>(ref)) {
      if (auto checked = assign_text(ref, text); !checked.ok()) {
        return bad_flag("invalid value \"" + text + "\" for flag -" + std::string(name) + ": " +
                        checked.error().message);
      }
    }
    out_.settings.emplace_back(key.path, std::move(text));
    return {};
  }

  const std::vector<std::string>& arguments_;
  std::size_t at_ = 0;
  command_line out_;
};

}  // namespace

result<command_line> parse_command_line(const std::vector<std::string>& arguments) {
  return flag_reader(arguments).run();
}

std::string_view flag_help_hint() {
  return "Run with -help to get list of available parameters";
}

std::string flag_help() {
  std::map<std::string, std::string> lines;
  for (const switch_flag& s : switches) lines[std::string(s.name)] = s.help;
  lines["config.file"] =
      "Configuration file; of a comma list the first that exists (default config.yaml, "
      "config/config.yaml; none: a single node under ./data).";
  lines["health.url"] = "Address that -health asks.";
  config_draft defaults;
  for (const config_key& key : key_table::instance().keys()) {
    if (key.use != key_use::used) continue;
    const value_ref ref = key.at(defaults);
    lines[flag_of(key)] = std::string(key.help) + " (" + std::string(type_name(ref)) +
                          ", default " + print_value(ref, defaults) + ")";
  }
  std::string out = "Usage of skald:\n";
  for (const auto& [name, help] : lines) out += "  -" + name + "\n        " + help + "\n";
  return out;
}

std::string version_text(std::string_view version, std::string_view branch,
                         std::string_view revision) {
  std::string out = "skald, version " + std::string(version) + " (branch: " + std::string(branch) +
                    ", revision: " + std::string(revision) + ")\n";
  out += "  compiler:         g++ " __VERSION__ "\n";
  out += "  platform:         linux/amd64\n";
  return out;
}

}  // namespace skald
