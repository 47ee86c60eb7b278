// SPDX-License-Identifier: Apache-2.0
// `limits_config`: queries.
#include "runtime/config/keys/config_keys.h"

namespace skald {

#define SKALD_LIMIT_AT(member) SKALD_CONFIG_AT(config.limits.member)
#define SKALD_CUSTOM_AT(function) [](config_draft&) -> value_ref { return function(); }

void append_query_limit_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"limits_config.max_entries_limit_per_query", used,
           SKALD_LIMIT_AT(max_entries_limit_per_query), "Largest limit of a log query; 0: any.",
           "validation.max-entries-limit"},
          {"limits_config.max_query_length", used, SKALD_LIMIT_AT(max_query_length),
           "Longest span from start to end; 0: any.", "store.max-query-length"},
          {"limits_config.max_query_lookback", used, SKALD_LIMIT_AT(max_query_lookback),
           "How far back data may be read; 0: any.", "querier.max-query-lookback"},
          {"limits_config.max_query_range", used, SKALD_LIMIT_AT(max_query_range),
           "Longest [range]; 0: any.", "querier.max-query-range"},
          {"limits_config.max_query_series", used, SKALD_LIMIT_AT(max_query_series),
           "Series of a metric result.", "querier.max-query-series"},
          {"limits_config.max_query_parallelism", used, SKALD_LIMIT_AT(max_query_parallelism),
           "Sub-queries of a query at once; 0: queries are refused.",
           "querier.max-query-parallelism"},
          {"limits_config.tsdb_max_query_parallelism", used,
           SKALD_LIMIT_AT(tsdb_max_query_parallelism), "As max_query_parallelism.",
           "querier.tsdb-max-query-parallelism"},
          {"limits_config.query_timeout", used, SKALD_LIMIT_AT(query_timeout),
           "Longest time of a query.", "querier.query-timeout"},
          {"limits_config.split_queries_by_interval", used,
           SKALD_LIMIT_AT(split_queries_by_interval),
           "Queries are split into parts of this length; 0: not.",
           "querier.split-queries-by-interval"},
          {"limits_config.split_metadata_queries_by_interval", used,
           SKALD_LIMIT_AT(split_metadata_queries_by_interval), "The same for labels and series.",
           "querier.split-metadata-queries-by-interval"},
          {"limits_config.split_recent_metadata_queries_by_interval", used,
           SKALD_LIMIT_AT(split_recent_metadata_queries_by_interval), "The same for recent data.",
           "experimental.querier.split-recent-metadata-queries-by-interval"},
          {"limits_config.recent_metadata_query_window", used,
           SKALD_LIMIT_AT(recent_metadata_query_window), "What counts as recent.",
           "experimental.querier.recent-metadata-query-window"},
          {"limits_config.split_instant_metric_queries_by_interval", used,
           SKALD_LIMIT_AT(split_instant_metric_queries_by_interval),
           "The same for instant queries.", "querier.split-instant-metric-queries-by-interval"},
          {"limits_config.split_ingester_queries_by_interval", used,
           SKALD_LIMIT_AT(split_ingester_queries_by_interval),
           "The same within query_ingesters_within.", "querier.split-ingester-queries-by-interval"},
          {"limits_config.max_query_bytes_read", used, SKALD_LIMIT_AT(max_query_bytes_read),
           "Line bytes that a query's selectors and time may cover, by the index; of metric "
           "queries and "
           "of log queries with a filter; 0: any.",
           "frontend.max-query-bytes-read"},
          {"limits_config.max_querier_bytes_read", used, SKALD_LIMIT_AT(max_querier_bytes_read),
           "The same for each part that is evaluated by itself; 0: any.",
           "frontend.max-querier-bytes-read"},
          {"limits_config.max_chunks_per_query", used, SKALD_LIMIT_AT(max_chunks_per_query),
           "Has no effect.", "store.query-chunk-limit"},
          {"limits_config.max_streams_matchers_per_query", used,
           SKALD_LIMIT_AT(max_streams_matchers_per_query), "Matchers of a query.",
           "querier.max-streams-matcher-per-query"},
          {"limits_config.cardinality_limit", used, SKALD_LIMIT_AT(cardinality_limit),
           "Has no effect: Loki applies it to the index types before tsdb.",
           "store.cardinality-limit"},
          {"limits_config.max_concurrent_tail_requests", used,
           SKALD_LIMIT_AT(max_concurrent_tail_requests), "Tails at once.",
           "querier.max-concurrent-tail-requests"},
          {"limits_config.required_labels", used, SKALD_LIMIT_AT(required_labels),
           "Labels that a selector must name.", "limits.required-labels"},
          {"limits_config.minimum_labels_number", used, SKALD_LIMIT_AT(minimum_labels_number),
           "Matchers that a selector must have.", "limits.minimum-labels-number"},
          {"limits_config.blocked_queries", used, SKALD_CUSTOM_AT(blocked_queries_value),
           "Queries that are refused."},
          {"limits_config.max_cache_freshness_per_query", used,
           SKALD_LIMIT_AT(max_cache_freshness_per_query), "Newer results are not cached.",
           "frontend.max-cache-freshness"},
          {"limits_config.max_stats_cache_freshness", used,
           SKALD_LIMIT_AT(max_stats_cache_freshness), "The same for index/stats.",
           "frontend.max-stats-cache-freshness"},
          {"limits_config.max_metadata_cache_freshness", used,
           SKALD_LIMIT_AT(max_metadata_cache_freshness), "The same for labels and series.",
           "frontend.max-metadata-cache-freshness"},
          {"limits_config.max_queriers_per_tenant", used, SKALD_LIMIT_AT(max_queriers_per_tenant),
           "Queriers that serve a tenant; 0: all.", "frontend.max-queriers-per-tenant"},
          {"limits_config.volume_enabled", used, SKALD_LIMIT_AT(volume_enabled),
           "Serve index/volume.", "limits.volume-enabled"},
          {"limits_config.volume_max_series", used, SKALD_LIMIT_AT(volume_max_series),
           "Series of an index/volume answer.", "limits.volume-max-series"},
      });
}

}  // namespace skald
