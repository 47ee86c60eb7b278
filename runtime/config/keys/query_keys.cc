// SPDX-License-Identifier: Apache-2.0
// `querier`, `frontend`, `query_range`, `query_scheduler`, `frontend_worker` and
// `chunk_store_config`.
#include "runtime/config/keys/config_keys.h"

namespace skald {
namespace {

// The keys of one cache block that Skald does not read.
void append_foreign_cache(key_list& keys, const std::string& prefix) {
  append_names(keys, prefix, key_use::silent,
               {"default_validity", "prefix", "async_cache_write_back_concurrency",
                "async_cache_write_back_buffer_size"});
  append_names(keys, prefix, key_use::silent_block, {"background"});
  append_names(keys, prefix, key_use::ignored_block, {"memcached", "memcached_client", "redis"},
               "only the embedded cache is implemented");
  append_names(keys, prefix, key_use::ignored_block, {"fifocache"},
               "set embedded_cache.max_size_mb instead");
  append_names(keys, prefix, key_use::silent, {"enable_fifocache"});
}

void append_querier_keys(key_list& keys) {
  using enum key_use;
  keys.insert(keys.end(),
              {
                  {"querier.max_concurrent", used, SKALD_CONFIG_AT(config.querier.max_concurrent),
                   "Sub-queries run at once."},
                  {"querier.query_ingesters_within", used,
                   SKALD_CONFIG_AT(config.querier.query_ingesters_within),
                   "Ask ingesters only for entries younger than this; 0: always."},
                  {"querier.tail_max_duration", used,
                   SKALD_CONFIG_AT(config.querier.tail_max_duration), "Longest tail."},
                  {"querier.multi_tenant_queries_enabled", used,
                   SKALD_CONFIG_AT(config.querier.multi_tenant_queries_enabled),
                   "Allow X-Scope-OrgID: a|b on reads."},
                  {"querier.per_request_limits_enabled", used,
                   SKALD_CONFIG_AT(config.querier.per_request_limits_enabled),
                   "Let requests lower their own limits."},
                  {"querier.engine.max_look_back_period", used,
                   SKALD_CONFIG_AT(config.querier.engine_max_look_back_period),
                   "How far instant log queries look back."},
                  {"querier.engine.timeout", input, SKALD_CONFIG_AT(old_query_timeout),
                   "Older place of limits_config.query_timeout."},
                  {"querier.query_timeout", input, SKALD_CONFIG_AT(old_query_timeout),
                   "Older place of limits_config.query_timeout."},
              });
  append_names(keys, "querier", silent,
               {"query_store_only", "query_ingester_only", "query_partition_ingesters",
                "extra_query_delay", "dataobj_storage_start", "query_patterns_enabled",
                "engine.max_count_min_sketch_heap_size", "engine.enable_v2_engine"});
  append_names(keys, "querier", silent_block, {"engine_v2"});
}

void append_frontend_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"frontend.log_queries_longer_than", used,
           SKALD_CONFIG_AT(config.frontend.log_queries_longer_than),
           "Log queries that take longer; 0: off.", "frontend.log-queries-longer-than"},
          {"frontend.compress_responses", used, SKALD_CONFIG_AT(config.frontend.compress_responses),
           "Compress large answers with gzip.", "querier.compress-http-responses"},
          {"frontend.max_outstanding_per_tenant", used,
           SKALD_CONFIG_AT(config.frontend.max_outstanding_per_tenant),
           "Queries of a tenant that may wait; 429 above it.",
           "querier.max-outstanding-requests-per-tenant"},
          {"frontend.max_body_size", used, SKALD_CONFIG_AT(config.frontend.max_body_size),
           "Largest body of a query request."},
          {"frontend.scheduler_address", used, SKALD_CONFIG_AT(config.frontend.scheduler_address),
           "Accepted; roles find each other by themselves."},
          {"query_scheduler.max_outstanding_requests_per_tenant", used,
           SKALD_CONFIG_AT(config.frontend.scheduler_max_outstanding_requests_per_tenant),
           "Sub-queries of a tenant that may wait."},
      });
  append_names(
      keys, "frontend", silent,
      {"address", "port", "encoding", "support_parquet_encoding", "instance_addr",
       "instance_interface_names", "instance_port", "instance_enable_ipv6", "querier_forget_delay",
       "scheduler_dns_lookup_period", "scheduler_worker_concurrency", "graceful_shutdown_timeout",
       "experimental_downstream_grpc"});
  append_names(keys, "frontend", silent_block, {"grpc_client_config", "tail_tls_config"});
  append_names(keys, "frontend", ignored,
               {"downstream_url", "tail_proxy_url", "query_stats_enabled"}, "not implemented");
  append_names(keys, "", silent_block, {"frontend_worker"});
  append_names(keys, "query_scheduler", silent,
               {"use_scheduler_ring", "querier_forget_delay", "max_queue_hierarchy_levels"});
  append_names(keys, "query_scheduler", silent_block, {"scheduler_ring", "grpc_client_config"});
}

void append_query_range_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"query_range.align_queries_with_step", used,
           SKALD_CONFIG_AT(config.frontend.align_queries_with_step),
           "Metric windows are aligned to the step in any case.",
           "querier.align-querier-with-step"},
          {"query_range.parallelise_shardable_queries", used,
           SKALD_CONFIG_AT(config.frontend.parallelise_shardable_queries),
           "Split queries by stream where that is possible.",
           "querier.parallelise-shardable-queries"},
          {"query_range.cache_results", used, SKALD_CONFIG_AT(config.frontend.cache_results),
           "Keep results of metric queries.", "querier.cache-results"},
          {"query_range.max_retries", used, SKALD_CONFIG_AT(config.frontend.max_retries),
           "Tries of a failed sub-query.", "querier.max-retries-per-request"},
          {"query_range.results_cache.cache.embedded_cache.enabled", used,
           SKALD_CONFIG_AT(config.frontend.embedded_cache_enabled), "Use the results cache."},
          {"query_range.results_cache.cache.embedded_cache.max_size_mb", used,
           SKALD_CONFIG_AT(config.frontend.embedded_cache_max_size_mb),
           "Memory of the results cache, MiB."},
          {"query_range.results_cache.cache.embedded_cache.ttl", used,
           SKALD_CONFIG_AT(config.frontend.embedded_cache_ttl), "Life of a cached result."},
          {"query_range.split_queries_by_interval", input,
           SKALD_CONFIG_AT(old_split_queries_by_interval),
           "Older place of limits_config.split_queries_by_interval."},
      });
  append_names(keys, "query_range.results_cache.cache.embedded_cache", silent,
               {"max_size_items", "purge_interval"});
  append_foreign_cache(keys, "query_range.results_cache.cache");
  append_names(
      keys, "query_range", silent,
      {"results_cache.compression", "cache_index_stats_results", "cache_volume_results",
       "cache_series_results", "cache_label_results", "cache_instant_metric_results",
       "instant_metric_query_split_align", "shard_aggregations", "results_cache.max_freshness"});
  append_names(keys, "query_range", silent_block,
               {"index_stats_results_cache", "volume_results_cache", "series_results_cache",
                "label_results_cache", "instant_metric_results_cache"});
}

}  // namespace

void append_query_keys(key_list& keys) {
  using enum key_use;
  append_querier_keys(keys);
  append_frontend_keys(keys);
  append_query_range_keys(keys);
  keys.insert(keys.end(),
              {
                  {"chunk_store_config.chunk_cache_config.embedded_cache.enabled", used,
                   SKALD_CONFIG_AT(config.frontend.chunk_cache_enabled),
                   "Keeps what queries read of chunks in memory."},
                  {"chunk_store_config.chunk_cache_config.embedded_cache.max_size_mb", used,
                   SKALD_CONFIG_AT(config.frontend.chunk_cache_max_size_mb),
                   "Memory of that cache, MiB; 0 turns it off."},
                  {"chunk_store_config.chunk_cache_config.embedded_cache.ttl", used,
                   SKALD_CONFIG_AT(config.frontend.chunk_cache_ttl),
                   "Chunks that no query used for so long leave the cache; 0: they stay."},
                  {"chunk_store_config.max_look_back_period", input,
                   SKALD_CONFIG_AT(old_max_look_back_period),
                   "Older place of limits_config.max_query_lookback."},
              });
  append_names(keys, "chunk_store_config.chunk_cache_config.embedded_cache", silent,
               {"max_size_items", "purge_interval"});
  append_foreign_cache(keys, "chunk_store_config.chunk_cache_config");
  append_names(keys, "chunk_store_config", silent,
               {"l2_chunk_cache_handoff", "skip_query_writeback_cache_older_than",
                "cache_lookups_older_than"});
  append_names(keys, "chunk_store_config", silent_block,
               {"chunk_cache_config_l2", "write_dedupe_cache_config"});
}

}  // namespace skald
