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

frame_hold::reader_pin::~reader_pin() {
  if (counted_) node_->reader_held_bytes.fetch_sub(bytes_, std::memory_order_relaxed);
}

frame_hold::frame_hold(std::shared_ptr<node_state> node, std::int64_t bytes)
    : pin_(std::make_shared<reader_pin>(std::move(node), bytes)) {
  pin_->node_->held_bytes.fetch_add(bytes, std::memory_order_relaxed);
}

// Who adds a reader has the hold: none comes any more.
frame_hold::~frame_hold() {
  if (pin_.use_count() > 1) {
    pin_->counted_ = true;
    pin_->node_->reader_held_bytes.fetch_add(pin_->bytes_, std::memory_order_relaxed);
  }
  pin_->node_->held_bytes.fetch_sub(pin_->bytes_, std::memory_order_relaxed);
}

std::shared_ptr<const frame_hold> hold_if_dense(const push_frame& frame, const kept_part& kept,
                                                const frame_holding& holding) {
  std::uint64_t metadata = 0;
  for (const auto& slice : frame.slices()) {
    metadata += slice.metadata_bytes + slice.metadata.pairs.size() * copied_pair_bytes;
  }
  // What is refused is usually not like the rest: rows of a few streams, or the largest ones.
  const auto share = static_cast<double>(kept.rows) / static_cast<double>(frame.rows());
  const auto copied = static_cast<double>(kept.line_bytes + kept.rows * (1 + copied_row_bytes)) +
                      share * static_cast<double>(metadata);
  const auto held = memory_bytes(frame);
  if (static_cast<double>(held) > holding.factor * copied) return {};
  return std::make_shared<frame_hold>(holding.node, static_cast<std::int64_t>(held));
}

}  // namespace skald
