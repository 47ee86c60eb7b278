// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/stats_json.h"

#include <cmath>
#include <string_view>

#include "runtime/loki_api/json_writer.h"

namespace skald {
namespace {

// Writes the members of one object in order.
class object_writer {
 public:
  explicit object_writer(std::string& out) : out_(out) { out_ += '{'; }
  object_writer& number(std::string_view key, std::uint64_t value) {
    put_key(key);
    append_integer(out_, value);
    return *this;
  }
  object_writer& seconds(std::string_view key, double value) {
    put_key(key);
    append_json_double(out_, value);
    return *this;
  }
  object_writer& boolean(std::string_view key, bool value) {
    put_key(key);
    out_ += value ? "true" : "false";
    return *this;
  }
  // The caller writes the value.
  std::string& nested(std::string_view key) {
    put_key(key);
    return out_;
  }
  void close() { out_ += '}'; }

 private:
  void put_key(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }
  std::string& out_;
  bool first_ = true;
};

// Zero where the time is too short to divide by: the numbers must be finite.
std::uint64_t per_second(std::uint64_t amount, double seconds) {
  if (!(seconds > 1e-9)) return 0;
  const double rate = static_cast<double>(amount) / seconds;
  return rate < 9e18 ? static_cast<std::uint64_t>(rate) : 0;
}

void append_summary(std::string& out, const logql::query_stats& stats) {
  const logql::source_stats& store = stats.store;
  const logql::source_stats& memory = stats.memory;
  object_writer(out)
      .number("bytesProcessedPerSecond", per_second(stats.total_bytes(), stats.exec_seconds))
      .number("linesProcessedPerSecond", per_second(stats.total_lines(), stats.exec_seconds))
      .number("totalBytesProcessed", stats.total_bytes())
      .number("totalLinesProcessed", stats.total_lines())
      .seconds("execTime", stats.exec_seconds)
      .seconds("queueTime", stats.queue_seconds)
      .number("subqueries", stats.subqueries)
      .number("totalEntriesReturned", stats.entries_returned)
      .number("splits", stats.splits)
      .number("shards", stats.shards)
      .number("totalPostFilterLines", store.lines_after_filter + memory.lines_after_filter)
      .number("totalStructuredMetadataBytesProcessed", store.metadata_bytes + memory.metadata_bytes)
      .close();
}

// `head` says whether the source is an ingester's memory: then its lines count as head chunk lines.
void append_store(std::string& out, const logql::query_stats& stats,
                  const logql::source_stats& source, bool head) {
  object_writer store(out);
  store.number("totalChunksRef", head ? source.blocks_referenced : stats.chunk_refs)
      .number("totalChunksDownloaded", source.blocks_read)
      .number("chunksDownloadTime", head ? 0 : stats.chunk_download_ns)
      .boolean("queryReferencedStructuredMetadata", stats.structured_metadata_used);
  object_writer(store.nested("chunk"))
      .number("headChunkBytes", head ? source.line_bytes : 0)
      .number("headChunkLines", head ? source.lines : 0)
      .number("decompressedBytes", head ? 0 : source.line_bytes)
      .number("decompressedLines", head ? 0 : source.lines)
      .number("compressedBytes", source.stored_bytes_read + source.cache.bytes_found)
      .number("totalDuplicates", source.duplicates)
      .number("postFilterLines", source.lines_after_filter)
      .number("headChunkStructuredMetadataBytes", head ? source.metadata_bytes : 0)
      .number("decompressedStructuredMetadataBytes", head ? 0 : source.metadata_bytes)
      .close();
  store.number("chunkRefsFetchTime", head ? 0 : stats.chunk_ref_fetch_ns)
      .number("congestionControlLatency", 0)
      .number("pipelineWrapperFilteredLines", 0)
      .close();
}

// The length of queries served is of caches of answers; there is none.
void append_cache(std::string& out, const cache_use& use) {
  object_writer(out)
      .number("entriesFound", use.hits)
      .number("entriesRequested", use.lookups)
      .number("entriesStored", use.stores)
      .number("bytesReceived", use.bytes_found)
      .number("bytesSent", use.bytes_stored)
      .number("requests", use.lookups + use.stores)
      .number("downloadTime", use.lookup_ns)
      .number("queryLengthServed", 0)
      .close();
}

void append_caches(std::string& out, const cache_use& chunks) {
  static constexpr std::string_view names[] = {
      "index",        "result",      "statsResult",         "volumeResult",
      "seriesResult", "labelResult", "instantMetricResult", "logResult",
      "taskResult"};
  object_writer caches(out);
  append_cache(caches.nested("chunk"), chunks);
  for (const std::string_view name : names) append_cache(caches.nested(name), {});
  caches.close();
}

}  // namespace

void append_stats_json(std::string& out, const logql::query_stats& stats) {
  object_writer all(out);
  append_summary(all.nested("summary"), stats);
  object_writer querier(all.nested("querier"));
  append_store(querier.nested("store"), stats, stats.store, false);
  querier.seconds("querierExecTime", stats.exec_seconds).close();
  object_writer ingester(all.nested("ingester"));
  ingester.number("totalReached", stats.ingesters_reached)
      .number("totalChunksMatched", stats.chunks_matched_in_memory)
      .number("totalBatches", 0)
      .number("totalLinesSent", stats.memory.lines_after_filter);
  append_store(ingester.nested("store"), stats, stats.memory, true);
  ingester.seconds("recvWaitTime", 0).close();
  append_caches(all.nested("cache"), stats.store.cache);
  object_writer(all.nested("index"))
      .number("totalChunks", stats.chunk_refs)
      .number("postFilterChunks", stats.chunk_refs_filtered)
      .number("shardsDuration", 0)
      .boolean("usedBloomFilters", false)
      .number("totalStreams", stats.streams_found)
      .number("chunkRefsLookupTime", stats.chunk_ref_fetch_ns)
      .number("bloomFilterTime", 0)
      .close();
  all.close();
}

}  // namespace skald
