// SPDX-License-Identifier: Apache-2.0
// `compactor`, `ruler`, `ruler_storage`, `memberlist`, `runtime_config` and Skald's own block.
#include "runtime/config/keys/config_keys.h"

namespace skald {
namespace {

void append_compactor_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"compactor.working_directory", used, SKALD_CONFIG_AT(config.compactor.working_directory),
           "Folder of files under work; empty: <path_prefix>/compactor."},
          {"compactor.compaction_interval", used,
           SKALD_CONFIG_AT(config.compactor.compaction_interval), "Time between runs."},
          {"compactor.retention_enabled", used, SKALD_CONFIG_AT(config.compactor.retention_enabled),
           "Apply retention and deletes."},
          {"compactor.retention_delete_delay", used,
           SKALD_CONFIG_AT(config.compactor.retention_delete_delay),
           "Wait before objects are removed."},
          {"compactor.retention_delete_worker_count", used,
           SKALD_CONFIG_AT(config.compactor.retention_delete_worker_count), "Removals at once."},
          {"compactor.delete_request_store", used,
           SKALD_CONFIG_AT(config.compactor.delete_request_store),
           "Store that keeps delete requests; needed with retention.",
           "compactor.delete-request-store"},
          {"compactor.delete_request_cancel_period", used,
           SKALD_CONFIG_AT(config.compactor.delete_request_cancel_period),
           "A delete request can be taken back this long."},
          {"compactor.delete_max_interval", used,
           SKALD_CONFIG_AT(config.compactor.delete_max_interval),
           "Longest time range of one delete job.", "compactor.delete-max-interval"},
          {"compactor.apply_retention_interval", used,
           SKALD_CONFIG_AT(config.compactor.apply_retention_interval),
           "Time between retention runs; 0: each compaction."},
          {"compactor.shared_store", input, SKALD_CONFIG_AT(compactor_shared_store),
           "Older name of delete_request_store."},
      });
  append_foreign_ring(keys, "compactor.compactor_ring");
  append_names(keys, "compactor", silent,
               {"max_compaction_parallelism", "upload_parallelism", "tables_to_compact",
                "skip_latest_n_tables", "retention_table_timeout", "delete_batch_size",
                "retention_backoff_config", "delete_request_store_key_prefix",
                "delete_request_store_db_type", "backup_delete_request_store_db_type",
                "horizontal_scaling_mode", "run_once", "shared_store_key_prefix", "allow_deletes",
                "deletion_mode"});
  append_names(keys, "compactor", silent_block, {"worker_config", "jobs_config"});
  append_names(keys, "", silent_block, {"compactor_grpc_client", "compactor_client"});
}

void append_ruler_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"ruler.enable_api", used, SKALD_CONFIG_AT(config.ruler.enable_api),
           "Serve the rules API."},
          {"ruler.alertmanager_url", used, SKALD_CONFIG_AT(config.ruler.alertmanager_url),
           "Alertmanagers, comma separated."},
          {"ruler.rule_path", used, SKALD_CONFIG_AT(config.ruler.rule_path),
           "Folder for working copies; empty: <path_prefix>/rules-temp."},
          {"ruler.evaluation_interval", used, SKALD_CONFIG_AT(config.ruler.evaluation_interval),
           "Time between evaluations of a group without its own."},
          {"ruler.poll_interval", used, SKALD_CONFIG_AT(config.ruler.poll_interval),
           "Time between looks for changed rules."},
          {"ruler.external_url", used, SKALD_CONFIG_AT(config.ruler.external_url),
           "Grafana's address in alerts.", "ruler.external.url"},
          {"ruler.datasource_uid", used, SKALD_CONFIG_AT(config.ruler.datasource_uid),
           "Grafana's data source in alerts."},
          {"ruler.storage.type", used, SKALD_CONFIG_AT(config.ruler.storage_type),
           "Where rules are kept."},
          {"ruler.storage.local.directory", input, SKALD_CONFIG_AT(ruler_local_directory),
           "Folder of rule files."},
          {"ruler_storage.backend", input, SKALD_CONFIG_AT(ruler_backend),
           "As ruler.storage.type."},
          {"ruler_storage.local.directory", input, SKALD_CONFIG_AT(ruler_backend_directory),
           "Folder of rule files."},
          {"ruler_storage.filesystem.dir", input, SKALD_CONFIG_AT(ruler_backend_directory),
           "Folder of rule files."},
      });
  append_foreign_ring(keys, "ruler.ring");
  append_names(keys, "ruler", silent,
               {"enable_sharding", "sharding_strategy", "sharding_algo", "enable_alertmanager_v2",
                "search_pending_for", "flush_period", "disable_rule_group_label"});
  append_names(
      keys, "ruler", ignored,
      {"notification_queue_capacity", "notification_timeout", "alertmanager_refresh_interval",
       "enable_alertmanager_discovery", "for_outage_tolerance", "for_grace_period", "resend_delay",
       "enabled_tenants", "disabled_tenants", "query_stats_enabled", "external_labels"},
      "not implemented");
  append_names(keys, "ruler", ignored_block,
               {"alertmanager_client", "remote_write", "wal", "wal_cleaner", "evaluation"},
               "not implemented");
  append_names(keys, "ruler", silent_block,
               {"ruler_client", "storage.s3", "storage.gcs", "storage.azure", "storage.swift",
                "storage.alibabacloud", "storage.bos", "storage.cos"});
  append_names(keys, "ruler_storage", silent, {"storage_prefix"});
  append_names(keys, "ruler_storage", ignored_block,
               {"s3", "gcs", "azure", "swift", "alibaba", "bos"}, "not implemented");
}

}  // namespace

void append_compactor_and_ruler_keys(key_list& keys) {
  append_compactor_keys(keys);
  append_ruler_keys(keys);
}

void append_cluster_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"memberlist.join_members", used, SKALD_CONFIG_AT(config.memberlist.join_members),
           "Seeds of Skald's own cluster (host:port).", "memberlist.join"},
          {"memberlist.bind_addr", used, SKALD_CONFIG_AT(config.memberlist.bind_addr),
           "Addresses to listen on."},
          {"memberlist.bind_port", used, SKALD_CONFIG_AT(config.memberlist.bind_port),
           "Accepted; members talk on grpc_listen_port."},
          {"memberlist.advertise_addr", used, SKALD_CONFIG_AT(config.memberlist.advertise_addr),
           "Address told to others."},
          {"memberlist.advertise_port", used, SKALD_CONFIG_AT(config.memberlist.advertise_port),
           "Port told to others; 0: the one listened on."},
          {"memberlist.node_name", used, SKALD_CONFIG_AT(config.memberlist.node_name),
           "Name of the node.", "memberlist.nodename"},
          {"memberlist.cluster_label", used, SKALD_CONFIG_AT(config.memberlist.cluster_label),
           "Nodes with another label are refused."},
          {"memberlist.abort_if_cluster_join_fails", used,
           SKALD_CONFIG_AT(config.memberlist.abort_if_cluster_join_fails), "Do not start alone.",
           "memberlist.abort-if-join-fails"},
          {"memberlist.left_ingesters_timeout", used,
           SKALD_CONFIG_AT(config.memberlist.left_ingesters_timeout),
           "How long members that left are remembered."},
          {"memberlist.rejoin_interval", used, SKALD_CONFIG_AT(config.memberlist.rejoin_interval),
           "Accepted; seeds are asked again in any case."},
          {"runtime_config.file", input, SKALD_CONFIG_AT(runtime_file),
           "Overrides file (a comma list: later files win).", "runtime-config.file"},
          {"runtime_config.period", used, SKALD_CONFIG_AT(config.runtime_config.period),
           "Time between looks at the overrides file.", "runtime-config.reload-period"},
      });
  append_names(keys, "memberlist", silent,
               {"randomize_node_name",
                "stream_timeout",
                "retransmit_factor",
                "pull_push_interval",
                "gossip_interval",
                "gossip_nodes",
                "gossip_to_dead_nodes_time",
                "dead_node_reclaim_time",
                "compression_enabled",
                "notify_interval",
                "cluster_label_verification_disabled",
                "max_join_backoff",
                "min_join_backoff",
                "max_join_retries",
                "packet_dial_timeout",
                "packet_write_timeout",
                "message_history_buffer_bytes",
                "leave_timeout",
                "obsolete_entries_timeout",
                "abort_if_cluster_fast_join_fails",
                "broadcast_timeout_for_local_updates_on_shutdown",
                "watch_prefix_buffer_size",
                "received_messages_queue_size",
                "acquire_writer_timeout",
                "tls_enabled",
                "tls_cert_path",
                "tls_key_path",
                "tls_ca_path",
                "tls_server_name",
                "tls_insecure_skip_verify",
                "tls_cipher_suites",
                "tls_min_version"});
  append_names(keys, "memberlist", silent_block,
               {"zone_aware_routing", "propagation_delay_tracker"});
}

void append_skald_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"skald.shards", used, SKALD_CONFIG_AT(config.skald.shards),
           "Shards of the ingester; 0: one a core."},
          {"skald.scheduler_threads", used, SKALD_CONFIG_AT(config.skald.scheduler_threads),
           "Threads that run actors; 0: one a core."},
          {"skald.io_threads", used, SKALD_CONFIG_AT(config.skald.io_threads),
           "Threads that serve HTTP; 0: half the cores, at least one."},
          {"skald.memory_limit", used, SKALD_CONFIG_AT(config.skald.memory_limit),
           "Memory to plan with; 0: the cgroup's limit, else the machine's."},
          {"skald.flush_budget", used, SKALD_CONFIG_AT(config.skald.flush_budget),
           "Unflushed bytes that start a flush; 0: the smaller of 64 MiB and a tenth of "
           "the memory "
           "limit. Less: shorter replay, smaller objects."},
          {"skald.flush_age", used, SKALD_CONFIG_AT(config.skald.flush_age),
           "Age of the oldest unflushed entry that starts a flush; at most max_chunk_age."},
          {"skald.wal_segment_size", used, SKALD_CONFIG_AT(config.skald.wal_segment_size),
           "Size of a WAL file, 4MB to 1GB. Below 40MB, the largest entries are smaller, too."},
          {"skald.wal_direct_io", used, SKALD_CONFIG_AT(config.skald.wal_direct_io),
           "Write the WAL with O_DIRECT where the file system has it."},
          {"skald.index_map_size", used, SKALD_CONFIG_AT(config.skald.index_map_size),
           "Address space of one index file (not memory, not disk)."},
          {"skald.query_memory_limit", used, SKALD_CONFIG_AT(config.skald.query_memory_limit),
           "Memory that one query may take, and as much again for the text of its answer; "
           "500 above it; 0: a quarter of skald.memory_limit. All queries together may take half "
           "of skald.memory_limit; 429 above it."},
          {"skald.query_early_rejection", used, SKALD_CONFIG_AT(config.skald.query_early_rejection),
           "A parser drops a line as soon as it extracts a label that the first filter on "
           "it refuses, as Loki does; false: filters look where they stand."},
          {"skald.cluster_insecure", used, SKALD_CONFIG_AT(config.skald.cluster_insecure),
           "Let the cluster port listen beyond loopback without TLS."},
      });
}

void append_foreign_keys(key_list& keys) {
  using enum key_use;
  append_names(keys, "", ignored_block, {"table_manager"},
               "the compactor applies retention: set limits_config.retention_period and "
               "compactor.retention_enabled");
  append_names(
      keys, "", ignored_block,
      {"query_engine", "dataobj", "kafka_config", "ingest_limits", "ingest_limits_frontend",
       "ingest_limits_frontend_client", "bloom_build", "bloom_gateway", "bloom_compactor",
       "block_builder", "block_scheduler", "storage_bundle"},
      "Skald has no such part");
  append_names(keys, "", silent_block, {"index_gateway", "index_gateway_client"});
  append_names(
      keys, "pattern_ingester", silent_block,
      {"lifecycler", "client_config", "metric_aggregation", "pattern_persistence", "tee_config"});
  append_names(keys, "pattern_ingester", silent,
               {"concurrent_flushes", "flush_check_period", "max_clusters", "max_eviction_ratio",
                "connection_timeout", "max_allowed_line_length", "retain_for", "chunk_duration",
                "volume_threshold"});
}

}  // namespace skald
