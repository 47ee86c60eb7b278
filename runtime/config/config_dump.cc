// SPDX-License-Identifier: Apache-2.0
// The effective configuration as YAML, and the reference page: both printed from the key table.
#include <algorithm>

#include "runtime/config/config_loader.h"
#include "runtime/config/config_reference.h"
#include "runtime/config/keys/config_keys.h"

namespace skald {
namespace {

constexpr std::string_view mask = "\"********\"";

// A tree of blocks in the order of the tables.
struct block {
  std::vector<std::pair<std::string, std::string>> values;
  std::vector<std::pair<std::string, block>> blocks;

  block& child(const std::string& name) {
    for (auto& [existing, b] : blocks) {
      if (existing == name) return b;
    }
    return blocks.emplace_back(name, block{}).second;
  }
  void print(std::string& out, std::size_t depth) const {
    const std::string indent(2 * depth, ' ');
    for (const auto& [name, value] : values) out += indent + name + ": " + value + "\n";
    for (const auto& [name, b] : blocks) {
      out += indent + name + ":\n";
      b.print(out, depth + 1);
    }
  }
};

void place(block& root, std::string_view path, std::string value) {
  block* at = &root;
  for (std::size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.')) {
    at = &at->child(std::string(path.substr(0, dot)));
    path.remove_prefix(dot + 1);
  }
  at->values.emplace_back(std::string(path), std::move(value));
}

// What the derivation made of the store blocks and file names, under the keys that would give the
// same.
void place_derived(block& root, config_draft& draft) {
  node_config& c = draft.config;
  const auto text = [&draft](std::string& value) { return print_value(&value, draft); };
  place(root, "runtime_config.file", [&c] {
    std::string list;
    for (const std::string& file : c.runtime_config.files) {
      if (!list.empty()) list += ',';
      list += file;
    }
    return "\"" + list + "\"";
  }());
  place(root, "ruler.storage.local.directory", text(c.ruler.storage_directory));
  place(root, "schema_config.configs",
        "[{from: 2020-10-24, store: tsdb, object_store: " + c.storage.object_store +
            ", schema: v13, index: {prefix: index_, period: 24h}}]");
  if (c.storage.object_store == "filesystem") {
    place(root, "storage_config.filesystem.directory", text(c.storage.filesystem_directory));
  }
  if (c.storage.object_store != "s3") return;
  s3_config& s3 = c.storage.s3;
  place(root, "storage_config.aws.bucketnames", text(s3.bucket));
  place(root, "storage_config.aws.endpoint", text(s3.endpoint));
  place(root, "storage_config.aws.region", text(s3.region));
  place(root, "storage_config.aws.access_key_id", text(s3.access_key_id));
  place(root, "storage_config.aws.secret_access_key",
        s3.secret_access_key.empty() ? "\"\"" : std::string(mask));
  place(root, "storage_config.aws.insecure", s3.insecure ? "true" : "false");
  place(root, "storage_config.aws.s3forcepathstyle", s3.force_path_style ? "true" : "false");
  place(root, "storage_config.aws.signature_version", text(s3.signature_version));
  place(root, "storage_config.aws.storage_class", text(s3.storage_class));
}

std::string escaped_cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

// `server`, `limits_config`, ...; the empty text for top-level keys.
std::string_view top_block(std::string_view path) {
  const std::size_t dot = path.find('.');
  return dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
}

std::string default_cell(const config_key& key, config_draft& defaults) {
  const value_ref ref = key.at(defaults);
  if (std::holds_alternative<custom_value>(ref)) return "";
  std::string text = print_value(ref, defaults);
  if (text == "\"\"" || text == "[]") return "";
  return "`" + text + "`";
}

}  // namespace

std::string dump_config(const node_config& config) {
  config_draft draft;
  draft.config = config;
  block root;
  for (const config_key& key : key_table::instance().keys()) {
    if (key.use == key_use::used) place(root, key.path, print_value(key.at(draft), draft));
  }
  place_derived(root, draft);
  std::string out;
  root.print(out, 0);
  return out;
}

std::string dump_limits(const tenant_limits& limits) {
  config_draft draft;
  draft.config.limits = limits;
  block root;
  constexpr std::string_view prefix = "limits_config.";
  for (const config_key& key : key_table::instance().keys()) {
    if (key.use != key_use::used || key.path.rfind(prefix, 0) != 0) continue;
    place(root, std::string_view(key.path).substr(prefix.size()),
          print_value(key.at(draft), draft));
  }
  std::string out;
  root.print(out, 0);
  return out;
}

std::string config_reference_markdown() {
  std::string out =
      "# Configuration\n\n"
      "Skald reads Loki's YAML. This page is printed by `bazel run "
      "//runtime/config:print_reference` "
      "from the tables that\nread the file; a test fails when it is stale.\n\n"
      "- `skald -config.file=FILE`; without a file a single node runs with its data under "
      "`./data`.\n"
      "- `-config.expand-env=true` replaces `${VAR}` and `${VAR:-default}` in the file.\n"
      "- Every key has a flag: the one named below, or the key with dashes for underscores. Flags "
      "win over the file.\n"
      "- Sizes are bytes or `256KB`, `5MB` (steps of 1024); durations `30d`, `1h30m`, `1.5s`, "
      "`0`.\n"
      "- Keys of `limits_config` can be set per tenant in the overrides file "
      "(`runtime_config.file`), which is read again\n  while the node runs.\n"
      "- A key that Loki has and Skald does not need is accepted; where that makes a difference "
      "there "
      "is one warning at\n  start. A key that no Loki ever had is an error that names the line.\n";
  config_draft defaults;
  std::string_view current = "-";
  for (const config_key& key : key_table::instance().keys()) {
    if (key.use != key_use::used && key.use != key_use::input) continue;
    if (const auto name = top_block(key.path); name != current) {
      current = name;
      out += "\n## " + (name.empty() ? std::string("Top level") : "`" + std::string(name) + "`") +
             "\n\n| key | type | default | flag | meaning |\n|---|---|---|---|---|\n";
    }
    out += "| `" + key.path + "` | " + escaped_cell(std::string(type_name(key.at(defaults)))) +
           " | " + escaped_cell(default_cell(key, defaults)) + " | `-" + flag_of(key) + "` | " +
           escaped_cell(std::string(key.help)) + " |\n";
  }
  out += "\n## Accepted without effect\n\n| key | why |\n|---|---|\n";
  for (const config_key& key : key_table::instance().keys()) {
    if (key.use != key_use::ignored && key.use != key_use::ignored_block) continue;
    out += "| `" + key.path + "` | " + escaped_cell(std::string(key.help)) + " |\n";
  }
  return out;
}

}  // namespace skald
