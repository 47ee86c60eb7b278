// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/storable_rows.h"

#include <utility>

namespace skald {
namespace {

pack_input part_of(const pack_input& input, std::size_t first, std::size_t count) {
  pack_input part;
  part.stream = input.stream;
  part.timestamps = input.timestamps.subspan(first, count);
  part.lines.starts = input.lines.starts.subspan(first, count + 1);
  part.lines.bytes = input.lines.bytes.substr(0, part.lines.starts.back());
  if (input.metadata.empty()) return part;
  part.metadata.starts = input.metadata.starts.subspan(first, count + 1);
  part.metadata.pairs = input.metadata.pairs.first(part.metadata.starts.back());
  return part;
}

class row_sieve {
 public:
  row_sieve(const pack_identity& identity, pack_writer& writer)
      : identity_(identity), writer_(writer), refused_(identity.tenant) {}

  result<void> sift(const pack_input& input) {
    if (input.timestamps.empty()) return {};
    auto written = writer_.write(identity_, {input});
    if (written.ok()) {
      out_.storable.push_back(input);
      return {};
    }
    if (written.error().code != errc::invalid_argument) return std::move(written).error();
    const std::size_t rows = input.timestamps.size();
    if (rows == 1) {
      out_.why = std::move(written).error();
      refuse(input);
      return {};
    }
    SKALD_TRY(sift(part_of(input, 0, rows / 2)));
    return sift(part_of(input, rows / 2, rows - rows / 2));
  }

  sifted_rows finish() {
    if (!refused_.empty()) out_.refused = refused_.finish();
    return std::move(out_);
  }

 private:
  void refuse(const pack_input& row) {
    refused_.begin_stream(row.stream->fingerprint, row.stream->canonical_labels);
    refused_.add(row.timestamps[0], row.lines.line(0),
                 row.metadata.empty() ? std::span<const metadata_pair>() : row.metadata.row(0));
  }

  const pack_identity& identity_;
  pack_writer& writer_;
  push_frame_builder refused_;
  sifted_rows out_;
};

}  // namespace

result<sifted_rows> sift_rows(const pack_identity& identity, const std::vector<pack_input>& inputs,
                              pack_writer& writer) {
  row_sieve sieve(identity, writer);
  for (const pack_input& input : inputs) SKALD_TRY(sieve.sift(input));
  return sieve.finish();
}

}  // namespace skald
