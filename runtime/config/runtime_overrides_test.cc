// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/runtime_overrides.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/config/config_reference.h"

namespace skald {
namespace {

using testing::HasSubstr;

TEST(Overrides, FallBackToTheDefaults) {
  tenant_limits defaults;
  defaults.max_query_series = 11;
  defaults.otlp_config.severity_text_as_label = true;
  const auto snapshot = parse_overrides({R"(
overrides:
  a: {ingestion_rate_mb: 10, retention_period: 744h, unknown_key: 5}
  b:
    otlp_config: {resource_attributes: {ignore_defaults: true}}
    ingestion_rate_strategy: local
  c:
configs:
  a: {log_push_request: true}
)"},
                                        defaults);
  ASSERT_TRUE(snapshot.ok()) << snapshot.error().message;
  const limits_snapshot& limits = **snapshot;
  EXPECT_EQ(limits.for_tenant("a").ingestion_rate_mb, 10);
  EXPECT_EQ(limits.for_tenant("a").retention_period, std::chrono::hours(744));
  EXPECT_EQ(limits.for_tenant("a").max_query_series, 11);
  EXPECT_TRUE(limits.for_tenant("b").otlp_config.resource_ignore_defaults);
  EXPECT_TRUE(limits.for_tenant("b").otlp_config.severity_text_as_label);
  EXPECT_EQ(limits.for_tenant("b").rate_strategy, ingestion_rate_strategy::global);
  EXPECT_EQ(limits.for_tenant("z").max_query_series, 11);
}

TEST(Overrides, LaterFilesWin) {
  const auto snapshot =
      parse_overrides({"overrides: {a: {max_query_series: 1, volume_max_series: 2}}",
                       "overrides: {a: {max_query_series: 3}}"},
                      tenant_limits{});
  EXPECT_EQ((*snapshot)->for_tenant("a").max_query_series, 3);
  EXPECT_EQ((*snapshot)->for_tenant("a").volume_max_series, 2);
}

TEST(Overrides, RefusesBadFiles) {
  for (const char* bad : {"overrides: [1]", "overrides: {a: {max_query_series: x}}", "foo: 1",
                          "overrides: {a: 5}", "{",
                          "overrides: {a: {otlp_config: {scope_attributes: "
                          "[{action: fly}]}}}",
                          "- 1"}) {
    EXPECT_FALSE(parse_overrides({bad}, tenant_limits{}).ok()) << bad;
  }
  EXPECT_TRUE(parse_overrides({""}, tenant_limits{}).ok());
  EXPECT_THAT(parse_overrides({"overrides:\n  a:\n    max_query_series: x\n"}, tenant_limits{})
                  .error()
                  .message,
              HasSubstr("line 3: "));
}

TEST(Overrides, CompileBlockedQueriesAndWarnOfBadOnes) {
  std::vector<std::string> warnings;
  const auto snapshot = parse_overrides({R"(
overrides:
  a:
    blocked_queries: [{pattern: '(', regex: true}, {pattern: 'x.*', regex: true}, {pattern: '('}]
  b:
    blocked_queries: [{query_tags: {Source: Grafana}}]
)"},
                                        tenant_limits{}, &warnings);
  ASSERT_TRUE(snapshot.ok()) << snapshot.error().message;
  const auto& blocks = (*snapshot)->for_tenant("a").blocked_queries;
  ASSERT_EQ(blocks.size(), 3U);
  EXPECT_EQ(blocks[0].compiled, nullptr);
  EXPECT_NE(blocks[1].compiled, nullptr);
  EXPECT_EQ(blocks[2].compiled, nullptr);
  ASSERT_EQ((*snapshot)->for_tenant("b").blocked_queries.size(), 1U);
  EXPECT_EQ((*snapshot)->for_tenant("b").blocked_queries[0].query_tags.at("source"), "grafana");
  EXPECT_THAT(warnings,
              testing::ElementsAre("tenant a: blocked_queries: pattern \"(\" blocks nothing: error "
                                   "parsing regexp: missing closing ): `(`"));
}

class OverridesWatcher : public testing::Test {
 protected:
  OverridesWatcher() {
    std::string pattern = testing::TempDir() + "/overrides_watcher_XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~OverridesWatcher() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& text) { std::ofstream(folder_ / "o.yaml") << text; }
  overrides_watcher watcher() {
    runtime_file_config files;
    files.files = {(folder_ / "o.yaml").string()};
    return overrides_watcher(files, tenant_limits{});
  }
  std::filesystem::path folder_;
};

TEST_F(OverridesWatcher, ReloadsAllOrNothing) {
  overrides_watcher w = watcher();
  EXPECT_EQ(w.poll().error().code, errc::not_found);
  write("overrides: {a: {max_query_series: 1}}");
  const auto first = w.poll();
  ASSERT_TRUE(first.ok());
  EXPECT_EQ((*first)->for_tenant("a").max_query_series, 1);
  EXPECT_EQ(*w.poll(), nullptr);  // unchanged
  write("overrides: {a: {max_query_series: x}}");
  EXPECT_FALSE(w.poll().ok());
  EXPECT_FALSE(w.poll().ok());  // still bad, still said
  write("overrides: {a: {blocked_queries: [{pattern: '[', regex: true}]}}");
  EXPECT_TRUE(w.poll().ok());
  EXPECT_EQ(w.warnings().size(), 1U);
  write("");
  const auto empty = w.poll();
  EXPECT_TRUE(w.warnings().empty());
  ASSERT_TRUE(empty.ok());
  EXPECT_EQ((*empty)->for_tenant("a").max_query_series, 500);
}

TEST_F(OverridesWatcher, WithoutFilesGivesTheDefaultsOnce) {
  overrides_watcher w(runtime_file_config{}, tenant_limits{});
  EXPECT_FALSE(w.has_files());
  EXPECT_NE(*w.poll(), nullptr);
  EXPECT_EQ(*w.poll(), nullptr);
}

TEST(ConfigReference, PageIsNotStale) {
  std::ifstream file("docs/configuration.md");
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_TRUE(text.str() == config_reference_markdown())
      << "run: bazel run //runtime/config:print_reference > docs/configuration.md";
}

}  // namespace
}  // namespace skald
