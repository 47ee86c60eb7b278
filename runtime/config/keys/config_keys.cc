// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/keys/config_keys.h"

#include <algorithm>

namespace skald {

void append_names(key_list& keys, const std::string& prefix, key_use use,
                  const std::vector<std::string_view>& names, std::string_view why) {
  for (const std::string_view name : names) {
    const std::string path = prefix.empty() ? std::string(name) : prefix + "." + std::string(name);
    keys.push_back({path, use, nullptr, why, {}});
  }
}

void append_foreign_ring(key_list& keys, const std::string& prefix) {
  append_names(keys, prefix, key_use::silent,
               {"heartbeat_period", "heartbeat_timeout", "replication_factor", "num_tokens",
                "tokens_file_path", "persist_tokens", "zone_awareness_enabled",
                "instance_availability_zone", "instance_addr", "instance_interface_names",
                "instance_id", "instance_port", "instance_enable_ipv6", "excluded_zones",
                "wait_stability_min_duration", "wait_stability_max_duration"});
  append_names(keys, prefix, key_use::silent_block, {"kvstore"});
}

key_table::key_table() {
  append_top_level_keys(keys_);
  append_server_keys(keys_);
  append_common_keys(keys_);
  append_ingest_keys(keys_);
  append_query_keys(keys_);
  append_storage_keys(keys_);
  append_compactor_and_ruler_keys(keys_);
  append_cluster_keys(keys_);
  append_ingestion_limit_keys(keys_);
  append_query_limit_keys(keys_);
  append_skald_keys(keys_);
  append_foreign_keys(keys_);
  for (const config_key& key : keys_) {
    const bool is_new = by_path_.emplace(key.path, &key).second;
    SKALD_ASSERT(is_new);  // a path in two tables
    for (std::size_t dot = key.path.find('.'); dot != std::string::npos;
         dot = key.path.find('.', dot + 1)) {
      blocks_.insert(key.path.substr(0, dot));
    }
  }
  // Loki's own flag names go first: some of them look like the path of another key.
  for (const config_key& key : keys_) {
    if (!key.flag.empty()) by_flag_.emplace(key.flag, &key);
  }
  for (const config_key& key : keys_) {
    std::string derived = key.path;
    std::replace(derived.begin(), derived.end(), '_', '-');
    by_flag_.emplace(std::move(derived), &key);
  }
}

const key_table& key_table::instance() {
  static const key_table table;
  return table;
}

const config_key* key_table::find(std::string_view path) const {
  if (const auto it = by_path_.find(path); it != by_path_.end()) return it->second;
  for (std::size_t dot = path.rfind('.'); dot != std::string_view::npos && dot > 0;
       dot = path.rfind('.', dot - 1)) {
    const auto it = by_path_.find(path.substr(0, dot));
    if (it == by_path_.end()) continue;
    const key_use use = it->second->use;
    if (use == key_use::silent_block || use == key_use::ignored_block) return it->second;
  }
  return nullptr;
}

bool key_table::is_block(std::string_view path) const {
  return blocks_.find(path) != blocks_.end();
}

const config_key* key_table::find_flag(std::string_view flag) const {
  const auto it = by_flag_.find(flag);
  return it == by_flag_.end() ? nullptr : it->second;
}

std::string flag_of(const config_key& key) {
  if (!key.flag.empty()) return key.flag;
  std::string flag = key.path;
  std::replace(flag.begin(), flag.end(), '_', '-');
  return flag;
}

}  // namespace skald
