// SPDX-License-Identifier: Apache-2.0
// Sizes, durations, environment references, targets and flags.
#include "runtime/config/keys/config_value.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "runtime/config/command_line.h"
#include "runtime/config/env_expansion.h"
#include "runtime/config/keys/config_keys.h"
#include "runtime/config/targets.h"

namespace skald {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::HasSubstr;

TEST(ConfigSize, StepsAre1024) {
  const std::pair<std::string, std::uint64_t> cases[] = {{"0", 0},
                                                         {"256KB", 262144},
                                                         {"1536kb", 1572864},
                                                         {"5M", 5242880},
                                                         {"4GB", 4ull << 30},
                                                         {"1.5KiB", 1536},
                                                         {"17", 17},
                                                         {"3 MB", 3145728},
                                                         {"0B", 0},
                                                         {"1GB", 1073741824},
                                                         {"104857600", 104857600}};
  for (const auto& [text, bytes] : cases) {
    const auto size = parse_config_size(text);
    ASSERT_TRUE(size.ok()) << text;
    EXPECT_EQ(*size, bytes) << text;
  }
  for (const char* bad : {"", "MB", "5X", "-5", "1KBB", "1.2.3", "9999999TB", "5 M B"}) {
    EXPECT_FALSE(parse_config_size(bad).ok()) << bad;
  }
  EXPECT_EQ(format_config_size(262144), "256KB");
  EXPECT_EQ(format_config_size(0), "0B");
  EXPECT_EQ(format_config_size(1000), "1000B");
}

TEST(ConfigDuration, TakesBothStyles) {
  const std::pair<std::string, std::chrono::nanoseconds> cases[] = {
      {"30d1h", hours(721)}, {"1w", hours(168)},           {"0", hours(0)},
      {"0s", hours(0)},      {"1.5s", milliseconds(1500)}, {"8760h", hours(8760)}};
  for (const auto& [text, value] : cases) {
    const auto duration = parse_config_duration(text);
    ASSERT_TRUE(duration.ok()) << text;
    EXPECT_EQ(*duration, value) << text;
  }
  EXPECT_FALSE(parse_config_duration("5").ok());
  EXPECT_FALSE(parse_config_duration("").ok());
  EXPECT_EQ(parse_config_duration("abc").error().message, "not a valid duration string: \"abc\"");
}

std::optional<std::string> test_environment(const std::string& name) {
  if (name == "HOST") return "example";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

TEST(EnvExpansion, ReplacesReferences) {
  const std::pair<std::string, std::string> cases[] = {
      {"a: ${HOST}", "a: example"},
      {"${NONE}", ""},
      {"${NONE:-x y}", "x y"},
      {"${EMPTY:-d}", "d"},
      {"${EMPTY-d}", ""},
      {"${NONE-d}", "d"},
      {"${HOST:-d}", "example"},
      {"${NONE:=d}", "d"},
      {"${NONE:3100}", ""},  // no default: an offset
      {"${HOST:2}", "ample"},
      {"${HOST:2:3}", "amp"},
      {"${HOST:99}", ""},
      {"${HOST:word}", "example"},
      {"${#HOST}", "7"},
      {"${HOST^^}", "EXAMPLE"},
      {"a$$b", "a$b"},
      {"$HOST $", "$HOST $"},
      {"# ${HOST}", "# example"}};
  for (const auto& [text, expanded] : cases) {
    const auto out = expand_environment(text, test_environment);
    ASSERT_TRUE(out.ok()) << text;
    EXPECT_EQ(*out, expanded) << text;
  }
  for (const char* bad : {"${HOST", "${}", "${1}", "${HOST/a/b}"}) {
    EXPECT_FALSE(expand_environment(bad, test_environment).ok()) << bad;
  }
}

TEST(Targets, ResolveRolesAndGroups) {
  EXPECT_TRUE(resolve_targets({"all"})->has(role::ruler));
  const role_set read = *resolve_targets({"read"});
  EXPECT_TRUE(read.has(role::querier));
  EXPECT_FALSE(read.has(role::ingester));
  const role_set both = *resolve_targets({"querier", "ingester"});
  EXPECT_TRUE(both.has(role::querier) && both.has(role::ingester));
  EXPECT_EQ(resolve_targets({"foo"}).error().message, "unrecognised module name: foo");
  EXPECT_THAT(resolve_targets({"table-manager"}).error().message, HasSubstr("compactor"));
  EXPECT_FALSE(resolve_targets({}).ok());
  EXPECT_THAT(list_targets(), HasSubstr("all\n  compactor\n"));
}

TEST(CommandLine, TakesGoStyles) {
  const auto flags = parse_command_line(
      {"-config.file=a.yaml", "--target", "read", "-verify-config", "-auth.enabled=false",
       "-server.http-listen-port", "0", "--config.expand-env=true"});
  ASSERT_TRUE(flags.ok()) << flags.error().message;
  EXPECT_EQ(flags->config_file, "a.yaml");
  EXPECT_TRUE(flags->verify_config);
  EXPECT_TRUE(flags->expand_env);
  const std::vector<std::pair<std::string, std::string>> settings = {
      {"target", "read"}, {"auth_enabled", "false"}, {"server.http_listen_port", "0"}};
  EXPECT_EQ(flags->settings, settings);
}

TEST(CommandLine, KnowsLokisFlagNames) {
  for (const char* flag :
       {"log.level=debug", "common.path-prefix=x", "runtime-config.file=f",
        "runtime-config.reload-period=5s", "distributor.ingestion-rate-limit-mb=3",
        "ingester.max-chunk-age=1h", "ingester.chunk-idle-period=1h", "store.retention=24h",
        "validation.reject-old-samples.max-age=1w", "compactor.deletion-mode=disabled"}) {
    EXPECT_TRUE(parse_command_line({std::string("-") + flag}).ok()) << flag;
  }
  EXPECT_EQ(parse_command_line({"-ballast-bytes=5"})->ignored,
            std::vector<std::string>{"-ballast-bytes"});
}

TEST(CommandLine, RefusesLikeGo) {
  const std::pair<std::vector<std::string>, std::string> cases[] = {
      {{"-x"}, "flag provided but not defined: -x"},
      {{"--nope=1"}, "flag provided but not defined: -nope"},
      {{"-config.file"}, "flag needs an argument: -config.file"},
      {{"-verify-config=maybe"}, "invalid boolean value \"maybe\" for -verify-config: parse error"},
      {{"---x"}, "bad flag syntax: ---x"},
      {{"word"}, "unexpected argument: word"}};
  for (const auto& [arguments, message] : cases) {
    const auto flags = parse_command_line(arguments);
    ASSERT_FALSE(flags.ok()) << arguments[0];
    EXPECT_EQ(flags.error().message, message);
  }
  EXPECT_THAT(parse_command_line({"-server.http-listen-port=x"}).error().message,
              HasSubstr("invalid value \"x\" for flag -server.http-listen-port: "));
}

TEST(CommandLine, PrintsHelpAndVersion) {
  EXPECT_THAT(flag_help(), HasSubstr("  -server.http-listen-port\n"));
  EXPECT_THAT(version_text("1.0", "main", "abc"),
              HasSubstr("skald, version 1.0 (branch: main, revision: abc)\n"));
}

}  // namespace
}  // namespace skald
