// SPDX-License-Identifier: Apache-2.0
#include "runtime/metrics/metric_registry.h"

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>

namespace skald {

void counter::add(double amount) const {
  if (target_ != nullptr) target_->Increment(amount);
}

double counter::value() const {
  return target_ == nullptr ? 0 : target_->Value();
}

void gauge::set(double value) const {
  if (target_ != nullptr) target_->Set(value);
}

void gauge::add(double amount) const {
  if (target_ != nullptr) target_->Increment(amount);
}

double gauge::value() const {
  return target_ == nullptr ? 0 : target_->Value();
}

void histogram::observe(double value) const {
  if (target_ != nullptr) target_->Observe(value);
}

const std::vector<double>& latency_bounds_s() {
  static const std::vector<double> bounds{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                          0.25,   0.5,   1,      2.5,   5,    10,    25,   60};
  return bounds;
}

const std::vector<double>& size_bounds_bytes() {
  static const std::vector<double> bounds{256,        1024,       4096,       16384,
                                          65536,      262144,     1048576,    4194304,
                                          16777216.0, 67108864.0, 268435456., 1073741824.};
  return bounds;
}

struct metric_registry::state {
  prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
  std::mutex mutex;  // guards updates
  std::vector<std::function<void()>> updates;
  std::mutex update_mutex;  // held while they run
};

metric_registry::metric_registry() : state_(std::make_unique<state>()) {}
metric_registry::~metric_registry() = default;

counter metric_registry::get_counter(const metric_definition& definition,
                                     const metric_labels& labels) {
  auto& family = prometheus::BuildCounter()
                     .Name(definition.name)
                     .Help(definition.help)
                     .Register(state_->registry);
  return counter(&family.Add(labels));
}

gauge metric_registry::get_gauge(const metric_definition& definition, const metric_labels& labels) {
  auto& family = prometheus::BuildGauge()
                     .Name(definition.name)
                     .Help(definition.help)
                     .Register(state_->registry);
  return gauge(&family.Add(labels));
}

histogram metric_registry::get_histogram(const metric_definition& definition,
                                         const metric_labels& labels,
                                         const std::vector<double>& bounds) {
  auto& family = prometheus::BuildHistogram()
                     .Name(definition.name)
                     .Help(definition.help)
                     .Register(state_->registry);
  return histogram(&family.Add(labels, bounds));
}

void metric_registry::before_render(std::function<void()> update) {
  const std::lock_guard lock(state_->mutex);
  state_->updates.push_back(std::move(update));
}

std::string metric_registry::render_text() const {
  std::vector<std::function<void()>> updates;
  {
    const std::lock_guard lock(state_->mutex);
    updates = state_->updates;
  }
  {
    const std::lock_guard lock(state_->update_mutex);
    for (const auto& update : updates) update();
  }
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace skald
