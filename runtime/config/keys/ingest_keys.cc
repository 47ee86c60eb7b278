// SPDX-License-Identifier: Apache-2.0
// `distributor` and `ingester`.
#include "runtime/config/keys/config_keys.h"

namespace skald {
namespace {

void append_distributor_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"distributor.max_recv_msg_size", used,
           SKALD_CONFIG_AT(config.distributor.max_recv_msg_size),
           "Largest push body as sent; 413 above it."},
          {"distributor.max_decompressed_size", used,
           SKALD_CONFIG_AT(config.distributor.max_decompressed_size),
           "Largest push body after decompression; 413 above it."},
          {"distributor.max_inflight_bytes", used,
           SKALD_CONFIG_AT(config.distributor.max_inflight_bytes),
           "Bytes of pushes handled at once, 503 above it; 0: a quarter of skald.memory_limit."},
          {"distributor.otlp_config.default_resource_attributes_as_index_labels", used,
           SKALD_CONFIG_AT(config.distributor.otlp_default_index_labels),
           "Resource attributes that become stream labels."},
      });
  append_foreign_ring(keys, "distributor.ring");
  append_names(keys, "distributor", silent_block,
               {"rate_store", "write_failures_logging", "circuit_breaker", "tenant_topic",
                "ha_tracker", "dataobj_tee"});
  append_names(keys, "distributor", silent, {"push_worker_count", "ingester_writes_enabled"});
  append_names(keys, "distributor", ignored,
               {"kafka_writes_enabled", "ingest_limits_enabled", "ingest_limits_dry_run_enabled"},
               "there is no Kafka in Skald");
}

void append_flush_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"ingester.chunk_idle_period", used, SKALD_CONFIG_AT(config.ingester.chunk_idle_period),
           "Flush a stream without new entries after this time, at the latest.",
           "ingester.chunks-idle-period"},
          {"ingester.chunk_target_size", used, SKALD_CONFIG_AT(config.ingester.chunk_target_size),
           "Upper bound of a chunk buffer, compressed."},
          {"ingester.chunk_block_size", used, SKALD_CONFIG_AT(config.ingester.chunk_block_size),
           "Accepted; segments have sizes of their own.", "ingester.chunks-block-size"},
          {"ingester.chunk_encoding", used, SKALD_CONFIG_AT(config.ingester.chunk_encoding),
           "One of Loki's names; packs are always zstd."},
          {"ingester.max_chunk_age", used, SKALD_CONFIG_AT(config.ingester.max_chunk_age),
           "Flush after this time, at the latest; half of it is the out-of-order window."},
          {"ingester.chunk_retain_period", used,
           SKALD_CONFIG_AT(config.ingester.chunk_retain_period),
           "Keep flushed entries in memory for this time.", "ingester.chunks-retain-period"},
          {"ingester.flush_check_period", used, SKALD_CONFIG_AT(config.ingester.flush_check_period),
           "Time between looks for what is due."},
          {"ingester.flush_op_timeout", used, SKALD_CONFIG_AT(config.ingester.flush_op_timeout),
           "Longest time of one flush."},
          {"ingester.concurrent_flushes", used, SKALD_CONFIG_AT(config.ingester.concurrent_flushes),
           "Most flushes at once."},
          {"ingester.max_returned_stream_errors", used,
           SKALD_CONFIG_AT(config.ingester.max_returned_stream_errors),
           "Refused entries named in one answer.", "ingester.max-ignored-stream-errors"},
          {"ingester.autoforget_unhealthy", used,
           SKALD_CONFIG_AT(config.ingester.autoforget_unhealthy), "Drop dead members by itself."},
          {"ingester.shutdown_marker_path", used,
           SKALD_CONFIG_AT(config.ingester.shutdown_marker_path),
           "Where prepare_shutdown keeps its mark; empty: path_prefix."},
      });
  append_names(keys, "ingester", silent,
               {"query_store_max_look_back_period", "sync_period", "sync_min_utilization",
                "index_shards", "max_dropped_streams", "owned_streams_check_interval",
                "tailer_max_duration", "max_transfer_retries"});
  append_names(keys, "ingester", silent_block, {"flush_op_backoff"});
  append_names(keys, "ingester", ignored_block, {"kafka_ingestion"}, "there is no Kafka in Skald");
}

void append_wal_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"ingester.wal.enabled", used, SKALD_CONFIG_AT(config.ingester.wal_enabled),
           "Write entries to the write-ahead log before they are acknowledged.",
           "ingester.wal-enabled"},
          {"ingester.wal.dir", used, SKALD_CONFIG_AT(config.ingester.wal_dir),
           "Folder of the write-ahead log; empty: <path_prefix>/wal.", "ingester.wal-dir"},
          {"ingester.wal.checkpoint_duration", used,
           SKALD_CONFIG_AT(config.ingester.wal_checkpoint_duration), "Time between checkpoints.",
           "ingester.checkpoint-duration"},
          {"ingester.wal.flush_on_shutdown", used,
           SKALD_CONFIG_AT(config.ingester.wal_flush_on_shutdown), "Flush all at a stop.",
           "ingester.flush-on-shutdown"},
          {"ingester.wal.replay_memory_ceiling", used,
           SKALD_CONFIG_AT(config.ingester.wal_replay_memory_ceiling),
           "Flush during the replay above this memory.", "ingester.wal-replay-memory-ceiling"},
          {"ingester.wal.disk_full_threshold", used,
           SKALD_CONFIG_AT(config.ingester.wal_disk_full_threshold),
           "Refuse pushes when the WAL's disk is fuller than this share, as df counts; 0 or 1: "
           "never.",
           "ingester.wal-disk-full-threshold"},
      });
}

void append_lifecycler_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"ingester.lifecycler.min_ready_duration", used,
           SKALD_CONFIG_AT(config.ingester.min_ready_duration),
           "/ready is 200 only this long after the start.", "ingester.min-ready-duration"},
          {"ingester.lifecycler.final_sleep", used, SKALD_CONFIG_AT(config.ingester.final_sleep),
           "Wait before the process ends.", "ingester.final-sleep"},
          {"ingester.lifecycler.unregister_on_shutdown", used,
           SKALD_CONFIG_AT(config.ingester.unregister_on_shutdown),
           "Leave the ring at a stop; false: keep the place for a restart.",
           "ingester.unregister-on-shutdown"},
          {"ingester.lifecycler.ring.replication_factor", input,
           SKALD_CONFIG_AT(config.ring.replication_factor), "As common.replication_factor.",
           "distributor.replication-factor"},
          {"ingester.lifecycler.ring.kvstore.store", input,
           SKALD_CONFIG_AT(config.ring.kvstore_store), "As common.ring.kvstore.store.",
           "ring.store"},
          {"ingester.lifecycler.address", input, SKALD_CONFIG_AT(config.ring.instance_addr),
           "As common.ring.instance_addr.", "ingester.lifecycler.addr"},
      });
  append_names(
      keys, "ingester.lifecycler", silent,
      {"num_tokens", "join_after", "observe_period", "heartbeat_period", "heartbeat_timeout",
       "tokens_file_path", "tokens_generator_strategy", "interface_names", "enable_inet6",
       "availability_zone", "port", "id", "readiness_check_ring_health", "ring.heartbeat_timeout",
       "ring.zone_awareness_enabled", "ring.excluded_zones", "ring.kvstore.prefix"});
  append_names(keys, "ingester.lifecycler", silent_block,
               {"ring.kvstore.consul", "ring.kvstore.etcd", "ring.kvstore.multi"});
}

}  // namespace

void append_ingest_keys(key_list& keys) {
  append_distributor_keys(keys);
  append_flush_keys(keys);
  append_wal_keys(keys);
  append_lifecycler_keys(keys);
  append_names(keys, "", key_use::silent_block, {"ingester_client"});
}

}  // namespace skald
