// SPDX-License-Identifier: Apache-2.0
#include "actors/common/push_frame_writer.h"

#include <capnp/message.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/base/assert.h"
#include "runtime/base/page_population.h"
#include "schemas/push.capnp.h"

namespace skald {
namespace {

constexpr std::size_t slice_words = 2 + 7;  // data and pointer section of StreamSlice

std::size_t words_of(std::size_t bytes) {
  return (bytes + 7) / 8;
}

// Builds into memory of the frame's own, of which only the head is zeroed: whoever fills a blob
// zeroes the rest of its last word. MallocMessageBuilder would zero all, before and after.
class in_place_builder final : public capnp::MessageBuilder {
 public:
  in_place_builder(std::uint64_t* words, std::size_t count)
      : segment_(reinterpret_cast<capnp::word*>(words), count) {}
  kj::ArrayPtr<capnp::word> allocateSegment(capnp::uint minimum_size) override {
    SKALD_ASSERT(minimum_size <= segment_.size());  // asked once: the size was computed before
    return std::exchange(segment_, nullptr);
  }

 private:
  kj::ArrayPtr<capnp::word> segment_;
};

// The blob's bytes, its last word zeroed.
template <class T = char>
T* fill(capnp::Data::Builder blob) {
  if (blob.size() > 0) std::memset(blob.begin() + (blob.size() - 1) / 8 * 8, 0, 8);
  return reinterpret_cast<T*>(blob.begin());
}

// The same for text, which ends with a zero of its own.
char* fill(capnp::Text::Builder text) {
  std::memset(text.begin() + text.size() / 8 * 8, 0, 8);
  return text.begin();
}

unsigned blob_size(std::size_t bytes) {
  return static_cast<unsigned>(bytes);
}

}  // namespace

// Where the slice at hand is written and what readers will see of it.
struct push_frame_writer::cursor {
  schema::StreamSlice::Builder out;
  stream_slice seen;
  std::size_t row_count;
  std::size_t pair_count;
  std::vector<metadata_pair>& pairs;  // of the frame; does not grow
};

void push_frame_writer::drop_empty_slice() {
  if (!slices_.empty() && slices_.back().first_row == rows_.size()) slices_.pop_back();
}

void push_frame_writer::begin_stream(const stream_fingerprint& fingerprint,
                                     std::string_view canonical_labels) {
  drop_empty_slice();
  slices_.push_back({fingerprint, canonical_labels, rows_.size(), pairs_.size(), 0, 0});
}

void push_frame_writer::add(std::int64_t timestamp_ns, std::string_view line,
                            std::span<const metadata_pair> metadata) {
  rows_.push_back({timestamp_ns, line.data(), static_cast<std::uint32_t>(line.size()),
                   static_cast<std::uint32_t>(metadata.size())});
  open_slice& slice = slices_.back();
  slice.line_bytes += line.size() + 1;
  line_bytes_ += line.size() + 1;
  for (const metadata_pair& pair : metadata) {
    slice.text_bytes += pair.name.size() + pair.value.size();
    pairs_.push_back(pair);
  }
}

// Root pointer, root struct, tenant and the list of slices: what Cap'n Proto expects zeroed.
std::size_t push_frame_writer::head_words() const {
  return 1 + 2 + words_of(tenant_.size() + 1) + 1 + slice_words * slices_.size();
}

std::size_t push_frame_writer::message_words() const {
  std::size_t words = head_words();
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    const open_slice& slice = slices_[s];
    const bool last = s + 1 == slices_.size();
    const std::size_t rows = (last ? rows_.size() : slices_[s + 1].first_row) - slice.first_row;
    const std::size_t pairs = (last ? pairs_.size() : slices_[s + 1].first_pair) - slice.first_pair;
    words += words_of(slice.labels.size() + 1) + rows + words_of(4 * (rows + 1)) +
             words_of(slice.line_bytes);
    if (pairs > 0) {
      words +=
          words_of(4 * (rows + 1)) + words_of(4 * (2 * pairs + 1)) + words_of(slice.text_bytes);
    }
  }
  return words;
}

void push_frame_writer::write_rows(const open_slice& from, cursor& at) const {
  const std::size_t n = at.row_count;
  auto* const times = fill<std::int64_t>(at.out.initTimestamps(blob_size(8 * n)));
  auto* const starts = fill<std::uint32_t>(at.out.initLineStarts(blob_size(4 * (n + 1))));
  char* const lines = fill(at.out.initLines(blob_size(from.line_bytes)));
  const row* rows = rows_.data() + from.first_row;
  char* to = lines;
  for (std::size_t i = 0; i < n; ++i) {
    times[i] = rows[i].timestamp_ns;
    starts[i] = static_cast<std::uint32_t>(to - lines);
    if (rows[i].line_bytes > 0) std::memcpy(to, rows[i].line, rows[i].line_bytes);
    to += rows[i].line_bytes;
    *to++ = '\n';
  }
  starts[n] = static_cast<std::uint32_t>(to - lines);
  at.seen.timestamps = {times, n};
  at.seen.sum_up_timestamps();
  at.seen.lines = {{lines, from.line_bytes}, {starts, n + 1}};
}

void push_frame_writer::write_metadata(const open_slice& from, cursor& at) const {
  const std::size_t n = at.row_count;
  auto* const starts = fill<std::uint32_t>(at.out.initMetadataStarts(blob_size(4 * (n + 1))));
  auto* offset =
      fill<std::uint32_t>(at.out.initMetadataOffsets(blob_size(4 * (2 * at.pair_count + 1))));
  char* const text = fill(at.out.initMetadataText(blob_size(from.text_bytes)));
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    starts[i] = sum;
    sum += rows_[from.first_row + i].pair_count;
  }
  starts[n] = sum;
  char* to = text;
  const auto write = [&](std::string_view part) {
    *offset++ = static_cast<std::uint32_t>(to - text);
    const char* const begin = to;
    to = std::copy(part.begin(), part.end(), to);
    return std::string_view(begin, part.size());
  };
  for (std::size_t p = 0; p < at.pair_count; ++p) {
    const metadata_pair& pair = pairs_[from.first_pair + p];
    const std::string_view name = write(pair.name);
    at.pairs.push_back({name, write(pair.value)});
  }
  *offset = static_cast<std::uint32_t>(to - text);
  at.seen.metadata = {{starts, n + 1}, {at.pairs.data() + from.first_pair, at.pair_count}};
  at.seen.metadata_bytes = static_cast<std::uint32_t>(from.text_bytes);
}

void push_frame_writer::write_slices(push_frame& frame, void* list_of_slices) const {
  auto& list = *static_cast<capnp::List<schema::StreamSlice>::Builder*>(list_of_slices);
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    const open_slice& from = slices_[s];
    const bool last = s + 1 == slices_.size();
    cursor at{list[static_cast<unsigned>(s)],
              {},
              (last ? rows_.size() : slices_[s + 1].first_row) - from.first_row,
              (last ? pairs_.size() : slices_[s + 1].first_pair) - from.first_pair,
              frame.pairs_};
    at.out.setFingerprintHigh(from.fingerprint.high);
    at.out.setFingerprintLow(from.fingerprint.low);
    at.seen.fingerprint = from.fingerprint;
    char* const labels = fill(at.out.initLabels(blob_size(from.labels.size())));
    std::copy(from.labels.begin(), from.labels.end(), labels);
    at.seen.canonical_labels = {labels, from.labels.size()};
    write_rows(from, at);
    if (at.pair_count > 0) write_metadata(from, at);
    frame.slices_.push_back(at.seen);
  }
}

push_frame_ptr push_frame_writer::finish() {
  drop_empty_slice();
  std::shared_ptr<push_frame> frame(new push_frame);
  frame->word_count_ = message_words();
  frame->own_words_ = std::make_unique_for_overwrite<std::uint64_t[]>(frame->word_count_);
  frame->words_ = frame->own_words_.get();
  populate_pages(frame->own_words_.get(), frame->word_count_ * 8);
  std::memset(frame->own_words_.get(), 0, head_words() * 8);
  in_place_builder message(frame->own_words_.get(), frame->word_count_);
  auto root = message.initRoot<schema::PushFrame>();
  auto tenant = root.initTenant(blob_size(tenant_.size()));
  std::copy(tenant_.begin(), tenant_.end(), tenant.begin());
  frame->tenant_ = {tenant.begin(), tenant.size()};
  auto list = root.initSlices(blob_size(slices_.size()));
  frame->slices_.reserve(slices_.size());
  frame->pairs_.reserve(pairs_.size());
  populate_pages(frame->slices_.data(), slices_.size() * sizeof(stream_slice));
  populate_pages(frame->pairs_.data(), pairs_.size() * sizeof(metadata_pair));
  write_slices(*frame, &list);
  const auto written = message.getSegmentsForOutput();
  SKALD_ASSERT(written.size() == 1 && written[0].size() == frame->word_count_);
  frame->rows_ = rows_.size();
  frame->line_bytes_ = line_bytes_ - rows_.size();
  slices_.clear();
  rows_.clear();
  pairs_.clear();
  line_bytes_ = 0;
  return frame;
}

}  // namespace skald
