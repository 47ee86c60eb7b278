// SPDX-License-Identifier: Apache-2.0
// The metrics that show node_state. Does nothing without a registry. Not thread-safe.
#pragma once

#include "actors/ingester/node_state.h"
#include "runtime/metrics/metric_names.h"
#include "runtime/metrics/metric_registry.h"

namespace skald {

class node_gauges {
 public:
  node_gauges() = default;
  explicit node_gauges(metric_registry& metrics)
      : streams_(metrics.get_gauge(metric_names::ingester_memory_streams)),
        streams_created_(metrics.get_counter(metric_names::ingester_streams_created)),
        sealed_buffers_(metrics.get_gauge(metric_names::ingester_flush_queue)),
        unflushed_bytes_(metrics.get_gauge(metric_names::ingester_unflushed_bytes)),
        reader_held_bytes_(metrics.get_gauge(metric_names::ingester_reader_held_bytes)) {}

  void show(node_state& node) {
    streams_.set(static_cast<double>(node.streams.load()));
    streams_created_.add(static_cast<double>(node.streams_created.exchange(0)));
    sealed_buffers_.set(static_cast<double>(node.sealed_buffers.load()));
    unflushed_bytes_.set(static_cast<double>(node.unflushed_bytes.load()));
    reader_held_bytes_.set(static_cast<double>(node.reader_held_bytes.load()));
  }

 private:
  gauge streams_;
  counter streams_created_;
  gauge sealed_buffers_;
  gauge unflushed_bytes_;
  gauge reader_held_bytes_;
};

}  // namespace skald
