// SPDX-License-Identifier: Apache-2.0
// Everything that a node is told by file and flags: Loki's keys that Skald uses, with their
// effective values after defaults, file, flags and derivation. Plain values without behaviour;
// runtime/node maps them to the modules' own options. Field names are Loki's keys. Units: durations
// are std::chrono, std::uint64_t is bytes, std::int64_t a count (or a port). A restart is needed
// for all but the limits.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/limits/tenant_limits.h"

namespace skald {

using config_duration = std::chrono::nanoseconds;

struct tls_config {
  std::string cert_file;
  std::string key_file;
  std::string client_ca_file;
  std::string client_auth_type;
};

struct server_config {
  std::string http_listen_address;  // empty: all
  std::int64_t http_listen_port = 3100;
  std::string grpc_listen_address;  // of Skald's own cluster port
  std::int64_t grpc_listen_port = 9095;
  config_duration http_server_read_timeout = std::chrono::seconds(30);
  config_duration http_server_write_timeout = std::chrono::seconds(30);
  config_duration http_server_idle_timeout = std::chrono::minutes(2);
  std::int64_t http_listen_conn_limit = 0;  // 0 = off
  config_duration graceful_shutdown_timeout = std::chrono::seconds(30);
  std::string log_level = "info";
  std::string log_format = "logfmt";
  std::string http_path_prefix;
  std::uint64_t grpc_server_max_recv_msg_size = 4u << 20;
  std::uint64_t grpc_server_max_send_msg_size = 4u << 20;
  tls_config http_tls_config;
};

// One object store, whichever family of keys named it.
struct s3_config {
  std::string url;  // s3://key:secret@endpoint/bucket
  std::string endpoint;
  std::string bucket;  // bucketnames (first) or bucket_name
  std::string region;
  std::string access_key_id;
  std::string secret_access_key;
  std::string session_token;
  bool insecure = false;
  bool force_path_style = false;
  std::string signature_version = "v4";
  std::string storage_class = "STANDARD";
};

struct gcs_config {
  std::string bucket_name;
  std::string service_account;
};

struct azure_config {
  std::string account_name;
  std::string account_key;
  std::string connection_string;
  std::string container_name = "loki";
  std::string endpoint_suffix;
};

struct storage_config {
  // The backend of the last schema period: "filesystem" or "s3" can be used; others refuse at
  // start.
  std::string object_store = "filesystem";
  std::string filesystem_directory;  // resolved; "<path_prefix>/chunks" unless told otherwise
  std::string object_prefix;
  s3_config s3;
  gcs_config gcs;
  azure_config azure;
  // Working directories for index files, taken from tsdb_shipper.
  std::string active_index_directory;
  std::string index_cache_directory;
  config_duration index_cache_ttl = std::chrono::hours(24);
  config_duration index_resync_interval = std::chrono::minutes(5);
};

struct ring_config {
  std::string kvstore_store = "inmemory";  // inmemory or memberlist
  std::string instance_addr;
  std::vector<std::string> instance_interface_names = {"eth0", "en0", "lo"};
  std::string instance_id;
  std::int64_t instance_port = 0;
  bool zone_awareness_enabled = false;
  std::string instance_availability_zone;
  config_duration heartbeat_period = std::chrono::seconds(15);
  config_duration heartbeat_timeout = std::chrono::minutes(1);
  std::int64_t replication_factor = 3;
};

struct distributor_config {
  std::uint64_t max_recv_msg_size = 100u << 20;
  std::uint64_t max_decompressed_size = 5000ull << 20;
  std::uint64_t max_inflight_bytes = 0;  // 0: a quarter of the memory limit
  std::vector<std::string> otlp_default_index_labels;
};

struct ingester_config {
  config_duration chunk_idle_period = std::chrono::minutes(30);
  std::uint64_t chunk_target_size = 1572864;
  std::uint64_t chunk_block_size = 262144;
  std::string chunk_encoding = "gzip";
  config_duration max_chunk_age = std::chrono::hours(2);
  config_duration chunk_retain_period{0};
  config_duration flush_check_period = std::chrono::seconds(30);
  config_duration flush_op_timeout = std::chrono::minutes(10);
  std::int64_t concurrent_flushes = 32;
  std::int64_t max_returned_stream_errors = 10;
  bool autoforget_unhealthy = false;
  bool wal_enabled = true;
  std::string wal_dir;  // "<path_prefix>/wal"
  config_duration wal_checkpoint_duration = std::chrono::minutes(5);
  bool wal_flush_on_shutdown = false;
  std::uint64_t wal_replay_memory_ceiling = 4ull << 30;
  double wal_disk_full_threshold = 0.9;
  std::string shutdown_marker_path;
  // lifecycler
  config_duration min_ready_duration = std::chrono::seconds(15);
  config_duration final_sleep{0};
  bool unregister_on_shutdown = true;
};

struct querier_config {
  std::int64_t max_concurrent = 4;
  config_duration query_ingesters_within = std::chrono::hours(3);
  config_duration tail_max_duration = std::chrono::hours(1);
  bool multi_tenant_queries_enabled = false;
  bool per_request_limits_enabled = false;
  config_duration engine_max_look_back_period = std::chrono::seconds(30);
};

struct frontend_config {
  config_duration log_queries_longer_than{0};
  bool compress_responses = true;
  std::int64_t max_outstanding_per_tenant = 2048;
  std::uint64_t max_body_size = 10u << 20;
  std::string scheduler_address;
  // query_range
  bool align_queries_with_step = false;
  bool parallelise_shardable_queries = true;
  bool cache_results = false;
  std::int64_t max_retries = 5;
  bool embedded_cache_enabled = true;
  std::int64_t embedded_cache_max_size_mb = 100;
  config_duration embedded_cache_ttl = std::chrono::hours(1);
  // chunk_store_config.chunk_cache_config.embedded_cache
  bool chunk_cache_enabled = true;
  std::int64_t chunk_cache_max_size_mb = 100;
  config_duration chunk_cache_ttl = std::chrono::hours(1);
  std::int64_t scheduler_max_outstanding_requests_per_tenant = 32000;
};

struct compactor_config {
  std::string working_directory;
  config_duration compaction_interval = std::chrono::minutes(10);
  bool retention_enabled = false;
  config_duration retention_delete_delay = std::chrono::hours(2);
  std::int64_t retention_delete_worker_count = 150;
  std::string delete_request_store;
  config_duration delete_request_cancel_period = std::chrono::hours(24);
  config_duration delete_max_interval = std::chrono::hours(24);
  config_duration apply_retention_interval{0};
};

struct ruler_config {
  bool enable_api = true;
  std::string alertmanager_url;
  std::string rule_path;
  std::string storage_type = "local";
  std::string storage_directory;  // of local or filesystem rule files
  config_duration evaluation_interval = std::chrono::minutes(1);
  config_duration poll_interval = std::chrono::minutes(1);
  std::string external_url;
  std::string datasource_uid;
};

struct memberlist_config {
  std::vector<std::string> join_members;
  std::vector<std::string> bind_addr;
  std::int64_t bind_port = 7946;
  std::string advertise_addr;
  std::int64_t advertise_port = 0;
  std::string node_name;
  std::string cluster_label;
  bool abort_if_cluster_join_fails = false;
  config_duration left_ingesters_timeout = std::chrono::minutes(5);
  config_duration rejoin_interval{0};
};

struct runtime_file_config {
  std::vector<std::string> files;  // later files win
  config_duration period = std::chrono::seconds(10);
};

// The block `skald:`: settings without a counterpart in Loki.
struct skald_config {
  std::int64_t shards = 0;             // ingester shards; 0: one per core
  std::int64_t scheduler_threads = 0;  // actor threads; 0: one per core
  std::int64_t io_threads = 0;         // HTTP threads; 0: half the cores, at least one
  std::uint64_t memory_limit = 0;      // 0: the cgroup's limit, else the machine's memory
  std::uint64_t flush_budget =
      0;  // unflushed raw bytes; 0: smaller of 64 MiB and a tenth of memory_limit
  config_duration flush_age =
      std::chrono::minutes(15);                // oldest unflushed entry, at most max_chunk_age
  std::uint64_t wal_segment_size = 64u << 20;  // 4 MiB to 1 GiB: an entry must fit into one
  bool wal_direct_io = true;                   // O_DIRECT where the file system has it
  std::uint64_t index_map_size = 64ull << 30;  // LMDB address space per file
  std::uint64_t query_memory_limit = 0;        // of one query; 0: a quarter of memory_limit
  bool query_early_rejection = true;           // parsers drop lines as Loki's do
  bool cluster_insecure = false;               // allow a cluster port beyond loopback without TLS
};

struct node_config {
  std::vector<std::string> target = {"all"};
  bool auth_enabled = true;
  std::string no_auth_tenant = "fake";
  std::string http_prefix;
  config_duration shutdown_delay{0};
  std::string metrics_namespace = "loki";
  std::string path_prefix;  // common.path_prefix; "./data" when nothing is told
  std::string compactor_address;
  bool pattern_ingester_enabled = false;

  server_config server;
  ring_config ring;
  storage_config storage;
  distributor_config distributor;
  ingester_config ingester;
  querier_config querier;
  frontend_config frontend;
  compactor_config compactor;
  ruler_config ruler;
  memberlist_config memberlist;
  runtime_file_config runtime_config;
  skald_config skald;
  tenant_limits limits;  // limits_config: defaults of all tenants
};

}  // namespace skald
