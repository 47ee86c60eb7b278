// SPDX-License-Identifier: Apache-2.0
// The distributor's decisions: validates a decoded push in Loki's order, discovers service_name and
// detected_level, asks the tenant's rate bucket, and builds push frames for the shards. Pure: no
// CAF, no clock. One thread only (each io thread has its own); the rate_limiter is shared. Cost:
// without violations some tens of nanoseconds an entry plus the copy of its bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/common/push_frame.h"
#include "actors/common/push_frame_writer.h"
#include "actors/distributor/distributor_options.h"
#include "actors/distributor/label_cache.h"
#include "actors/distributor/push_errors.h"
#include "runtime/base/result.h"
#include "runtime/limits/rate_limiter.h"
#include "runtime/limits/tenant_limits.h"
#include "runtime/loki_api/decoded_push.h"

namespace skald {

// Which shard of an ingester owns a stream.
constexpr std::uint32_t shard_of(const stream_fingerprint& stream, std::uint32_t shards) {
  return static_cast<std::uint32_t>((static_cast<unsigned __int128>(stream.high) * shards) >> 64);
}

struct shard_frame {
  std::uint32_t shard = 0;
  push_frame_ptr frame;
};

struct prepared_push {
  // What to write, in order of arrival per stream. Empty when nothing was accepted. A shard may
  // come more than once.
  std::vector<shard_frame> frames;
  // The answer once all frames are durable: 204, or the refusal of the other entries (400), or of
  // the whole request (422, 429, the tenant's block status), whose text is `failure`. Frames must
  // be written whatever it says.
  int status = 204;
  std::optional<error> failure;
  // With 429: when the tenant's bucket can take the request; 0 when never or not known.
  std::chrono::nanoseconds retry_after{0};

  std::uint64_t received_lines = 0;
  std::uint64_t received_bytes = 0;  // lines and structured metadata
  std::uint64_t accepted_lines = 0;
  std::uint64_t accepted_bytes = 0;
  std::vector<reason_count> discarded;
  std::vector<reason_count> mutated;
};

// Who asks and under which rules. Views must live during the call.
struct push_request_context {
  std::string_view tenant;
  const tenant_limits* limits = nullptr;
  std::int64_t wall_now_ns = 0;
  std::chrono::steady_clock::time_point now;
  std::uint32_t healthy_distributors = 1;  // divides a global rate
};

class distributor_core {
 public:
  // `rates` must outlive the core.
  distributor_core(distributor_options options, rate_limiter& rates);

  prepared_push prepare(const decoded_push& push, const push_request_context& context);

  const label_cache& labels() const { return cache_; }

 private:
  class preparation;
  distributor_options options_;
  rate_limiter& rates_;
  label_cache cache_;
  // Scratch of the push at hand, kept for its memory.
  std::vector<std::uint8_t> refused_;       // one flag an entry
  std::vector<push_frame_writer> writers_;  // one a shard, for writers_tenant_
  std::string writers_tenant_;
};

}  // namespace skald
