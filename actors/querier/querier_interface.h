// SPDX-License-Identifier: Apache-2.0
// What the gateway and embedding programs say to the query frontend. Send a message with
// caf::anon_send(frontend, ...); the answer comes through its `reply`, exactly once, on a worker or
// actor thread. Local to one process.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "actors/supervision/one_shot.h"
#include "runtime/base/cancellation.h"
#include "runtime/logql/engine/query_result.h"
#include "runtime/logql/plan/query_plan.h"
#include "runtime/loki_api/volume.h"
#include "runtime/model/label_matcher.h"
#include "runtime/model/labels.h"
#include "runtime/model/time_range.h"

namespace skald {

// Runs a planned LogQL query.
// Errors: those of the plan's evaluation (invalid_argument), timeout when the deadline of `cancel`
// passed, cancelled, overloaded when the tenant has too many queries waiting, unavailable, corrupt.
struct query_call {
  std::string tenant;
  logql::query_plan_ptr plan;
  // Raised by the caller when its client goes away; carries the query's deadline.
  cancellation_ptr cancel;
  one_shot<logql::query_result> reply;
};

// How much a stream_summary tells. Less costs less: names need no chunk references.
enum class stream_detail : std::uint8_t {
  names,   // which stream it is; all counts are zero
  counts,  // and what its chunks hold in all
  chunks   // and each of them in `parts`
};

// A stream with what its chunks in the range hold.
struct stream_summary {
  stream_ptr stream;
  std::uint64_t chunks = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::vector<chunk_summary> parts;  // the chunks one by one
};

// The streams with chunks or unflushed entries in a range: the base of labels, label values,
// series, statistics and volume. A chunk that sticks out of the range counts in proportion
// (runtime/loki_api/volume.h).
struct series_call {
  std::string tenant;
  // A stream is in the answer when it passes all matchers of one of these; empty: every stream.
  std::vector<std::vector<label_matcher>> selectors;
  time_range range;
  cancellation_ptr cancel;
  one_shot<std::vector<stream_summary>> reply;
  stream_detail detail = stream_detail::counts;
  // Each stream once, by label text. Else in any order, and some streams twice: enough, and
  // cheaper, for who makes a set of the names or values of labels.
  bool in_order = true;
};

// What the frontend is doing, for tests and /services.
struct frontend_status {
  std::uint64_t running = 0;
  std::uint64_t waiting = 0;
};
struct frontend_status_call {
  one_shot<frontend_status> reply;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::query_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::series_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::frontend_status_call)
