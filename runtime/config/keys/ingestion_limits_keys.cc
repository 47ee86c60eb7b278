// SPDX-License-Identifier: Apache-2.0
// `limits_config`: ingestion, retention, rules.
#include "runtime/config/keys/config_keys.h"

namespace skald {

#define SKALD_LIMIT_AT(member) SKALD_CONFIG_AT(config.limits.member)
#define SKALD_CUSTOM_AT(function) [](config_draft&) -> value_ref { return function(); }

namespace {

void append_retention_limit_keys(key_list& keys) {
  using enum key_use;
  keys.insert(keys.end(),
              {
                  {"limits_config.retention_period", used, SKALD_LIMIT_AT(retention_period),
                   "Keep entries for this time; 0: for ever.", "store.retention"},
                  {"limits_config.retention_stream", used, SKALD_CUSTOM_AT(retention_stream_value),
                   "Other periods for some streams."},
                  {"limits_config.deletion_mode", used, SKALD_CUSTOM_AT(deletion_mode_value),
                   "disabled, filter-only or filter-and-delete.", "compactor.deletion-mode"},
                  {"limits_config.ruler_max_rules_per_rule_group", used,
                   SKALD_LIMIT_AT(ruler_max_rules_per_rule_group), "Rules of a group; 0: any.",
                   "ruler.max-rules-per-rule-group"},
                  {"limits_config.ruler_max_rule_groups_per_tenant", used,
                   SKALD_LIMIT_AT(ruler_max_rule_groups_per_tenant), "Rule groups; 0: any.",
                   "ruler.max-rule-groups-per-tenant"},
                  {"limits_config.metric_aggregation_enabled", used,
                   SKALD_LIMIT_AT(metric_aggregation_enabled), "Accepted; not implemented.",
                   "limits.metric-aggregation-enabled"},
                  {"limits_config.pattern_persistence_enabled", used,
                   SKALD_LIMIT_AT(pattern_persistence_enabled), "Accepted; not implemented.",
                   "limits.pattern-persistence-enabled"},
              });
}

}  // namespace

void append_ingestion_limit_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"limits_config.ingestion_rate_strategy", used, SKALD_CUSTOM_AT(rate_strategy_value),
           "global: the rate is divided by the number of distributors; local: each grants it. Not "
           "per tenant.",
           "distributor.ingestion-rate-limit-strategy"},
          {"limits_config.ingestion_rate_mb", used, SKALD_LIMIT_AT(ingestion_rate_mb),
           "MiB per second of lines and structured metadata.",
           "distributor.ingestion-rate-limit-mb"},
          {"limits_config.ingestion_burst_size_mb", used, SKALD_LIMIT_AT(ingestion_burst_size_mb),
           "MiB that may come at once; a larger request never passes.",
           "distributor.ingestion-burst-size-mb"},
          {"limits_config.per_stream_rate_limit", used, SKALD_LIMIT_AT(per_stream_rate_limit),
           "Bytes per second of one stream.", "ingester.per-stream-rate-limit"},
          {"limits_config.per_stream_rate_limit_burst", used,
           SKALD_LIMIT_AT(per_stream_rate_limit_burst),
           "Bytes of one stream that may come at once.", "ingester.per-stream-rate-limit-burst"},
          {"limits_config.max_global_streams_per_user", used,
           SKALD_LIMIT_AT(max_global_streams_per_user), "Active streams in the cluster; 0: any.",
           "ingester.max-global-streams-per-user"},
          {"limits_config.max_streams_per_user", used, SKALD_LIMIT_AT(max_streams_per_user),
           "Active streams of one ingester; 0: any.", "ingester.max-streams-per-user"},
          {"limits_config.max_line_size", used, SKALD_LIMIT_AT(max_line_size),
           "Longest line; 0: any.", "distributor.max-line-size"},
          {"limits_config.max_line_size_truncate", used, SKALD_LIMIT_AT(max_line_size_truncate),
           "Cut longer lines instead of refusing them.",
           "distributor.max-line-size-should-truncate"},
          {"limits_config.max_line_size_truncate_identifier", used,
           SKALD_LIMIT_AT(max_line_size_truncate_identifier),
           "Text at the end of a cut line, counted in its size.",
           "distributor.max-line-size-truncate-identifier"},
          {"limits_config.max_label_names_per_series", used,
           SKALD_LIMIT_AT(max_label_names_per_series),
           "Labels of a stream, service_name not counted.",
           "validation.max-label-names-per-series"},
          {"limits_config.max_label_name_length", used, SKALD_LIMIT_AT(max_label_name_length),
           "Bytes of a label name.", "validation.max-length-label-name"},
          {"limits_config.max_label_value_length", used, SKALD_LIMIT_AT(max_label_value_length),
           "Bytes of a label value.", "validation.max-length-label-value"},
          {"limits_config.reject_old_samples", used, SKALD_LIMIT_AT(reject_old_samples),
           "Refuse entries older than reject_old_samples_max_age.",
           "validation.reject-old-samples"},
          {"limits_config.reject_old_samples_max_age", used,
           SKALD_LIMIT_AT(reject_old_samples_max_age), "Oldest entry.",
           "validation.reject-old-samples.max-age"},
          {"limits_config.creation_grace_period", used, SKALD_LIMIT_AT(creation_grace_period),
           "How far into the future an entry may lie.", "validation.create-grace-period"},
          {"limits_config.increment_duplicate_timestamp", used,
           SKALD_LIMIT_AT(increment_duplicate_timestamp),
           "Make equal timestamps of a stream differ by 1 ns within a request.",
           "validation.increment-duplicate-timestamps"},
          {"limits_config.allow_structured_metadata", used,
           SKALD_LIMIT_AT(allow_structured_metadata), "Accept structured metadata.",
           "validation.allow-structured-metadata"},
          {"limits_config.max_structured_metadata_size", used,
           SKALD_LIMIT_AT(max_structured_metadata_size), "Names and values of one entry; 0: any.",
           "limits.max-structured-metadata-size"},
          {"limits_config.max_structured_metadata_entries_count", used,
           SKALD_LIMIT_AT(max_structured_metadata_entries_count), "Pairs of one entry; 0: any.",
           "limits.max-structured-metadata-entries-count"},
          {"limits_config.discover_service_name", used, SKALD_LIMIT_AT(discover_service_name),
           "Labels that service_name is taken from; empty: off.",
           "validation.discover-service-name"},
          {"limits_config.discover_log_levels", used, SKALD_LIMIT_AT(discover_log_levels),
           "Add detected_level to the structured metadata.", "validation.discover-log-levels"},
          {"limits_config.log_level_fields", used, SKALD_LIMIT_AT(log_level_fields),
           "Names of fields that hold a level.", "validation.log-level-fields"},
          {"limits_config.log_level_from_json_max_depth", used,
           SKALD_LIMIT_AT(log_level_from_json_max_depth),
           "How deep a level is looked for in JSON; 0: any depth.",
           "validation.log-level-from-json-max-depth"},
          {"limits_config.discover_generic_fields.fields", used,
           SKALD_CUSTOM_AT(generic_fields_value),
           "Further fields to find: name to list of sources."},
          {"limits_config.otlp_config", used, SKALD_CUSTOM_AT(otlp_config_value),
           "What OTLP attributes become."},
          {"limits_config.shard_streams.enabled", used, SKALD_LIMIT_AT(shard_streams_enabled),
           "Split hot streams.", "shard-streams.enabled"},
          {"limits_config.shard_streams.desired_rate", used,
           SKALD_LIMIT_AT(shard_streams_desired_rate), "Bytes per second of each part.",
           "shard-streams.desired-rate"},
          {"limits_config.enforced_labels", used, SKALD_LIMIT_AT(enforced_labels),
           "Labels that every stream must have.", "validation.enforced-labels"},
          {"limits_config.block_ingestion_until", used, SKALD_CUSTOM_AT(block_until_value),
           "Refuse pushes until this time (RFC 3339)."},
          {"limits_config.block_ingestion_status_code", used,
           SKALD_LIMIT_AT(block_ingestion_status_code),
           "Status of refused pushes; 200: drop in silence.", "limits.block-ingestion-status-code"},
      });
  append_retention_limit_keys(keys);
  keys.insert(
      keys.end(),
      {
          {"limits_config.per_tenant_override_config", input,
           SKALD_CONFIG_AT(per_tenant_override_config), "Older place of runtime_config.file."},
          {"limits_config.per_tenant_override_period", input,
           SKALD_CONFIG_AT(per_tenant_override_period), "Older place of runtime_config.period."},
      });
}

}  // namespace skald
