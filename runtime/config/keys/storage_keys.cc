// SPDX-License-Identifier: Apache-2.0
// `schema_config` and `storage_config`, and the store blocks below `common.storage`.
#include "runtime/config/keys/config_keys.h"

namespace skald {
namespace {

using blocks_member = store_blocks config_draft::*;

// Old style: common.storage.{s3,filesystem,...} and storage_config.{aws,filesystem,...}.
template <blocks_member Blocks>
void append_old_s3(key_list& keys, const std::string& prefix) {
  using enum key_use;
  const auto add = [&](std::string_view name, value_ref (*at)(config_draft&),
                       std::string_view help) {
    keys.push_back({prefix + "." + std::string(name), input, at, help, {}});
  };
#define SKALD_STORE_AT(member) [](config_draft& d) -> value_ref { return &(d.*Blocks).member; }
  add("s3", SKALD_STORE_AT(s3.url), "s3://key:secret@endpoint/bucket or s3://region/bucket.");
  add("bucketnames", SKALD_STORE_AT(bucketnames), "Bucket (the first of a comma list).");
  add("endpoint", SKALD_STORE_AT(s3.endpoint), "Host of the store.");
  add("region", SKALD_STORE_AT(s3.region), "Region.");
  add("access_key_id", SKALD_STORE_AT(s3.access_key_id), "Access key.");
  add("secret_access_key", SKALD_STORE_AT(s3.secret_access_key), "Secret key.");
  add("session_token", SKALD_STORE_AT(s3.session_token), "Session token.");
  add("insecure", SKALD_STORE_AT(s3.insecure), "Plain HTTP.");
  add("s3forcepathstyle", SKALD_STORE_AT(s3.force_path_style), "Bucket in the path.");
  add("signature_version", SKALD_STORE_AT(s3.signature_version), "v4 or v2.");
  add("storage_class", SKALD_STORE_AT(s3.storage_class), "Storage class of new objects.");
  append_names(keys, prefix, ignored_block, {"sse"}, "not implemented");
  append_names(keys, prefix, silent_block,
               {"http_config", "backoff_config", "hedging", "dynamodb"});
  append_names(keys, prefix, silent,
               {"chunk_delimiter", "disable_dualstack", "sts_endpoint", "native_aws_auth_enabled",
                "dualstack_enabled"});
}

template <blocks_member Blocks>
void append_clouds(key_list& keys, const std::string& prefix) {
  using enum key_use;
  const auto add = [&](std::string_view name, value_ref (*at)(config_draft&),
                       std::string_view help) {
    keys.push_back({prefix + "." + std::string(name), input, at, help, {}});
  };
  add("gcs.bucket_name", SKALD_STORE_AT(gcs.bucket_name), "Bucket.");
  add("gcs.service_account", SKALD_STORE_AT(gcs.service_account), "Credentials (JSON text).");
  append_names(keys, prefix, silent,
               {"gcs.chunk_buffer_size", "gcs.request_timeout", "gcs.enable_opencensus",
                "gcs.enable_http2", "gcs.enable_retries", "gcs.max_retries"});
  add("azure.account_name", SKALD_STORE_AT(azure.account_name), "Account.");
  add("azure.account_key", SKALD_STORE_AT(azure.account_key), "Key.");
  add("azure.connection_string", SKALD_STORE_AT(azure.connection_string), "Connection string.");
  add("azure.container_name", SKALD_STORE_AT(azure.container_name), "Container.");
  add("azure.endpoint_suffix", SKALD_STORE_AT(azure.endpoint_suffix), "Endpoint.");
  append_names(keys, prefix, silent,
               {"azure.environment", "azure.use_managed_identity", "azure.use_federated_token",
                "azure.user_assigned_id", "azure.use_service_principal", "azure.client_id",
                "azure.client_secret", "azure.tenant_id", "azure.chunk_delimiter",
                "azure.download_buffer_size", "azure.upload_buffer_size",
                "azure.upload_buffer_count", "azure.request_timeout", "azure.max_retries",
                "azure.min_retry_delay", "azure.max_retry_delay"});
  append_names(keys, prefix, ignored_block, {"swift", "alibabacloud", "alibaba", "bos", "cos"},
               "this store is not implemented");
}

template <blocks_member Blocks>
void append_new_style(key_list& keys, const std::string& prefix) {
  using enum key_use;
  const auto add = [&](std::string_view name, value_ref (*at)(config_draft&),
                       std::string_view help) {
    keys.push_back({prefix + "." + std::string(name), input, at, help, {}});
  };
  add("s3.endpoint", SKALD_STORE_AT(s3.endpoint), "Host of the store, without scheme.");
  add("s3.region", SKALD_STORE_AT(s3.region), "Region.");
  add("s3.bucket_name", SKALD_STORE_AT(s3.bucket), "Bucket.");
  add("s3.access_key_id", SKALD_STORE_AT(s3.access_key_id), "Access key.");
  add("s3.secret_access_key", SKALD_STORE_AT(s3.secret_access_key), "Secret key.");
  add("s3.session_token", SKALD_STORE_AT(s3.session_token), "Session token.");
  add("s3.insecure", SKALD_STORE_AT(s3.insecure), "Plain HTTP.");
  add("s3.signature_version", SKALD_STORE_AT(s3.signature_version), "v4 or v2.");
  add("s3.storage_class", SKALD_STORE_AT(s3.storage_class), "Storage class of new objects.");
  append_names(keys, prefix, silent,
               {"s3.bucket_lookup_type", "s3.native_aws_auth_enabled", "s3.dualstack_enabled",
                "s3.list_objects_version", "s3.part_size", "s3.send_content_md5", "s3.sts_endpoint",
                "s3.max_retries"});
  append_names(keys, prefix, silent_block, {"s3.http", "s3.trace", "gcs.http", "azure.http"});
  append_names(keys, prefix, ignored_block, {"s3.sse"}, "not implemented");
  add("filesystem.dir", SKALD_STORE_AT(filesystem_directory), "Folder of the store.");
  append_clouds<Blocks>(keys, prefix);
}

template <blocks_member Blocks>
config_key filesystem_key(std::string path) {
  return {std::move(path),
          key_use::input,
          SKALD_STORE_AT(filesystem_directory),
          "Folder of the store.",
          {}};
}

void append_shipper_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"storage_config.tsdb_shipper.active_index_directory", used,
           SKALD_CONFIG_AT(config.storage.active_index_directory),
           "Folder of index files under construction.", "tsdb.shipper.active-index-directory"},
          {"storage_config.tsdb_shipper.cache_location", used,
           SKALD_CONFIG_AT(config.storage.index_cache_directory),
           "Folder of downloaded index files.", "tsdb.shipper.cache-location"},
          {"storage_config.tsdb_shipper.cache_ttl", used,
           SKALD_CONFIG_AT(config.storage.index_cache_ttl),
           "Drop downloaded index files that were not used for this time.",
           "tsdb.shipper.cache-ttl"},
          {"storage_config.tsdb_shipper.resync_interval", used,
           SKALD_CONFIG_AT(config.storage.index_resync_interval),
           "Time between looks for new index files.", "tsdb.shipper.resync-interval"},
      });
  append_names(
      keys, "storage_config.tsdb_shipper", silent,
      {"query_ready_num_days", "shared_store", "shared_store_key_prefix", "ingester_name", "mode",
       "ingesterdbretainperiod", "build_per_tenant_index", "enable_postings_cache"});
  append_names(keys, "storage_config.tsdb_shipper", silent_block, {"index_gateway_client"});
}

}  // namespace

void append_storage_keys(key_list& keys) {
  using enum key_use;
  append_old_s3<&config_draft::old_common>(keys, "common.storage.s3");
  append_old_s3<&config_draft::old_storage>(keys, "storage_config.aws");
  append_clouds<&config_draft::old_common>(keys, "common.storage");
  append_clouds<&config_draft::old_storage>(keys, "storage_config");
  append_new_style<&config_draft::new_common>(keys, "common.storage.object_store");
  append_new_style<&config_draft::new_storage>(keys, "storage_config.object_store");
  keys.push_back(
      filesystem_key<&config_draft::old_common>("common.storage.filesystem.chunks_directory"));
  keys.push_back(filesystem_key<&config_draft::old_storage>("storage_config.filesystem.directory"));
  append_shipper_keys(keys);
  keys.insert(
      keys.end(),
      {
          {"common.storage.filesystem.rules_directory", input,
           SKALD_CONFIG_AT(ruler_filesystem_directory), "Folder of rule files."},
          {"storage_config.object_prefix", used, SKALD_CONFIG_AT(config.storage.object_prefix),
           "Put in front of every object's name."},
          {"storage_config.object_store.storage_prefix", input,
           SKALD_CONFIG_AT(config.storage.object_prefix), "As object_prefix."},
          {"storage_config.use_thanos_objstore", input, SKALD_CONFIG_AT(use_thanos_objstore),
           "Which family of store blocks counts when both are given."},
          {"schema_config.configs", input,
           [](config_draft&) -> value_ref { return schema_configs_value(); },
           "Periods; Skald takes the object store of the last one."},
      });
  append_names(keys, "schema_config", silent, {"path"});
  append_names(keys, "common.storage", silent_block, {"hedging", "congestion_control"});
  append_names(keys, "storage_config", silent_block, {"hedging", "congestion_control"});
  append_names(keys, "storage_config", ignored_block, {"named_stores", "object_store.named_stores"},
               "not implemented");
  append_names(keys, "storage_config", silent,
               {"max_parallel_get_chunk", "max_chunk_batch_size", "index_cache_validity",
                "disable_broad_index_queries"});
  append_names(keys, "storage_config", ignored_block,
               {"boltdb_shipper", "boltdb", "bigtable", "cassandra", "grpc_store",
                "index_queries_cache_config", "bloom_shipper"},
               "Skald has its own index");
}

}  // namespace skald
