// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/durable_frame.h"

#include <utility>

#include "actors/ingester/slice_ref.h"

namespace skald {
namespace {

// What copies take beside the text: timestamp and line end of a row, two lengths of a pair.
constexpr std::uint64_t copied_row_bytes = 12;
constexpr std::uint64_t copied_pair_bytes = 8;

}  // namespace

std::uint64_t memory_bytes(const push_frame& frame) {
  std::uint64_t bytes = sizeof(push_frame) + sizeof(durable_frame) + frame.bytes().size();
  for (const auto& slice : frame.slices()) {
    bytes += sizeof(stream_slice) + sizeof(slice_ref) +
             slice.metadata.pairs.size() * sizeof(metadata_pair);
  }
  return bytes;
}

std::shared_ptr<const byte_hold> hold_if_dense(const push_frame& frame, const kept_part& kept,
                                               const frame_holding& holding) {
  std::uint64_t metadata = 0;
  for (const auto& slice : frame.slices()) {
    metadata += metadata_text_bytes(slice.metadata, 0, slice.rows()) +
                slice.metadata.pairs.size() * copied_pair_bytes;
  }
  // What is refused is usually not like the rest: rows of a few streams, or the largest ones.
  const auto share = static_cast<double>(kept.rows) / static_cast<double>(frame.rows());
  const auto copied = static_cast<double>(kept.line_bytes + kept.rows * (1 + copied_row_bytes)) +
                      share * static_cast<double>(metadata);
  const auto held = memory_bytes(frame);
  if (static_cast<double>(held) > holding.factor * copied) return {};
  std::shared_ptr<std::atomic<std::int64_t>> counter(holding.node, &holding.node->held_bytes);
  return std::make_shared<byte_hold>(std::move(counter), static_cast<std::int64_t>(held));
}

}  // namespace skald
