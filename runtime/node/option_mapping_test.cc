// SPDX-License-Identifier: Apache-2.0
#include "runtime/node/option_mapping.h"

#include <gtest/gtest.h>

#include "actors/distributor/distributor_core.h"
#include "storage/wal/wal_format.h"

namespace skald {
namespace {

// The largest entry that passes in a stream with the longest labels, behind a full frame of others.
TEST(OptionMapping, WhatDistributorsLetPassFitsIntoARecordOfTheLog) {
  for (const std::uint64_t segment : {4ull << 20, 16ull << 20, 64ull << 20, 1ull << 30}) {
    node_config config;
    config.skald.wal_segment_size = segment;
    const distributor_options options = distributor_options_of(config);
    tenant_limits limits;
    limits.max_line_size = 0;
    limits.max_label_value_length = 2 << 20;
    limits.max_structured_metadata_size = 0;
    limits.max_structured_metadata_entries_count = 0;
    limits.reject_old_samples = false;
    limits.discover_service_name.clear();
    limits.ingestion_rate_mb = limits.ingestion_burst_size_mb = 10'000;
    rate_limiter rates;
    distributor_core core(options, rates);

    decoded_push push;
    const std::string labels = "{a=\"" + std::string(stream_labels_bytes_max - 10, 'x') + "\"}";
    const std::string line(options.line_bytes_max, 'l');
    std::vector<std::string> names;
    for (std::size_t i = 0; i + 1 < options.metadata_pairs_max; ++i) {
      names.push_back(std::to_string(i));
    }
    std::size_t bytes = 1;
    for (const std::string& name : names) {
      push.metadata.push_back({name, "v"});
      bytes += name.size() + 1;
    }
    const std::string rest(options.metadata_bytes_max - bytes, 'v');
    push.metadata.push_back({"z", rest});
    std::vector<std::string> lines(200, std::string(options.frame_bytes_max / 100, 'x'));
    for (const std::string& one : lines) push.entries.push_back({1, one, 0, 0});
    push.entries.push_back({2, line, 0, static_cast<std::uint32_t>(options.metadata_pairs_max)});
    push.streams.push_back({labels, 0, static_cast<std::uint32_t>(push.entries.size())});
    push_request_context context;
    context.tenant = "t";
    context.limits = &limits;
    const prepared_push out = core.prepare(push, context);
    ASSERT_EQ(out.status, 204) << out.failure->message;
    ASSERT_GT(out.frames.size(), 2u);
    for (const shard_frame& f : out.frames) {
      const std::uint64_t drops = 8 + 12 * (f.frame->rows() / 2 + 1);
      EXPECT_LE(wal_block_bytes + wal_stored_bytes(f.frame->bytes().size() + drops), segment);
    }
  }
}

TEST(OptionMapping, AThresholdOfZeroChecksNoDisk) {
  node_config config;
  config.ingester.wal_disk_full_threshold = 0;
  EXPECT_EQ(ingester_options_of(config, {}, 1).wal.disk_full_share, 1.0);
  config.ingester.wal_disk_full_threshold = 0.8;
  EXPECT_EQ(ingester_options_of(config, {}, 1).wal.disk_full_share, 0.8);
}

}  // namespace
}  // namespace skald
