// SPDX-License-Identifier: Apache-2.0
// Counters, gauges and histograms and their Prometheus text form. The only user of prometheus-cpp.
// A handle is looked up once and kept by the component that counts (the look-up takes a lock;
// counting does not, except for histograms, which take a short one). A default-made handle counts
// nowhere, so tests need no registry. Lifetime: handles point into the registry, which must outlive
// them. All functions are safe from any thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/metrics/metric_names.h"

namespace prometheus {
class Counter;
class Gauge;
class Histogram;
}  // namespace prometheus

namespace skald {

using metric_labels = std::map<std::string, std::string>;

class counter {
 public:
  counter() = default;
  void add(double amount = 1) const;
  double value() const;

 private:
  friend class metric_registry;
  explicit counter(prometheus::Counter* target) : target_(target) {}
  prometheus::Counter* target_ = nullptr;
};

class gauge {
 public:
  gauge() = default;
  void set(double value) const;
  void add(double amount) const;
  double value() const;

 private:
  friend class metric_registry;
  explicit gauge(prometheus::Gauge* target) : target_(target) {}
  prometheus::Gauge* target_ = nullptr;
};

class histogram {
 public:
  histogram() = default;
  void observe(double value) const;

 private:
  friend class metric_registry;
  explicit histogram(prometheus::Histogram* target) : target_(target) {}
  prometheus::Histogram* target_ = nullptr;
};

// Upper bounds for latencies in seconds: 0.5 ms to 60 s.
const std::vector<double>& latency_bounds_s();
// Upper bounds for sizes in bytes: 256 B to 1 GiB, by fours.
const std::vector<double>& size_bounds_bytes();

class metric_registry {
 public:
  metric_registry();
  ~metric_registry();
  metric_registry(const metric_registry&) = delete;
  metric_registry& operator=(const metric_registry&) = delete;

  // The metric with these labels, made at the first call; equal arguments give handles of one
  // metric. All labels of one definition must have the same names, and few values: never a stream,
  // a query or a client's address.
  counter get_counter(const metric_definition& definition, const metric_labels& labels = {});
  gauge get_gauge(const metric_definition& definition, const metric_labels& labels = {});
  histogram get_histogram(const metric_definition& definition, const metric_labels& labels = {},
                          const std::vector<double>& bounds = latency_bounds_s());

  // Runs before each rendering, on the rendering thread: to set gauges that are cheaper to ask than
  // to keep, or to raise counters to what somebody else counted. Of renderings at once one runs all
  // updates, then the next. The function must stay valid as long as the registry, and not render.
  void before_render(std::function<void()> update);

  // Prometheus text exposition format 0.0.4 (Content-Type: text/plain; version=0.0.4;
  // charset=utf-8).
  std::string render_text() const;

 private:
  struct state;
  std::unique_ptr<state> state_;
};

// Registers process_cpu_seconds_total, process_resident_memory_bytes, process_open_fds,
// process_start_time_seconds (read from /proc) and skald_build_info{version}.
void register_process_metrics(metric_registry& registry, std::string_view version);

}  // namespace skald
