// SPDX-License-Identifier: Apache-2.0
#include "runtime/node/option_mapping.h"

#include <algorithm>
#include <memory>

#include "actors/distributor/label_cache.h"
#include "storage/chunk/pack_format.h"
#include "storage/wal/wal_format.h"

namespace skald {
namespace {

// What is in a WAL record beside labels, lines and metadata.
constexpr std::uint64_t record_rest_bytes_max = 64u << 10;

// What distributors let pass every flush can store. Metadata grows by `key_` in front of each name
// and by the level.
constexpr distributor_options widest;
static_assert(widest.line_bytes_max <= line_bytes_max);
static_assert(widest.metadata_pairs_max + 1 <= row_metadata_pairs_max);
static_assert(widest.metadata_bytes_max + 4 * widest.metadata_pairs_max + 64 <=
              row_metadata_bytes_max);
static_assert(stream_labels_bytes_max <= pack_label_bytes_max);

std::chrono::milliseconds to_ms(config_duration d) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(d);
}

}  // namespace

http_server_options http_options_of(const node_config& config, const machine_size& machine) {
  http_server_options options;
  options.address =
      config.server.http_listen_address.empty() ? "0.0.0.0" : config.server.http_listen_address;
  options.port = static_cast<std::uint16_t>(config.server.http_listen_port);
  options.io_threads = config.skald.io_threads > 0 ? static_cast<unsigned>(config.skald.io_threads)
                                                   : std::max(1u, machine.cores / 2);
  if (config.server.http_listen_conn_limit > 0) {
    options.connections_max = static_cast<std::size_t>(config.server.http_listen_conn_limit);
  }
  options.body_bytes_max = config.distributor.max_recv_msg_size;
  options.idle_timeout = to_ms(config.server.http_server_idle_timeout);
  options.body_timeout = to_ms(config.server.http_server_read_timeout);
  options.write_timeout = to_ms(config.server.http_server_write_timeout);
  options.shutdown_grace = to_ms(config.server.graceful_shutdown_timeout);
  options.compress_responses = config.frontend.compress_responses;
  options.budget = std::make_shared<byte_budget>(config.distributor.max_inflight_bytes > 0
                                                     ? config.distributor.max_inflight_bytes
                                                     : machine.memory_bytes / 4);
  return options;
}

ingester_options ingester_options_of(const node_config& config, const machine_size& machine,
                                     std::uint64_t incarnation) {
  ingester_options options;
  options.incarnation = incarnation;
  options.shards = config.skald.shards > 0 ? static_cast<std::uint32_t>(config.skald.shards)
                                           : std::clamp(machine.cores, 1u, 64u);
  options.wal_enabled = config.ingester.wal_enabled;
  options.wal_directory = config.ingester.wal_dir;
  options.wal.incarnation = incarnation;
  options.wal.direct_io = config.skald.wal_direct_io;
  options.wal.segment_bytes = config.skald.wal_segment_size;
  const double full_at = config.ingester.wal_disk_full_threshold;
  options.wal.disk_full_share = full_at > 0 ? full_at : 1.0;
  options.unflushed_bytes_max =
      config.skald.flush_budget > 0
          ? config.skald.flush_budget
          : std::min<std::uint64_t>(64ull << 20, machine.memory_bytes / 10);
  options.flush_age = std::min(config.skald.flush_age, config.ingester.max_chunk_age);
  options.max_chunk_age = config.ingester.max_chunk_age;
  options.max_returned_stream_errors = static_cast<std::uint32_t>(
      std::max<std::int64_t>(0, config.ingester.max_returned_stream_errors));
  return options;
}

querier_options querier_options_of(const node_config& config, const machine_size& machine) {
  querier_options options;
  options.parallel_subranges = std::max(1u, machine.cores);
  options.waiting_queries_per_tenant_max = static_cast<std::size_t>(
      std::max<std::int64_t>(1, config.frontend.max_outstanding_per_tenant));
  return options;
}

std::uint64_t query_memory_bytes_of(const node_config& config, const machine_size& machine) {
  return config.skald.query_memory_limit > 0 ? config.skald.query_memory_limit
                                             : machine.memory_bytes / 4;
}

distributor_options distributor_options_of(const node_config& config) {
  distributor_options options;
  options.shards = 1;  // the ingester of this node routes within a frame
  if (!config.ingester.wal_enabled) return options;
  // A record takes a frame of several entries, or of one with its stream's labels, and the list of
  // refused rows.
  const std::uint64_t room = config.skald.wal_segment_size - wal_block_bytes -
                             stream_labels_bytes_max - record_rest_bytes_max;
  const auto shrink = [](std::size_t& bound, std::uint64_t to) {
    bound = std::min<std::size_t>(bound, to);
  };
  shrink(options.frame_bytes_max, room / 2);
  shrink(options.line_bytes_max, room / 2);
  shrink(options.metadata_bytes_max, room / 4);
  shrink(options.metadata_pairs_max, room / 4 / 16);
  return options;
}

}  // namespace skald
