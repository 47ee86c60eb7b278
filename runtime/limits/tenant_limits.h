// SPDX-License-Identifier: Apache-2.0
// What one tenant may do. Fields carry Loki's key names (limits_config, docs/configuration.md) and
// Loki's defaults; sizes are bytes unless the name says otherwise. A plain value: made by
// runtime/config, read everywhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace re2 {
class RE2;
}

namespace skald {

using limit_duration = std::chrono::nanoseconds;

enum class ingestion_rate_strategy : std::uint8_t {
  global,  // the tenant's rate is divided by the number of healthy distributors
  local,   // each distributor grants the full rate
};

enum class deletion_mode : std::uint8_t { disabled, filter_only, filter_and_delete };

enum class otlp_action : std::uint8_t { index_label, structured_metadata, drop };

// One rule of otlp_config: these attributes, or those whose name matches the expression, become ...
struct otlp_attribute_rule {
  otlp_action action = otlp_action::structured_metadata;
  std::vector<std::string> attributes;
  std::string regex;
  friend bool operator==(const otlp_attribute_rule&, const otlp_attribute_rule&) = default;
};

struct otlp_limits {
  bool resource_ignore_defaults = false;
  std::vector<otlp_attribute_rule> resource_attributes;
  std::vector<otlp_attribute_rule> scope_attributes;
  std::vector<otlp_attribute_rule> log_attributes;
  bool severity_text_as_label = false;
  friend bool operator==(const otlp_limits&, const otlp_limits&) = default;
};

struct stream_retention {
  std::string selector;  // LogQL stream selector, not parsed here
  std::int64_t priority = 0;
  limit_duration period{0};
  friend bool operator==(const stream_retention&, const stream_retention&) = default;
};

struct blocked_query {
  std::string pattern;
  bool regex = false;
  std::vector<std::string> types;  // metric, filter, limited; empty = all
  std::uint32_t hash = 0;          // 0 = none
  // What X-Query-Tags must have, in lower case.
  std::map<std::string, std::string> query_tags;
  // The pattern when it is an expression, made where it is read; null when it cannot be compiled.
  std::shared_ptr<const re2::RE2> compiled;
  friend bool operator==(const blocked_query& a, const blocked_query& b) {
    return a.pattern == b.pattern && a.regex == b.regex && a.types == b.types && a.hash == b.hash &&
           a.query_tags == b.query_tags;
  }
};

struct tenant_limits {
  // --- ingestion -------------------------------------------------------------------------------
  ingestion_rate_strategy rate_strategy = ingestion_rate_strategy::global;  // not per tenant
  double ingestion_rate_mb = 4;                    // MiB/s of lines and structured metadata
  double ingestion_burst_size_mb = 6;              // MiB; a larger request never passes
  std::uint64_t per_stream_rate_limit = 3u << 20;  // per second
  std::uint64_t per_stream_rate_limit_burst = 15u << 20;
  std::int64_t max_global_streams_per_user = 5000;  // 0 = off
  std::int64_t max_streams_per_user = 0;            // per ingester; 0 = off
  std::uint64_t max_line_size = 256u << 10;         // 0 = off
  bool max_line_size_truncate = false;
  std::string max_line_size_truncate_identifier;  // end of a cut line, counted in its size
  std::int64_t max_label_names_per_series = 15;
  std::int64_t max_label_name_length = 1024;
  std::int64_t max_label_value_length = 2048;
  bool reject_old_samples = true;
  limit_duration reject_old_samples_max_age = std::chrono::hours(168);
  limit_duration creation_grace_period = std::chrono::minutes(10);
  bool increment_duplicate_timestamp = false;
  bool allow_structured_metadata = true;
  std::uint64_t max_structured_metadata_size = 64u << 10;  // names and values of an entry; 0 = off
  std::int64_t max_structured_metadata_entries_count = 128;  // 0 = off
  std::vector<std::string> discover_service_name = {"service",
                                                    "app",
                                                    "application",
                                                    "app_name",
                                                    "name",
                                                    "app_kubernetes_io_name",
                                                    "container",
                                                    "container_name",
                                                    "k8s_container_name",
                                                    "component",
                                                    "workload",
                                                    "job",
                                                    "k8s_job_name"};
  bool discover_log_levels = true;
  std::vector<std::string> log_level_fields = {
      "level",    "LEVEL",         "Level",         "log.level",    "severity",
      "SEVERITY", "Severity",      "SeverityText",  "lvl",          "LVL",
      "Lvl",      "severity_text", "Severity_Text", "SEVERITY_TEXT"};
  std::int64_t log_level_from_json_max_depth = 2;  // <= 0 = unlimited
  std::map<std::string, std::vector<std::string>> discover_generic_fields;
  otlp_limits otlp_config;
  bool shard_streams_enabled = true;
  std::uint64_t shard_streams_desired_rate = 1536u << 10;  // per second
  std::vector<std::string> enforced_labels;
  std::int64_t block_ingestion_until_ns = 0;  // Unix time; 0 = off
  std::int64_t block_ingestion_status_code = 260;

  // --- queries ---------------------------------------------------------------------------------
  std::int64_t max_entries_limit_per_query = 5000;            // 0 = off
  limit_duration max_query_length = std::chrono::hours(721);  // 0 = off
  limit_duration max_query_lookback{0};                       // 0 = off
  limit_duration max_query_range{0};                          // longest [range]; 0 = off
  std::int64_t max_query_series = 500;
  std::int64_t max_query_parallelism = 32;  // 0 = querying is disabled
  std::int64_t tsdb_max_query_parallelism = 128;
  limit_duration query_timeout = std::chrono::minutes(1);
  limit_duration split_queries_by_interval = std::chrono::hours(1);
  limit_duration split_metadata_queries_by_interval = std::chrono::hours(24);
  limit_duration split_recent_metadata_queries_by_interval = std::chrono::hours(1);
  limit_duration recent_metadata_query_window{0};
  limit_duration split_instant_metric_queries_by_interval = std::chrono::hours(1);
  limit_duration split_ingester_queries_by_interval{0};
  std::uint64_t max_query_bytes_read = 0;  // 0 = off
  std::uint64_t max_querier_bytes_read = 150ull << 30;
  std::int64_t max_chunks_per_query = 2'000'000;
  std::int64_t max_streams_matchers_per_query = 1000;
  std::int64_t cardinality_limit = 100'000;
  std::int64_t max_concurrent_tail_requests = 10;
  std::vector<std::string> required_labels;
  std::int64_t minimum_labels_number = 0;
  std::vector<blocked_query> blocked_queries;
  limit_duration max_cache_freshness_per_query = std::chrono::minutes(10);
  limit_duration max_stats_cache_freshness = std::chrono::minutes(10);
  limit_duration max_metadata_cache_freshness = std::chrono::hours(24);
  std::int64_t max_queriers_per_tenant = 0;
  bool volume_enabled = true;
  std::int64_t volume_max_series = 1000;

  // --- retention, deletion, rules --------------------------------------------------------------
  limit_duration retention_period{0};  // 0 = for ever
  std::vector<stream_retention> retention_stream;
  deletion_mode deletion = deletion_mode::filter_and_delete;
  std::int64_t ruler_max_rules_per_rule_group = 0;
  std::int64_t ruler_max_rule_groups_per_tenant = 0;

  // --- patterns, aggregation -------------------------------------------------------------------
  bool metric_aggregation_enabled = false;
  bool pattern_persistence_enabled = false;

  friend bool operator==(const tenant_limits&, const tenant_limits&) = default;
};

}  // namespace skald
