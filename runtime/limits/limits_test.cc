// SPDX-License-Identifier: Apache-2.0
// Token buckets, tenants' rates and snapshots of limits.
#include <gtest/gtest.h>

#include "runtime/limits/limits_snapshot.h"
#include "runtime/limits/rate_limiter.h"
#include "runtime/limits/token_bucket.h"

namespace skald {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using time_point = token_bucket::time_point;

const time_point t0{seconds(1000)};

TEST(TokenBucket, StartsFullAndRefills) {
  token_bucket bucket(10, 20);
  EXPECT_TRUE(bucket.try_take(20, t0));
  EXPECT_FALSE(bucket.try_take(1, t0));
  EXPECT_TRUE(bucket.try_take(10, t0 + seconds(1)));
  EXPECT_FALSE(bucket.try_take(1, t0 + seconds(1)));
}

TEST(TokenBucket, RefillStopsAtTheBurst) {
  token_bucket bucket(10, 20);
  EXPECT_TRUE(bucket.try_take(5, t0));
  EXPECT_FALSE(bucket.try_take(21, t0 + seconds(3600)));
  EXPECT_TRUE(bucket.try_take(20, t0 + seconds(3600)));
}

TEST(TokenBucket, RefusalTakesNothing) {
  token_bucket bucket(0, 5);
  EXPECT_FALSE(bucket.try_take(6, t0));
  EXPECT_TRUE(bucket.try_take(5, t0));
  EXPECT_FALSE(bucket.try_take(1, t0 + seconds(100)));
}

TEST(TokenBucket, IgnoresTimeThatGoesBack) {
  token_bucket bucket(10, 10);
  EXPECT_TRUE(bucket.try_take(10, t0));
  EXPECT_FALSE(bucket.try_take(1, t0 - seconds(5)));
  EXPECT_FALSE(bucket.try_take(1, t0));
  EXPECT_TRUE(bucket.try_take(1, t0 + milliseconds(100)));
}

TEST(TokenBucket, TellsWhenTokensWillBeThere) {
  token_bucket bucket(10, 20);
  EXPECT_TRUE(bucket.try_take(20, t0));
  EXPECT_NEAR(static_cast<double>(bucket.time_until(5, t0).count()), 5e8, 10);
  EXPECT_EQ(bucket.time_until(21, t0), nanoseconds::max());
  EXPECT_EQ(bucket.time_until(0, t0), nanoseconds(0));
}

TEST(TokenBucket, NewLimitsKeepWhatWasGathered) {
  token_bucket bucket(10, 20);
  EXPECT_TRUE(bucket.try_take(15, t0));
  bucket.configure(1, 3, t0);
  EXPECT_FALSE(bucket.try_take(4, t0));
  EXPECT_TRUE(bucket.try_take(3, t0));
}

tenant_limits small_limits() {
  tenant_limits limits;
  limits.ingestion_rate_mb = 0.002;
  limits.ingestion_burst_size_mb = 0.002;
  return limits;
}

TEST(RateLimiter, IsAllOrNothing) {
  rate_limiter rates;
  const tenant_limits limits = small_limits();
  EXPECT_TRUE(rates.try_take("t", limits, 2000, 1, t0).allowed);
  const rate_verdict refused = rates.try_take("t", limits, 1000, 1, t0);
  EXPECT_FALSE(refused.allowed);
  EXPECT_EQ(static_cast<int>(refused.limit_bytes_per_s), 2097);
  EXPECT_GT(refused.retry_after, nanoseconds(0));
  EXPECT_TRUE(rates.try_take("other", limits, 1000, 1, t0).allowed);
}

TEST(RateLimiter, DividesAGlobalRateOnly) {
  rate_limiter rates;
  tenant_limits limits = small_limits();
  EXPECT_EQ(static_cast<int>(rates.try_take("t", limits, 1, 4, t0).limit_bytes_per_s), 524);
  EXPECT_TRUE(rates.try_take("t", limits, 2000, 4, t0).allowed);  // the burst is whole
  limits.rate_strategy = ingestion_rate_strategy::local;
  EXPECT_EQ(static_cast<int>(rates.try_take("t", limits, 1, 4, t0).limit_bytes_per_s), 2097);
}

TEST(RateLimiter, ForgetsIdleTenants) {
  rate_limiter rates;
  const tenant_limits limits = small_limits();
  static_cast<void>(rates.try_take("old", limits, 1, 1, t0));
  static_cast<void>(rates.try_take("new", limits, 1, 1, t0 + seconds(600)));
  rates.forget_idle(t0 + seconds(1));
  EXPECT_EQ(rates.size(), 1u);
}

TEST(RateLimiter, KeepsOnlyTenantsOfTheLastMinutes) {
  rate_limiter rates;
  const tenant_limits limits = small_limits();
  for (int i = 0; i < 10'000; ++i) {
    static_cast<void>(
        rates.try_take("t" + std::to_string(i), limits, 1, 1, t0 + i * std::chrono::seconds(1)));
  }
  const auto kept = std::chrono::seconds(rate_limiter::idle_max).count();
  EXPECT_GE(rates.size(), static_cast<std::size_t>(kept));
  EXPECT_LE(rates.size(), static_cast<std::size_t>(kept) + 120);
}

TEST(LimitsSnapshot, FallsBackToTheDefaults) {
  tenant_limits special;
  special.max_line_size = 7;
  const limits_snapshot snapshot(tenant_limits{}, {{"a", special}});
  EXPECT_EQ(snapshot.for_tenant("a").max_line_size, 7u);
  EXPECT_EQ(snapshot.for_tenant("b").max_line_size, 256u << 10);
}

TEST(LimitsSource, HandsOutTheNewestSnapshot) {
  limits_source source(std::make_shared<limits_snapshot>());
  const limits_snapshot_ptr before = source.get();
  tenant_limits changed;
  changed.max_query_series = 1;
  source.set(std::make_shared<limits_snapshot>(changed));
  EXPECT_EQ(before->defaults().max_query_series, 500);
  EXPECT_EQ(source.get()->defaults().max_query_series, 1);
}

}  // namespace
}  // namespace skald
