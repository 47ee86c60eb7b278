// SPDX-License-Identifier: Apache-2.0
// Every metric of Skald: name and meaning, in one place, so that dashboards and docs can rely on
// them. Counters end in _total; times are seconds, sizes bytes.
#pragma once

namespace skald {

struct metric_definition {
  const char* name;
  const char* help;
};

namespace metric_names {

// --- distributor: labels tenant, reason where named -------------------------------------------
inline constexpr metric_definition distributor_lines_received{
    "skald_distributor_lines_received_total", "Log lines received, by tenant."};
inline constexpr metric_definition distributor_bytes_received{
    "skald_distributor_bytes_received_total",
    "Bytes of lines and structured metadata received, by tenant."};
inline constexpr metric_definition discarded_samples{"skald_discarded_samples_total",
                                                     "Log lines refused, by reason and tenant."};
inline constexpr metric_definition discarded_bytes{
    "skald_discarded_bytes_total", "Bytes of refused log lines, by reason and tenant."};
inline constexpr metric_definition mutated_samples{
    "skald_mutated_samples_total", "Log lines changed before storing, by reason and tenant."};
inline constexpr metric_definition mutated_bytes{"skald_mutated_bytes_total",
                                                 "Bytes cut from log lines, by reason and tenant."};
inline constexpr metric_definition distributor_inflight_bytes{"skald_distributor_inflight_bytes",
                                                              "Bytes of pushes being handled."};
inline constexpr metric_definition label_cache_lookups{
    "skald_distributor_label_cache_lookups_total",
    "Look-ups of label text, by result (hit, miss)."};

// --- gateway -----------------------------------------------------------------------------------
inline constexpr metric_definition request_duration{
    "skald_request_duration_seconds",
    "Time to answer HTTP requests, by route, method and status_code."};
inline constexpr metric_definition http_connections{"skald_http_connections",
                                                    "Open HTTP connections."};
inline constexpr metric_definition http_requests_inflight{"skald_http_requests_inflight",
                                                          "HTTP requests being answered."};
inline constexpr metric_definition http_received_bytes{"skald_http_received_bytes_total",
                                                       "Bytes of HTTP request bodies received."};
inline constexpr metric_definition http_sent_bytes{"skald_http_sent_bytes_total",
                                                   "Bytes of HTTP response bodies sent."};
inline constexpr metric_definition http_refused_connections{"skald_http_refused_connections_total",
                                                            "Connections closed early, by reason."};

// --- ingester ----------------------------------------------------------------------------------
inline constexpr metric_definition ingester_lines_appended{
    "skald_ingester_lines_appended_total", "Log lines made durable and stored in memory."};
inline constexpr metric_definition ingester_bytes_appended{
    "skald_ingester_bytes_appended_total", "Bytes of lines made durable and stored in memory."};
inline constexpr metric_definition ingester_duplicates{
    "skald_ingester_duplicate_lines_total", "Lines dropped since an equal one was stored."};
inline constexpr metric_definition ingester_memory_streams{"skald_ingester_memory_streams",
                                                           "Streams in memory, by tenant."};
inline constexpr metric_definition ingester_streams_created{"skald_ingester_streams_created_total",
                                                            "Streams created."};
inline constexpr metric_definition ingester_memory_chunks{"skald_ingester_memory_chunks",
                                                          "Chunk buffers in memory."};
inline constexpr metric_definition ingester_unflushed_bytes{
    "skald_ingester_unflushed_bytes", "Raw bytes in memory that no pack holds yet."};
inline constexpr metric_definition ingester_reader_held_bytes{
    "skald_ingester_reader_held_bytes", "Push frames in memory that only queries under way need."};
inline constexpr metric_definition ingester_flush_queue{
    "skald_ingester_flush_queue_length", "Sealed chunk buffers that wait for a flush."};
inline constexpr metric_definition ingester_flushes{
    "skald_ingester_flushes_total", "Flushes, by reason (budget, age, idle, forced, pressure)."};
inline constexpr metric_definition ingester_flush_failures{"skald_ingester_flush_failures_total",
                                                           "Failed flush attempts."};
inline constexpr metric_definition ingester_quarantined_entries{
    "skald_ingester_quarantined_entries_total",
    "Entries that no pack takes, kept in files beside the write-ahead log."};
inline constexpr metric_definition ingester_flush_duration{
    "skald_ingester_flush_duration_seconds", "Time from sealing to the flushed record."};
inline constexpr metric_definition chunk_utilization{
    "skald_ingester_chunk_utilization", "Raw bytes of a flushed segment over its target size."};
inline constexpr metric_definition pack_stored_bytes{"skald_pack_stored_bytes_total",
                                                     "Bytes of packs written."};
inline constexpr metric_definition pack_raw_bytes{"skald_pack_raw_bytes_total",
                                                  "Raw bytes of the lines in packs written."};

// --- wal ---------------------------------------------------------------------------------------
inline constexpr metric_definition wal_sync_duration{"skald_wal_sync_duration_seconds",
                                                     "Time of one group's write and sync."};
inline constexpr metric_definition wal_written_bytes{"skald_wal_written_bytes_total",
                                                     "Bytes appended to the WAL."};
inline constexpr metric_definition wal_group_bytes{"skald_wal_group_bytes",
                                                   "Bytes of one commit group."};
inline constexpr metric_definition wal_segments{"skald_wal_segments",
                                                "WAL segment files, by state (live, spare)."};
inline constexpr metric_definition wal_errors{"skald_wal_errors_total",
                                              "Failed WAL operations, by operation."};
inline constexpr metric_definition wal_replayed_entries{"skald_wal_replayed_entries_total",
                                                        "Entries restored from the WAL at start."};
inline constexpr metric_definition wal_replay_duration{"skald_wal_replay_duration_seconds",
                                                       "Time of the replay at start."};
inline constexpr metric_definition wal_damaged_records{
    "skald_wal_damaged_records_total", "WAL records dropped since their checksum fails."};

// --- queries -----------------------------------------------------------------------------------
inline constexpr metric_definition query_duration{
    "skald_query_duration_seconds",
    "Time of queries, by type (log, metric, labels, series, stats)."};
inline constexpr metric_definition queries{"skald_queries_total",
                                           "Queries, by type and outcome (errc, or ok)."};
inline constexpr metric_definition queries_inflight{"skald_queries_inflight", "Queries being run."};
inline constexpr metric_definition query_blocks{
    "skald_query_blocks_total", "Blocks met by queries, by outcome (read, skipped, counted)."};
inline constexpr metric_definition query_bytes{"skald_query_bytes_total",
                                               "Bytes of lines looked at by queries."};
inline constexpr metric_definition query_fetched_bytes{
    "skald_query_fetched_bytes_total", "Bytes fetched from the object store for queries."};

// --- storage -----------------------------------------------------------------------------------
inline constexpr metric_definition object_store_duration{
    "skald_object_store_request_duration_seconds",
    "Time of object store requests, by operation and status."};
inline constexpr metric_definition object_store_bytes{"skald_object_store_bytes_total",
                                                      "Bytes moved, by operation."};
inline constexpr metric_definition cache_lookups{
    "skald_cache_lookups_total", "Cache look-ups, by cache and result (hit, miss)."};
inline constexpr metric_definition cache_bytes{"skald_cache_bytes", "Bytes held, by cache."};
inline constexpr metric_definition index_commit_duration{"skald_index_commit_duration_seconds",
                                                         "Time of index transactions."};
inline constexpr metric_definition index_shipped_files{"skald_index_shipped_files_total",
                                                       "Index files uploaded."};
inline constexpr metric_definition damaged_objects{
    "skald_damaged_objects_total", "Objects or sections that failed a check, by kind."};

// --- actors, configuration, process ------------------------------------------------------------
inline constexpr metric_definition actor_restarts{"skald_actor_restarts_total",
                                                  "Actors restarted, by actor and reason."};
inline constexpr metric_definition actor_mailbox_high_water{"skald_actor_mailbox_high_water",
                                                            "Longest mailbox seen, by actor."};
inline constexpr metric_definition actors_running{"skald_actors_running", "Actors alive."};
inline constexpr metric_definition runtime_config_reload_ok{
    "skald_runtime_config_last_reload_successful",
    "1 if the overrides file was read well at the last reload, else 0."};
inline constexpr metric_definition build_info{"skald_build_info", "Always 1; labelled by version."};

}  // namespace metric_names
}  // namespace skald
