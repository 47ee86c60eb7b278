// SPDX-License-Identifier: Apache-2.0
#include "actors/common/push_frame.h"

#include <capnp/serialize.h>
#include <kj/exception.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

#include "actors/common/push_frame_writer.h"
#include "schemas/push.capnp.h"

namespace skald {
namespace {

static_assert(std::endian::native == std::endian::little, "columns are read in place");

error damaged(std::string_view what) {
  return {errc::corrupt, "push frame: " + std::string(what)};
}

// A column of fixed-width integers inside Cap'n Proto data, which starts on a word boundary.
template <class Int>
result<std::span<const Int>> column(capnp::Data::Reader data, std::string_view name) {
  if (data.size() % sizeof(Int) != 0) return damaged(std::string(name) + " has a torn element");
  return std::span<const Int>(reinterpret_cast<const Int*>(data.begin()),
                              data.size() / sizeof(Int));
}

std::string_view view_of(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

// Offsets must rise, start at 0 and end at `end`.
bool offsets_are_sound(std::span<const std::uint32_t> offsets, std::size_t end,
                       std::uint32_t min_step) {
  if (offsets.empty() || offsets.front() != 0 || offsets.back() != end) return false;
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    if (offsets[i] < offsets[i - 1] || offsets[i] - offsets[i - 1] < min_step) return false;
  }
  return true;
}

result<void> read_metadata(schema::StreamSlice::Reader in, std::size_t rows, stream_slice& out,
                           std::vector<metadata_pair>& pairs) {
  if (!in.hasMetadataStarts() || in.getMetadataStarts().size() == 0) return {};
  SKALD_TRY_ASSIGN(const auto starts,
                   column<std::uint32_t>(in.getMetadataStarts(), "metadata starts"));
  SKALD_TRY_ASSIGN(const auto offsets,
                   column<std::uint32_t>(in.getMetadataOffsets(), "metadata offsets"));
  const std::string_view text = view_of(in.getMetadataText());
  if (starts.size() != rows + 1 || offsets.size() % 2 != 1 ||
      !offsets_are_sound(starts, offsets.size() / 2, 0) ||
      !offsets_are_sound(offsets, text.size(), 0)) {
    return damaged("metadata columns do not fit together");
  }
  for (std::size_t p = 0; p + 2 < offsets.size(); p += 2) {
    pairs.push_back({text.substr(offsets[p], offsets[p + 1] - offsets[p]),
                     text.substr(offsets[p + 1], offsets[p + 2] - offsets[p + 1])});
  }
  out.metadata.starts = starts;
  out.metadata_bytes = static_cast<std::uint32_t>(text.size());
  return {};
}

result<stream_slice> read_slice(schema::StreamSlice::Reader in, std::vector<metadata_pair>& pairs) {
  stream_slice out;
  out.fingerprint = {in.getFingerprintHigh(), in.getFingerprintLow()};
  out.canonical_labels = {in.getLabels().begin(), in.getLabels().size()};
  SKALD_TRY_ASSIGN(out.timestamps, column<std::int64_t>(in.getTimestamps(), "timestamps"));
  SKALD_TRY_ASSIGN(out.lines.starts, column<std::uint32_t>(in.getLineStarts(), "line starts"));
  out.lines.bytes = view_of(in.getLines());
  if (out.lines.starts.size() != out.timestamps.size() + 1 ||
      !offsets_are_sound(out.lines.starts, out.lines.bytes.size(), 1)) {
    return damaged("line columns do not fit together");
  }
  SKALD_TRY(read_metadata(in, out.timestamps.size(), out, pairs));
  out.sum_up_timestamps();
  return out;
}

}  // namespace

void stream_slice::sum_up_timestamps() {
  if (timestamps.empty()) return;
  std::int64_t min = timestamps.front();
  std::int64_t max = min;
  bool rising = true;
  for (const std::int64_t time : timestamps.subspan(1)) {
    rising = rising && time > max;
    min = std::min(min, time);
    max = std::max(max, time);
  }
  min_timestamp_ns = min;
  max_timestamp_ns = max;
  rises = rising;
}

result<std::shared_ptr<const push_frame>> push_frame::parse(std::string_view bytes) {
  if (bytes.empty() || bytes.size() % 8 != 0) return damaged("length is not a multiple of 8");
  std::shared_ptr<push_frame> frame(new push_frame);
  frame->word_count_ = bytes.size() / 8;
  frame->own_words_ = std::make_unique_for_overwrite<std::uint64_t[]>(frame->word_count_);
  frame->words_ = frame->own_words_.get();
  std::memcpy(frame->own_words_.get(), bytes.data(), bytes.size());
  SKALD_TRY(frame->index());
  return std::shared_ptr<const push_frame>(std::move(frame));
}

result<std::shared_ptr<const push_frame>> push_frame::parse_in_place(
    std::string_view bytes, std::shared_ptr<const void> owner) {
  if (bytes.empty() || bytes.size() % 8 != 0) return damaged("length is not a multiple of 8");
  SKALD_ASSERT(reinterpret_cast<std::uintptr_t>(bytes.data()) % 8 == 0);
  std::shared_ptr<push_frame> frame(new push_frame);
  frame->word_count_ = bytes.size() / 8;
  frame->words_ = reinterpret_cast<const std::uint64_t*>(bytes.data());
  frame->owner_ = std::move(owner);
  SKALD_TRY(frame->index());
  return std::shared_ptr<const push_frame>(std::move(frame));
}

result<void> push_frame::index() {
  const kj::ArrayPtr<const capnp::word> segment(reinterpret_cast<const capnp::word*>(words_),
                                                word_count_);
  const kj::ArrayPtr<const kj::ArrayPtr<const capnp::word>> segments(&segment, 1);
  try {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = 8 * word_count_ + 1024;
    options.nestingLimit = 8;
    capnp::SegmentArrayMessageReader reader(segments, options);
    const auto root = reader.getRoot<schema::PushFrame>();
    tenant_ = {root.getTenant().begin(), root.getTenant().size()};
    const auto list = root.getSlices();
    slices_.reserve(list.size());
    std::vector<std::size_t> first_pair;
    for (const auto in : list) {
      first_pair.push_back(pairs_.size());
      SKALD_TRY_ASSIGN(stream_slice slice, read_slice(in, pairs_));
      rows_ += slice.rows();
      line_bytes_ += slice.line_bytes();
      slices_.push_back(slice);
    }
    // Only now do the pairs stay where they are.
    first_pair.push_back(pairs_.size());
    for (std::size_t s = 0; s < slices_.size(); ++s) {
      slices_[s].metadata.pairs = std::span<const metadata_pair>(pairs_).subspan(
          first_pair[s], first_pair[s + 1] - first_pair[s]);
    }
  } catch (const kj::Exception& e) {
    return damaged(e.getDescription().cStr());
  }
  return {};
}

push_frame_builder::push_frame_builder(std::string tenant)
    : writer_(std::make_unique<push_frame_writer>(std::move(tenant))) {}

push_frame_builder::~push_frame_builder() = default;
push_frame_builder::push_frame_builder(push_frame_builder&&) noexcept = default;

std::string_view push_frame_builder::keep(std::string_view text) {
  return texts_.emplace_back(text);
}

void push_frame_builder::begin_stream(const stream_fingerprint& fingerprint,
                                      std::string_view canonical_labels) {
  writer_->begin_stream(fingerprint, keep(canonical_labels));
}

void push_frame_builder::add(std::int64_t timestamp_ns, std::string_view line,
                             std::span<const metadata_pair> metadata) {
  pairs_.clear();
  for (const metadata_pair& pair : metadata) pairs_.push_back({keep(pair.name), keep(pair.value)});
  writer_->add(timestamp_ns, keep(line), pairs_);
}

std::size_t push_frame_builder::rows() const {
  return writer_->rows();
}

push_frame_ptr push_frame_builder::finish() {
  auto frame = writer_->finish();
  texts_.clear();
  return frame;
}

}  // namespace skald
