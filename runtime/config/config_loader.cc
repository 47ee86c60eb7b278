// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/config_loader.h"

#include <fstream>
#include <sstream>

#include "runtime/config/config_derivation.h"
#include "runtime/config/env_expansion.h"
#include "runtime/config/keys/config_keys.h"
#include "runtime/config/yaml_reader.h"

namespace skald {
namespace {

constexpr std::string_view default_files = "config.yaml,config/config.yaml";
constexpr std::string_view single_node_folder = "./data";
constexpr std::string_view expand_hint =
    ". Use `-config.expand-env=true` flag if you want to expand environment variables in your "
    "config file";

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  if (file.bad()) return std::nullopt;
  return std::move(text).str();
}

error failed_parsing(std::string_view what) {
  return {errc::invalid_argument, "failed parsing config: " + std::string(what)};
}

// The defaults of what Loki leaves to the code rather than to a struct.
void apply_static_defaults(node_config& config) {
  config.distributor.otlp_default_index_labels = {"service.name",
                                                  "service.namespace",
                                                  "service.instance.id",
                                                  "deployment.environment",
                                                  "deployment.environment.name",
                                                  "cloud.region",
                                                  "cloud.availability_zone",
                                                  "k8s.cluster.name",
                                                  "k8s.namespace.name",
                                                  "k8s.pod.name",
                                                  "k8s.container.name",
                                                  "container.name",
                                                  "k8s.replicaset.name",
                                                  "k8s.deployment.name",
                                                  "k8s.statefulset.name",
                                                  "k8s.daemonset.name",
                                                  "k8s.cronjob.name",
                                                  "k8s.job.name"};
}

result<void> apply_flags(const command_line& flags, config_draft& draft) {
  for (const auto& [path, text] : flags.settings) {
    const config_key* key = key_table::instance().find(path);
    SKALD_ASSERT(key != nullptr && key->at != nullptr);
    const value_ref ref = key->at(draft);
    if (std::holds_alternative<custom_value>(ref)) {
      // Lists of mappings and words of a closed list are written as YAML.
      std::string yaml = text;
      std::string closing;
      for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t dot = std::min(path.find('.', begin), path.size());
        closing += "{" + path.substr(begin, dot - begin) + ": ";
        begin = dot + 1;
      }
      yaml = closing + yaml + std::string(std::count(closing.begin(), closing.end(), '{'), '}');
      SKALD_TRY(read_yaml(yaml, draft));
      continue;
    }
    SKALD_TRY(assign_text(ref, text));
    draft.given.insert(path);
  }
  return {};
}

result<loaded_config> finish(config_draft draft, loaded_config out, const command_line& flags) {
  SKALD_TRY(apply_flags(flags, draft));
  for (const std::string& flag : flags.ignored) {
    out.warnings.push_back("flag " + flag + " has no effect");
  }
  SKALD_TRY(derive_config(draft, out.warnings));
  out.config = std::move(draft.config);
  return out;
}

}  // namespace

result<loaded_config> parse_config(std::string_view yaml, std::string_view name,
                                   const command_line& flags) {
  loaded_config out;
  out.file = name;
  std::string text(yaml);
  if (flags.expand_env) {
    auto expanded = expand_environment(yaml, process_environment);
    if (!expanded.ok()) {
      return failed_parsing(std::string(name) + ": " + expanded.error().message);
    }
    text = std::move(expanded).value();
  }
  config_draft draft;
  apply_static_defaults(draft.config);
  auto findings = read_yaml(text, draft);
  if (!findings.ok()) {
    return failed_parsing(std::string(name) + ": " + findings.error().message +
                          std::string(flags.expand_env ? "" : expand_hint));
  }
  out.warnings = std::move(findings->warnings);
  return finish(std::move(draft), std::move(out), flags);
}

result<loaded_config> load_config(const command_line& flags) {
  std::vector<std::string> candidates;
  const std::string names =
      flags.config_file.empty() ? std::string(default_files) : flags.config_file;
  SKALD_TRY(assign_text(&candidates, names));
  for (const std::string& path : candidates) {
    if (const auto text = read_text(path)) return parse_config(*text, path, flags);
  }
  if (!flags.config_file.empty()) {
    return error{errc::not_found, "failed parsing config: " + names +
                                      " does not exist, set config.file for custom config path"};
  }
  config_draft draft;
  apply_static_defaults(draft.config);
  apply_single_node_defaults(draft.config, std::string(single_node_folder));
  return finish(std::move(draft), {}, flags);
}

}  // namespace skald
