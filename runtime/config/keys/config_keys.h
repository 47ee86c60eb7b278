// SPDX-License-Identifier: Apache-2.0
// The table of all configuration keys: Loki's names, what Skald does with each, and where its value
// lives. The reader, the flags, the dump and the reference page are all driven by it. Split by
// block into *_keys.cc.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/config/keys/config_value.h"
#include "runtime/config/node_config.h"

namespace skald {

// One way to name a store: an old-style or a new-style block.
struct store_blocks {
  s3_config s3;
  std::string bucketnames;  // old style: a comma list
  std::string filesystem_directory;
  gcs_config gcs;
  azure_config azure;
};

// A configuration while it is read: the result and inputs that only the derivation looks at.
struct config_draft {
  node_config config;
  std::set<std::string> given;        // paths that the file or a flag has set
  std::vector<std::string> warnings;  // about values

  bool use_thanos_objstore = true;
  store_blocks old_common, old_storage, new_common, new_storage;
  std::vector<std::string> schema_object_stores;  // one per schema period, in order
  std::string compactor_shared_store;
  std::string ruler_local_directory, ruler_backend_directory, ruler_filesystem_directory;
  std::string ruler_backend;
  std::string common_instance_addr;
  std::vector<std::string> common_interface_names;
  std::string runtime_file;
  std::string per_tenant_override_config;
  config_duration per_tenant_override_period{0};
  config_duration old_split_queries_by_interval{0};
  config_duration old_max_look_back_period{0};
  config_duration old_query_timeout{0};
  std::string compactor_grpc_address;
};

enum class key_use : unsigned char {
  used,           // read, shown
  input,          // read, decides about other values, not shown
  silent,         // nothing to do: Skald behaves so anyway, or has no such thing
  ignored,        // has no effect: one warning when it is set
  silent_block,   // a whole block of `silent` keys, not looked into
  ignored_block,  // a whole block of `ignored` keys, not looked into
};

struct config_key {
  std::string path;  // "server.http_listen_port"
  key_use use = key_use::used;
  value_ref (*at)(config_draft&) = nullptr;  // null for silent and ignored keys
  std::string_view help;                     // for `ignored`: why
  std::string flag;                          // Loki's flag when it is not the path with dashes
};

#define SKALD_CONFIG_AT(member) [](config_draft& d) -> value_ref { return &d.member; }

using key_list = std::vector<config_key>;

void append_top_level_keys(key_list& keys);
void append_server_keys(key_list& keys);
void append_common_keys(key_list& keys);
void append_ingest_keys(key_list& keys);
void append_query_keys(key_list& keys);
void append_storage_keys(key_list& keys);
void append_compactor_and_ruler_keys(key_list& keys);
void append_cluster_keys(key_list& keys);
void append_ingestion_limit_keys(key_list& keys);
void append_query_limit_keys(key_list& keys);
void append_skald_keys(key_list& keys);
void append_foreign_keys(key_list& keys);

// Names below `prefix` that are all treated alike.
void append_names(key_list& keys, const std::string& prefix, key_use use,
                  const std::vector<std::string_view>& names, std::string_view why = {});
// The keys of a ring block that Skald does not read; `kvstore` is left to the caller when
// `with_store` is false.
void append_foreign_ring(key_list& keys, const std::string& prefix);
// Limits with a form of their own.
custom_value rate_strategy_value();
custom_value deletion_mode_value();
custom_value retention_stream_value();
custom_value otlp_config_value();
custom_value blocked_queries_value();
custom_value generic_fields_value();
custom_value block_until_value();
custom_value schema_configs_value();

class key_table {
 public:
  // All keys; built once.
  static const key_table& instance();

  // The key of that path, or of the silent or ignored block that it lies in; null when there is
  // none.
  const config_key* find(std::string_view path) const;
  // Whether keys lie below the path.
  bool is_block(std::string_view path) const;
  // The key that a flag (without dashes) sets, or null.
  const config_key* find_flag(std::string_view flag) const;
  const key_list& keys() const { return keys_; }

 private:
  key_table();
  key_list keys_;
  std::map<std::string, const config_key*, std::less<>> by_path_;
  std::map<std::string, const config_key*, std::less<>> by_flag_;
  std::set<std::string, std::less<>> blocks_;
};

// The main flag of a key, without dashes.
std::string flag_of(const config_key& key);

}  // namespace skald
