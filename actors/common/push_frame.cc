// SPDX-License-Identifier: Apache-2.0
#include "actors/common/push_frame.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <bit>
#include <cstring>
#include <utility>

#include "schemas/push.capnp.h"

namespace skald {
namespace {

static_assert(std::endian::native == std::endian::little, "columns are read in place");

constexpr std::size_t slice_words = 2 + 7;  // data and pointer section of StreamSlice

std::size_t words_of(std::size_t bytes) {
  return (bytes + 7) / 8;
}

error damaged(std::string_view what) {
  return {errc::corrupt, "push frame: " + std::string(what)};
}

// Builds into memory of the frame's own. MallocMessageBuilder would zero a caller's segment when it
// is destroyed.
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

// Writes the running sums of `sizes`, from 0 to the total: n + 1 offsets.
void write_offsets(capnp::Data::Builder out, const std::uint32_t* sizes, std::size_t n) {
  auto* to = reinterpret_cast<std::uint32_t*>(out.begin());
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    to[i] = sum;
    sum += sizes[i];
  }
  to[n] = sum;
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
  return out;
}

}  // namespace

result<std::shared_ptr<const push_frame>> push_frame::parse(std::string_view bytes) {
  if (bytes.empty() || bytes.size() % 8 != 0) return damaged("length is not a multiple of 8");
  std::shared_ptr<push_frame> frame(new push_frame);
  frame->word_count_ = bytes.size() / 8;
  frame->words_ = std::make_unique_for_overwrite<std::uint64_t[]>(frame->word_count_);
  std::memcpy(frame->words_.get(), bytes.data(), bytes.size());
  SKALD_TRY(frame->index());
  return std::shared_ptr<const push_frame>(std::move(frame));
}

result<void> push_frame::index() {
  const kj::ArrayPtr<const capnp::word> segment(reinterpret_cast<const capnp::word*>(words_.get()),
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

push_frame_builder::push_frame_builder(std::string tenant, std::size_t line_bytes_hint)
    : tenant_(std::move(tenant)) {
  lines_.reserve(line_bytes_hint);
}

void push_frame_builder::begin_stream(const stream_fingerprint& fingerprint,
                                      std::string_view canonical_labels) {
  if (!slices_.empty() && slices_.back().first_row == timestamps_.size()) {
    labels_.resize(slices_.back().labels_begin);  // the former stream got no entry
    slices_.pop_back();
  }
  slices_.push_back({fingerprint, labels_.size(), canonical_labels.size(), timestamps_.size(),
                     lines_.size(), name_sizes_.size(), metadata_text_.size()});
  labels_ += canonical_labels;
}

void push_frame_builder::add(std::int64_t timestamp_ns, std::string_view line,
                             std::span<const metadata_pair> metadata) {
  timestamps_.push_back(timestamp_ns);
  line_sizes_.push_back(static_cast<std::uint32_t>(line.size() + 1));
  lines_.append(line);
  lines_.push_back('\n');
  pair_counts_.push_back(static_cast<std::uint32_t>(metadata.size()));
  for (const metadata_pair& pair : metadata) {
    name_sizes_.push_back(static_cast<std::uint32_t>(pair.name.size()));
    value_sizes_.push_back(static_cast<std::uint32_t>(pair.value.size()));
    metadata_text_.append(pair.name);
    metadata_text_.append(pair.value);
  }
}

// What one slice takes of the scratch vectors.
struct push_frame_builder::slice_extent {
  std::size_t rows, line_bytes, pairs, text_bytes;
};

push_frame_builder::slice_extent push_frame_builder::extent_of(std::size_t slice) const {
  const open_slice& s = slices_[slice];
  if (slice + 1 < slices_.size()) {
    const open_slice& next = slices_[slice + 1];
    return {next.first_row - s.first_row, next.first_line_byte - s.first_line_byte,
            next.first_pair - s.first_pair, next.first_text_byte - s.first_text_byte};
  }
  return {timestamps_.size() - s.first_row, lines_.size() - s.first_line_byte,
          name_sizes_.size() - s.first_pair, metadata_text_.size() - s.first_text_byte};
}

std::size_t push_frame_builder::message_words() const {
  std::size_t words = 1 + 2 + words_of(tenant_.size() + 1) + 1 + slice_words * slices_.size();
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    const slice_extent e = extent_of(s);
    words += words_of(slices_[s].labels_size + 1) + e.rows + words_of(4 * (e.rows + 1)) +
             words_of(e.line_bytes);
    if (e.pairs > 0) {
      words +=
          words_of(4 * (e.rows + 1)) + words_of(4 * (2 * e.pairs + 1)) + words_of(e.text_bytes);
    }
  }
  return words;
}

void push_frame_builder::write_slice(std::size_t slice, void* slice_builder) const {
  const open_slice& from = slices_[slice];
  const slice_extent e = extent_of(slice);
  auto& to = *static_cast<schema::StreamSlice::Builder*>(slice_builder);
  to.setFingerprintHigh(from.fingerprint.high);
  to.setFingerprintLow(from.fingerprint.low);
  auto labels = to.initLabels(static_cast<unsigned>(from.labels_size));
  std::memcpy(labels.begin(), labels_.data() + from.labels_begin, from.labels_size);
  std::memcpy(to.initTimestamps(static_cast<unsigned>(8 * e.rows)).begin(),
              timestamps_.data() + from.first_row, 8 * e.rows);
  write_offsets(to.initLineStarts(static_cast<unsigned>(4 * (e.rows + 1))),
                line_sizes_.data() + from.first_row, e.rows);
  std::memcpy(to.initLines(static_cast<unsigned>(e.line_bytes)).begin(),
              lines_.data() + from.first_line_byte, e.line_bytes);
  if (e.pairs == 0) return;
  write_offsets(to.initMetadataStarts(static_cast<unsigned>(4 * (e.rows + 1))),
                pair_counts_.data() + from.first_row, e.rows);
  auto offsets = to.initMetadataOffsets(static_cast<unsigned>(4 * (2 * e.pairs + 1)));
  auto* offset = reinterpret_cast<std::uint32_t*>(offsets.begin());
  std::uint32_t sum = 0;
  for (std::size_t p = 0; p < e.pairs; ++p) {
    *offset++ = sum;
    sum += name_sizes_[from.first_pair + p];
    *offset++ = sum;
    sum += value_sizes_[from.first_pair + p];
  }
  *offset = sum;
  std::memcpy(to.initMetadataText(static_cast<unsigned>(e.text_bytes)).begin(),
              metadata_text_.data() + from.first_text_byte, e.text_bytes);
}

push_frame_ptr push_frame_builder::finish() {
  if (!slices_.empty() && slices_.back().first_row == timestamps_.size()) slices_.pop_back();
  std::shared_ptr<push_frame> frame(new push_frame);
  frame->word_count_ = message_words();
  frame->words_ = std::make_unique<std::uint64_t[]>(frame->word_count_);
  in_place_builder message(frame->words_.get(), frame->word_count_);
  auto root = message.initRoot<schema::PushFrame>();
  root.setTenant(capnp::Text::Reader(tenant_.data(), tenant_.size()));
  auto list = root.initSlices(static_cast<unsigned>(slices_.size()));
  for (std::size_t s = 0; s < slices_.size(); ++s) {
    schema::StreamSlice::Builder slice = list[static_cast<unsigned>(s)];
    write_slice(s, &slice);
  }
  SKALD_ASSERT(message.getSegmentsForOutput().size() == 1);
  slices_.clear();
  labels_.clear();
  timestamps_.clear();
  line_sizes_.clear();
  lines_.clear();
  pair_counts_.clear();
  name_sizes_.clear();
  value_sizes_.clear();
  metadata_text_.clear();
  const auto indexed = frame->index();
  SKALD_ASSERT(indexed.ok());
  return frame;
}

}  // namespace skald
