// SPDX-License-Identifier: Apache-2.0
#include "runtime/metrics/metric_registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace skald {
namespace {

using testing::HasSubstr;

constexpr metric_definition pushes{"skald_test_pushes_total", "Pushes."};
constexpr metric_definition depth{"skald_test_depth", "Depth."};
constexpr metric_definition wait{"skald_test_wait_seconds", "Wait."};

TEST(MetricRegistry, RendersCountersWithLabels) {
  metric_registry registry;
  registry.get_counter(pushes, {{"tenant", "a"}}).add();
  registry.get_counter(pushes, {{"tenant", "a"}}).add(2);
  registry.get_counter(pushes, {{"tenant", "b\"\n"}}).add(5);
  const std::string text = registry.render_text();
  EXPECT_THAT(text, HasSubstr("# HELP skald_test_pushes_total Pushes.\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE skald_test_pushes_total counter\n"));
  EXPECT_THAT(text, HasSubstr("skald_test_pushes_total{tenant=\"a\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("skald_test_pushes_total{tenant=\"b\\\"\\n\"} 5\n"));
}

TEST(MetricRegistry, RendersHistograms) {
  metric_registry registry;
  const histogram h = registry.get_histogram(wait, {}, {0.1, 1});
  h.observe(0.05);
  h.observe(0.5);
  h.observe(5);
  const std::string text = registry.render_text();
  EXPECT_THAT(text, HasSubstr("skald_test_wait_seconds_count 3\n"));
  EXPECT_THAT(text, HasSubstr("skald_test_wait_seconds_bucket{le=\"1\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("skald_test_wait_seconds_bucket{le=\"+Inf\"} 3\n"));
}

TEST(MetricRegistry, DefaultHandlesCountNowhere) {
  counter().add();
  gauge().set(3);
  histogram().observe(1);
  EXPECT_EQ(counter().value(), 0);
  EXPECT_EQ(gauge().value(), 0);
}

TEST(MetricRegistry, AsksBeforeRendering) {
  metric_registry registry;
  const gauge g = registry.get_gauge(depth);
  int calls = 0;
  registry.before_render([&] { g.set(++calls); });
  EXPECT_THAT(registry.render_text(), HasSubstr("skald_test_depth 1\n"));
  EXPECT_THAT(registry.render_text(), HasSubstr("skald_test_depth 2\n"));
}

// A counter that follows another count must not take the same difference twice.
TEST(MetricRegistry, RenderingsAtOnceDoNotMixTheirUpdates) {
  metric_registry registry;
  const counter c = registry.get_counter(pushes);
  std::atomic<int> counted{0};
  registry.before_render([&] {
    const double difference = counted.load() - c.value();
    std::this_thread::yield();
    c.add(difference);
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 500; ++i) {
        ++counted;
        registry.render_text();
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(c.value(), 2000);
}

TEST(MetricRegistry, CountsFromManyThreads) {
  metric_registry registry;
  const counter c = registry.get_counter(pushes);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([c] {
      for (int i = 0; i < 10'000; ++i) c.add();
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(c.value(), 40'000);
}

TEST(ProcessMetrics, ReportsTheProcess) {
  metric_registry registry;
  register_process_metrics(registry, "1.2.3");
  const std::string text = registry.render_text();
  EXPECT_THAT(text, HasSubstr("skald_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("process_resident_memory_bytes "));
  EXPECT_THAT(text, HasSubstr("process_cpu_seconds_total "));
}

}  // namespace
}  // namespace skald
