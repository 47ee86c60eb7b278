// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/config_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace skald {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* tail = R"(
common: {path_prefix: /p}
)";

node_config parsed(const std::string& yaml) {
  auto loaded = parse_config(yaml, "test.yaml");
  EXPECT_TRUE(loaded.ok()) << (loaded.ok() ? "" : loaded.error().message);
  return loaded.ok() ? loaded->config : node_config{};
}

std::string refused(const std::string& yaml) {
  const auto loaded = parse_config(yaml, "test.yaml");
  EXPECT_FALSE(loaded.ok()) << yaml;
  return loaded.ok() ? "" : loaded.error().message;
}

TEST(ConfigLoader, WithoutAFileRunsASingleNode) {
  const auto loaded = load_config(command_line{});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const node_config& c = loaded->config;
  EXPECT_FALSE(c.auth_enabled);
  EXPECT_EQ(c.server.http_listen_port, 3100);
  EXPECT_EQ(c.storage.object_store, "filesystem");
  EXPECT_EQ(c.storage.filesystem_directory, "./data/chunks");
  EXPECT_EQ(c.ingester.wal_dir, "./data/wal");
  EXPECT_EQ(c.ring.replication_factor, 1);
  EXPECT_THAT(loaded->warnings, IsEmpty());
}

TEST(ConfigLoader, NamesTheMissingFile) {
  command_line flags;
  flags.config_file = "a.yaml,b/c.yaml";
  EXPECT_EQ(load_config(flags).error().message,
            "failed parsing config: a.yaml,b/c.yaml does not exist, set config.file for custom "
            "config path");
}

TEST(ConfigLoader, TakesTheReferenceFiles) {
  setenv("HTTP_PORT", "4321", 1);
  setenv("GRPC_PORT", "4322", 1);
  setenv("DATA_DIR", "/data", 1);
  command_line flags;
  flags.expand_env = true;
  for (const char* name : {"loki-canonical.yaml", "loki-defaults.yaml"}) {
    flags.config_file = std::string("runtime/config/testdata/") + name;
    const auto loaded = load_config(flags);
    ASSERT_TRUE(loaded.ok()) << loaded.error().message;
    const node_config& c = loaded->config;
    EXPECT_THAT(loaded->warnings, IsEmpty());
    EXPECT_FALSE(c.auth_enabled);
    EXPECT_EQ(c.server.http_listen_port, 4321);
    EXPECT_EQ(c.server.grpc_listen_port, 4322);
    EXPECT_EQ(c.server.log_level, "error");
    EXPECT_EQ(c.server.http_server_read_timeout, seconds(120));
    EXPECT_EQ(c.path_prefix, "/data");
    EXPECT_EQ(c.storage.filesystem_directory, "/data/store");  // the newer family of the two
    EXPECT_EQ(c.ingester.max_chunk_age, hours(24));
    EXPECT_EQ(c.ingester.min_ready_duration, seconds(0));
    EXPECT_FALSE(c.ingester.wal_enabled);
    EXPECT_EQ(c.querier.query_ingesters_within, seconds(0));
    EXPECT_FALSE(c.limits.reject_old_samples);
    EXPECT_EQ(c.limits.ingestion_rate_mb, 1000);
    EXPECT_EQ(c.limits.per_stream_rate_limit, 1ull << 30);
    EXPECT_EQ(c.limits.max_line_size, 0u);
    EXPECT_EQ(c.limits.max_label_names_per_series, 30);
    const bool canonical = std::string(name) == "loki-canonical.yaml";
    EXPECT_EQ(c.limits.discover_log_levels, !canonical);
    EXPECT_EQ(c.limits.discover_service_name.empty(), canonical);
    EXPECT_EQ(c.limits.max_query_length, canonical ? hours(0) : hours(721));
    EXPECT_EQ(c.limits.max_entries_limit_per_query, canonical ? 0 : 5000);
  }
}

TEST(ConfigLoader, TakesTheMinimalFile) {
  const auto loaded = parse_config(R"(
auth_enabled: false
server: {http_listen_port: 3100}
common:
  instance_addr: 127.0.0.1
  path_prefix: data
  storage:
    filesystem: {chunks_directory: data/chunks, rules_directory: data/rules}
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
schema_config:
  configs:
    - {from: 2020-10-24, store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}
pattern_ingester: {enabled: true}
limits_config: {metric_aggregation_enabled: true}
ruler: {alertmanager_url: "http://localhost:9093"}
frontend: {encoding: protobuf}
)",
                                   "m.yaml");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_THAT(loaded->warnings, IsEmpty());
  EXPECT_EQ(loaded->config.storage.filesystem_directory, "data/chunks");
  EXPECT_EQ(loaded->config.ruler.storage_directory, "data/rules");
  EXPECT_EQ(loaded->config.ring.instance_addr, "127.0.0.1");
  EXPECT_EQ(loaded->config.ring.replication_factor, 1);
}

TEST(ConfigLoader, UnknownKeysNameTheirLine) {
  EXPECT_THAT(refused("auth_enabled: false\nserverx: {}\n"),
              HasSubstr("failed parsing config: test.yaml: yaml: construct errors: line 2: field "
                        "serverx not found in type loki.ConfigWrapper"));
  EXPECT_THAT(refused("server:\n  http_listen_port: 1\n  foo: 2\n"),
              HasSubstr("line 3: field foo not found in type server.Config"));
  EXPECT_THAT(refused("ingester:\n  lifecycler:\n    ring:\n      foo: 2\nquerier: {bar: 1}\n"),
              HasSubstr("line 4: field foo not found in type ring.Config; line 5: field bar not "
                        "found in type querier.Config"));
  EXPECT_THAT(refused("schema_config: {configs: [{from: 2020-01-01, foo: 1}]}"),
              HasSubstr("field foo not found in type config.PeriodConfig"));
}

TEST(ConfigLoader, IgnoresUnknownLimits) {
  EXPECT_EQ(parsed(std::string("limits_config: {foo: 1, max_query_series: 7}") + tail)
                .limits.max_query_series,
            7);
}

TEST(ConfigLoader, WrongTypesNameTheirLine) {
  EXPECT_THAT(refused("server:\n  http_listen_port: abc\n"),
              HasSubstr("line 2: cannot unmarshal !!str `abc` into int"));
  EXPECT_THAT(refused("auth_enabled: maybe\n"),
              HasSubstr("line 1: cannot unmarshal !!str `maybe` into bool"));
  EXPECT_THAT(refused("server: 5\n"),
              HasSubstr("line 1: cannot unmarshal !!str into server.Config"));
  EXPECT_THAT(refused("ingester: {max_chunk_age: 5x}\n"), HasSubstr("not a valid duration string"));
  EXPECT_THAT(refused("target: [all\n"), HasSubstr("yaml: line "));
  EXPECT_THAT(refused("target: all\ntarget: read\n"),
              HasSubstr("line 2: mapping key \"target\" already defined"));
}

TEST(ConfigLoader, BoundsTheLog) {
  EXPECT_THAT(refused("ingester: {wal: {disk_full_threshold: 1.1}}\n"),
              HasSubstr("wal disk full threshold must be between 0 and 1"));
  for (const char* size : {"3MB", "2GB", "4100000"}) {
    EXPECT_THAT(refused("skald: {wal_segment_size: " + std::string(size) + "}\n"),
                HasSubstr("wal_segment_size must be a multiple of 4096 from 4MB to 1GB"));
  }
  for (const char* off : {"0", "1"}) {
    parsed("ingester: {wal: {disk_full_threshold: " + std::string(off) + "}}\n" + tail);
  }
}

TEST(ConfigLoader, HintsAtEnvironmentReferences) {
  EXPECT_THAT(refused("server: {http_listen_port: \"${PORT}\"}"),
              HasSubstr("Use `-config.expand-env=true` flag"));
}

TEST(ConfigLoader, QuotedNumbersAreNumbers) {
  EXPECT_EQ(parsed(std::string("limits_config: {ingestion_rate_mb: \"4.5\"}") + tail)
                .limits.ingestion_rate_mb,
            4.5);
}

TEST(ConfigLoader, OldKeysAreAcceptedWithOneWarning) {
  const auto loaded = parse_config(std::string(R"(
table_manager: {retention_deletes_enabled: true, retention_period: 24h}
storage_config:
  boltdb_shipper: {active_index_directory: /x, cache_location: /y}
)") + tail,
                                   "t");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  ASSERT_EQ(loaded->warnings.size(), 2u);
  EXPECT_THAT(loaded->warnings[0], HasSubstr("table_manager has no effect: the compactor"));
}

TEST(ConfigLoader, AppliesMovedKeys) {
  const node_config c = parsed(std::string(R"(
query_range: {split_queries_by_interval: 15m}
chunk_store_config: {max_look_back_period: 10h}
querier: {query_timeout: 5m, engine: {max_look_back_period: 31s}}
limits_config: {per_tenant_override_config: /o.yaml}
)") + tail);
  EXPECT_EQ(c.limits.split_queries_by_interval, minutes(15));
  EXPECT_EQ(c.limits.max_query_lookback, hours(10));
  EXPECT_EQ(c.limits.query_timeout, minutes(5));
  EXPECT_THAT(c.runtime_config.files, ElementsAre("/o.yaml"));
  EXPECT_EQ(parsed(std::string("query_range: {split_queries_by_interval: 15m}\n"
                               "limits_config: {split_queries_by_interval: 2h}") +
                   tail)
                .limits.split_queries_by_interval,
            hours(2));
}

TEST(ConfigLoader, PathPrefixFillsPaths) {
  const node_config c = parsed("common: {path_prefix: /loki}\ncompactor: {working_directory: /c}");
  EXPECT_EQ(c.ingester.wal_dir, "/loki/wal");
  EXPECT_EQ(c.compactor.working_directory, "/c");
  EXPECT_EQ(c.ruler.rule_path, "/loki/rules-temp");
  EXPECT_EQ(c.storage.filesystem_directory, "/loki/chunks");
}

TEST(ConfigLoader, ReadsS3InAllItsForms) {
  const std::string schema =
      "\nschema_config: {configs: [{from: 2024-04-01, object_store: aws}]}\n";
  const s3_config url =
      parsed("storage_config: {aws: {s3: 's3://key:sec%2Fret@minio:9000/logs'}}" + schema)
          .storage.s3;
  EXPECT_EQ(url.endpoint, "minio:9000");
  EXPECT_EQ(url.bucket, "logs");
  EXPECT_EQ(url.access_key_id, "key");
  EXPECT_EQ(url.secret_access_key, "sec/ret");
  const s3_config region =
      parsed("common: {storage: {s3: {s3: 's3://eu-west-1/b1'}}}" + schema).storage.s3;
  EXPECT_EQ(region.region, "eu-west-1");
  EXPECT_EQ(region.bucket, "b1");
  EXPECT_EQ(region.endpoint, "");
  const s3_config list =
      parsed("common: {storage: {s3: {bucketnames: 'a,b', endpoint: e, s3forcepathstyle: true}}}" +
             schema)
          .storage.s3;
  EXPECT_EQ(list.bucket, "a");
  EXPECT_TRUE(list.force_path_style);
  const s3_config thanos =
      parsed("storage_config: {object_store: {s3: {bucket_name: n, endpoint: e}}}" + schema)
          .storage.s3;
  EXPECT_EQ(thanos.bucket, "n");
  EXPECT_THAT(refused("common: {path_prefix: /p}" + schema),
              HasSubstr("nothing is configured for the object store s3"));
}

TEST(ConfigLoader, TheFlagDecidesBetweenTwoFamilies) {
  const std::string both = R"(
common: {storage: {filesystem: {chunks_directory: /old}}}
storage_config: {object_store: {filesystem: {dir: /new}}, use_thanos_objstore: )";
  EXPECT_EQ(parsed(both + "true}").storage.filesystem_directory, "/new");
  EXPECT_EQ(parsed(both + "false}").storage.filesystem_directory, "/old");
}

TEST(ConfigLoader, ReportsAllProblemsAtOnce) {
  const std::string text = refused(std::string(R"(
ingester: {chunk_encoding: foo}
compactor: {retention_enabled: true}
)") + tail);
  EXPECT_THAT(text, HasSubstr("MULTIPLE CONFIG ERRORS FOUND, PLEASE READ CAREFULLY\n"));
  EXPECT_THAT(text, HasSubstr("CONFIG ERROR: invalid ingester config: invalid encoding: foo, "
                              "supported: none, gzip"));
  EXPECT_THAT(text, HasSubstr("\nCONFIG ERROR: invalid compactor config: "
                              "compactor.delete-request-store should be configured"));
  EXPECT_THAT(refused(std::string("limits_config: {retention_stream: [{selector: '{a=\"b\"}', "
                                  "priority: 1, period: 1h}]}") +
                      tail),
              HasSubstr("retention period must be >= 24h was 1h0m0s"));
  EXPECT_THAT(refused(std::string("limits_config: {deletion_mode: x}") + tail),
              HasSubstr("unknown deletion mode: must be one of disabled|filter-only"));
}

TEST(ConfigLoader, ReadsNestedLimits) {
  const tenant_limits limits = parsed(std::string(R"(
limits_config:
  retention_stream:
    - {selector: '{env="dev"}', priority: 2, period: 48h}
  blocked_queries: [{pattern: '.*', regex: true, types: [metric]}]
  shard_streams: {enabled: false, desired_rate: 2MB}
  otlp_config:
    resource_attributes:
      ignore_defaults: true
      attributes_config: [{action: index_label, attributes: [a, b]}, {action: drop, regex: 'x.*'}]
    severity_text_as_label: true
  discover_generic_fields: {fields: {trace: [traceID, trace_id]}}
  block_ingestion_until: "2099-01-01T00:00:00Z"
  discover_service_name: app,job
)") + tail)
                                   .limits;
  ASSERT_EQ(limits.retention_stream.size(), 1u);
  EXPECT_EQ(limits.retention_stream[0].period, hours(48));
  ASSERT_EQ(limits.blocked_queries.size(), 1u);
  EXPECT_TRUE(limits.blocked_queries[0].regex);
  EXPECT_FALSE(limits.shard_streams_enabled);
  EXPECT_EQ(limits.shard_streams_desired_rate, 2u << 20);
  EXPECT_TRUE(limits.otlp_config.resource_ignore_defaults);
  ASSERT_EQ(limits.otlp_config.resource_attributes.size(), 2u);
  EXPECT_EQ(limits.otlp_config.resource_attributes[1].action, otlp_action::drop);
  EXPECT_TRUE(limits.otlp_config.severity_text_as_label);
  EXPECT_EQ(limits.discover_generic_fields.at("trace").size(), 2u);
  EXPECT_EQ(limits.block_ingestion_until_ns, 4'070'908'800'000'000'000);
  EXPECT_THAT(limits.discover_service_name, ElementsAre("app", "job"));
}

TEST(ConfigLoader, WarnsOfPatternsThatBlockNothing) {
  const auto loaded = parse_config(
      std::string("limits_config: {blocked_queries: [{pattern: 'a[', regex: true}]}") + tail, "t",
      {});
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_THAT(loaded->warnings, ElementsAre(HasSubstr("pattern \"a[\" blocks nothing")));
}

TEST(ConfigLoader, FlagsWinOverTheFile) {
  const auto flags =
      parse_command_line({"-server.http-listen-port=0", "-auth.enabled=false",
                          "-compactor.deletion-mode=disabled", "-target=read,write"});
  ASSERT_TRUE(flags.ok());
  const auto loaded =
      parse_config(std::string("server: {http_listen_port: 9}") + tail, "t", *flags);
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_EQ(loaded->config.server.http_listen_port, 0);
  EXPECT_FALSE(loaded->config.auth_enabled);
  EXPECT_EQ(loaded->config.limits.deletion, deletion_mode::disabled);
  EXPECT_THAT(loaded->config.target, ElementsAre("read", "write"));
}

TEST(ConfigLoader, KnowsAnchorsAndMergeKeys) {
  const node_config c = parsed(R"(
common: {path_prefix: /p}
chunk_store_config: {chunk_cache_config: {embedded_cache: &e {max_size_mb: 7, ttl: 2h}}}
query_range: {results_cache: {cache: {embedded_cache: {<<: *e, ttl: 3h}}}}
frontend: {compress_responses: off}
)");
  EXPECT_EQ(c.frontend.chunk_cache_max_size_mb, 7);
  EXPECT_EQ(c.frontend.chunk_cache_ttl, hours(2));
  EXPECT_EQ(c.frontend.embedded_cache_max_size_mb, 7);
  EXPECT_EQ(c.frontend.embedded_cache_ttl, hours(3));
  EXPECT_FALSE(c.frontend.compress_responses);
}

TEST(ConfigDump, CanBeReadAgain) {
  const auto loaded = parse_config(R"(
common: {path_prefix: /p, storage: {s3: {s3: 's3://key:secret@minio:9000/logs'}}}
limits_config: {retention_stream: [{selector: '{a="b"}', priority: 1, period: 25h}], max_line_size: 1KB}
)",
                                   "t");
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  const std::string text = dump_config(loaded->config);
  EXPECT_THAT(text, HasSubstr("  http_listen_port: 3100\n"));
  EXPECT_THAT(text, Not(HasSubstr("secret\n")));
  EXPECT_THAT(text, HasSubstr("secret_access_key: \"********\""));
  const auto again = parse_config(text, "dump");
  ASSERT_TRUE(again.ok()) << again.error().message << "\n" << text;
  EXPECT_EQ(again->config.limits, loaded->config.limits);
  EXPECT_EQ(again->config.storage.s3.bucket, "logs");
  EXPECT_EQ(again->config.ingester.wal_dir, "/p/wal");
  EXPECT_THAT(dump_limits(loaded->config.limits), HasSubstr("max_line_size: 1KB\n"));
}

}  // namespace
}  // namespace skald
