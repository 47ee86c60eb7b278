// SPDX-License-Identifier: Apache-2.0
// What distributor, querier, gate and node say to the ingester. Send any of the messages below with
// caf::anon_send(ingester, message{...}); the answer comes through the message's `reply`, exactly
// once (errc::unavailable when the ingester or the shard in charge died), on an actor thread: the
// function given to one_shot must only hand the value on (anon_send to oneself, asio::post).
// Local to one process: nothing here is serialised.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "actors/common/push_frame.h"
#include "actors/supervision/one_shot.h"
#include "runtime/model/label_matcher.h"
#include "runtime/model/labels.h"
#include "runtime/model/log_block.h"
#include "runtime/model/time_range.h"

namespace skald {

// --- push ----------------------------------------------------------------------------------------

// Entries of one stream that were refused; the others of the push are stored.
struct stream_rejection {
  std::string labels;  // canonical
  // 400 (too far behind), 429 (stream limit, per-stream rate) or 503 (stream in quarantine).
  int http_status = 400;
  std::string reason;  // too_far_behind, stream_limit, per_stream_rate_limit, stream_unavailable
  std::string text;    // Loki's text for this stream, complete
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;  // of the refused lines
};

struct push_outcome {
  std::uint64_t accepted_lines = 0;
  std::uint64_t accepted_bytes = 0;
  std::vector<stream_rejection> rejected;
};

// Stores a frame. The answer is given when every accepted entry is durable (with the WAL on) and
// visible to reads sent after it.
// Errors: unavailable (replaying, unflushed data at its limit, WAL failed, shard died: nothing of
// the frame is acknowledged, resend), resource_exhausted (disk full), shutting_down.
struct push_request {
  push_frame_ptr frame;
  one_shot<push_outcome> reply;
};

// --- reads ---------------------------------------------------------------------------------------

// Unflushed data at one moment. Consult the index only after this answer has come, and leave out
// every pack that is_in_memory(): its rows are in `blocks` already, or came later. So each entry is
// seen exactly once, whether it was flushed before, during or after the read.
struct ingester_snapshot {
  // One block per stream buffer with rows in the range; runs hold all rows of the buffer, also
  // those outside the range. Usable on any thread, by one thread at a time.
  block_list blocks;
  std::vector<std::string> flush_names;  // for is_in_memory(); sorted
  std::vector<std::string> warnings;     // streams in quarantine, whose entries are left out
};

struct read_request {
  std::string tenant;
  std::vector<label_matcher> matchers;
  time_range range;
  one_shot<ingester_snapshot> reply;
};

// What is known of a stream's unflushed entries in buffers that touch the range.
struct unflushed_stream {
  stream_ptr stream;
  std::uint64_t chunks = 0;  // buffers
  std::uint64_t lines = 0;
  std::uint64_t line_bytes = 0;
  std::int64_t min_timestamp_ns = 0;
  std::int64_t max_timestamp_ns = 0;  // closed

  void add_buffer(std::uint64_t buffer_lines, std::uint64_t buffer_line_bytes, std::int64_t low_ns,
                  std::int64_t high_ns);
};

struct unflushed_streams {
  std::vector<unflushed_stream> streams;
  std::vector<std::string> flush_names;  // as in ingester_snapshot; sorted
};

// Serves labels, label values, series, stats and volume of unflushed data: the caller derives them.
// Reads no lines; whole buffers count, as whole chunks do in the index.
struct streams_request {
  std::string tenant;
  std::vector<label_matcher> matchers;  // empty: all streams
  time_range range;
  one_shot<unflushed_streams> reply;
  // Lines and bytes without duplicates, which only the buffers know: asks the streams that may have
  // some. Else, and of streams that are restored or sealed right now, duplicates count.
  bool exact = false;
};

// The answers of all shards as one.
ingester_snapshot merge_parts(std::vector<ingester_snapshot> parts);
unflushed_streams merge_parts(std::vector<unflushed_streams> parts);

// The name of the flush that made a pack: the file name of its key without the number of the part
// and ".skp", unique for (ingester incarnation, shard, flush); its last 16 characters number the
// shard's flushes. Packs not made by a flush (compaction) have other forms.
std::string_view pack_flush_name(std::string_view pack_key);

// Whether a pack was made by a flush that an answer covers. `flush_names` has for each shard the
// name of the first one; all later ones of the shard are covered, too.
bool is_in_memory(std::span<const std::string> flush_names, std::string_view pack_key);

// --- control -------------------------------------------------------------------------------------

// Flushes everything acknowledged before this message. Answered when it is in the object store and
// in the index. Errors: that of the first flush step that failed (the data stays in WAL and memory,
// and the flush is tried again).
struct flush_request {
  one_shot<bool> reply;  // the value is always true
};

struct ingester_status {
  enum class phase : std::uint8_t { replaying, ready, shutting_down, failed };
  phase now = phase::replaying;
  std::uint64_t replayed_bytes = 0;
  std::uint64_t replay_bytes = 0;  // 0 until known
  std::uint64_t streams = 0;       // with rows in memory or admitted lately
  std::uint64_t unflushed_bytes = 0;
  std::uint64_t quarantined_streams = 0;
  std::string note;  // for /ready: why not ready, what was damaged
  // Why no push is taken although it is ready for reads (the log's disk is full, or the log is
  // read-only); empty when pushes are taken.
  std::string pushes_refused;
};

struct status_request {
  one_shot<ingester_status> reply;
};

// Refuses pushes from now on, finishes the commit group, flushes if asked or configured so, ships
// the index, closes the WAL; then answers and quits. Bounded by options.shutdown_timeout.
struct shutdown_request {
  bool flush = false;  // flush although flush_on_shutdown is off
  one_shot<bool> reply;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::push_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::read_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::streams_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::flush_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::status_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::shutdown_request)
