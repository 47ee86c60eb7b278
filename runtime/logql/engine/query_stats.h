// SPDX-License-Identifier: Apache-2.0
// What answering a query cost. The engine counts rows and bytes; whoever plans, fetches and queues
// adds the rest. Parts of a query are counted apart and then added.
#pragma once

#include <cstdint>

#include "runtime/model/cache_use.h"

namespace skald::logql {

// Work on rows of one source: packs in the store, or buffers in the memory of an ingester.
struct source_stats {
  std::uint64_t blocks_referenced = 0;  // handed to the engine
  std::uint64_t blocks_read = 0;        // of these, something was fetched or found in the cache
  std::uint64_t blocks_filtered = 0;    // of these, answered "no row can match" by the skip filter
  std::uint64_t lines = 0;              // rows looked at
  std::uint64_t line_bytes = 0;  // their lines' bytes, counted also where only counters were read
  std::uint64_t metadata_bytes = 0;      // names and values of their structured metadata
  std::uint64_t duplicates = 0;          // rows left out because an equal row was there
  std::uint64_t lines_after_filter = 0;  // rows that the pipeline let pass
  std::uint64_t stored_bytes_read = 0;   // compressed bytes fetched
  std::uint64_t inflated_bytes = 0;      // bytes after decompression
  std::uint64_t fetches = 0;             // range reads
  cache_use cache;                       // in front of the store: what it had was not fetched

  void add(const source_stats& other) {
    blocks_referenced += other.blocks_referenced;
    blocks_read += other.blocks_read;
    blocks_filtered += other.blocks_filtered;
    lines += other.lines;
    line_bytes += other.line_bytes;
    metadata_bytes += other.metadata_bytes;
    duplicates += other.duplicates;
    lines_after_filter += other.lines_after_filter;
    stored_bytes_read += other.stored_bytes_read;
    inflated_bytes += other.inflated_bytes;
    fetches += other.fetches;
    cache.add(other.cache);
  }
};

struct query_stats {
  // Counted by the engine.
  source_stats store;
  source_stats memory;
  std::uint64_t entries_returned = 0;  // log entries, or samples of a metric query
  bool structured_metadata_used = false;

  // Counted by the callers of the engine.
  double exec_seconds = 0;
  double queue_seconds = 0;
  std::uint64_t subqueries = 0;
  std::uint64_t splits = 0;
  std::uint64_t shards = 0;
  std::uint64_t ingesters_reached = 0;
  std::uint64_t chunks_matched_in_memory = 0;
  std::uint64_t chunk_refs = 0;           // found by the index
  std::uint64_t chunk_refs_filtered = 0;  // left after pruning
  std::uint64_t streams_found = 0;
  std::uint64_t chunk_ref_fetch_ns = 0;
  std::uint64_t chunk_download_ns = 0;

  std::uint64_t total_lines() const { return store.lines + memory.lines; }
  std::uint64_t total_bytes() const {
    return store.line_bytes + store.metadata_bytes + memory.line_bytes + memory.metadata_bytes;
  }

  void add(const query_stats& other) {
    store.add(other.store);
    memory.add(other.memory);
    entries_returned += other.entries_returned;
    structured_metadata_used |= other.structured_metadata_used;
    exec_seconds += other.exec_seconds;
    queue_seconds += other.queue_seconds;
    subqueries += other.subqueries;
    splits += other.splits;
    shards += other.shards;
    ingesters_reached += other.ingesters_reached;
    chunks_matched_in_memory += other.chunks_matched_in_memory;
    chunk_refs += other.chunk_refs;
    chunk_refs_filtered += other.chunk_refs_filtered;
    streams_found += other.streams_found;
    chunk_ref_fetch_ns += other.chunk_ref_fetch_ns;
    chunk_download_ns += other.chunk_download_ns;
  }
};

}  // namespace skald::logql
