// SPDX-License-Identifier: Apache-2.0
// A decoded push request: flat arrays of views into buffers that it owns. Made by push_codec, read
// by the distributor. Cost: no allocation per entry; moving it is cheap and keeps all views valid.
// Not copyable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/http/byte_budget.h"
#include "runtime/model/log_block.h"

namespace skald {

struct pushed_entry {
  std::int64_t timestamp_ns = 0;     // saturated where the sender's time does not fit
  std::string_view line;             // any bytes, UTF-8 not checked
  std::uint32_t first_metadata = 0;  // index into decoded_push::metadata
  std::uint32_t metadata_count = 0;
};

struct pushed_stream {
  // `{a="b", c="d"}` as the sender wrote it (protobuf), or made of the JSON object with sorted
  // names and quoted values. Not parsed and not checked: names may be invalid. Good as a cache key.
  std::string_view labels_text;
  std::uint32_t first_entry = 0;  // index into decoded_push::entries
  std::uint32_t entry_count = 0;  // may be 0
};

enum class push_format : std::uint8_t { protobuf, json, otlp };

struct decoded_push {
  std::vector<pushed_stream> streams;  // empty: answer 422 (no_streams_response in error_body.h)
  std::vector<pushed_entry> entries;   // grouped by stream, in the sender's order
  std::vector<metadata_pair>
      metadata;  // grouped by entry, in the sender's order, names raw, duplicates kept
  push_format format = push_format::protobuf;
  std::size_t body_bytes = 0;      // as received
  std::size_t inflated_bytes = 0;  // after all codings

  std::span<const pushed_entry> entries_of(const pushed_stream& stream) const {
    return std::span(entries).subspan(stream.first_entry, stream.entry_count);
  }
  std::span<const metadata_pair> metadata_of(const pushed_entry& entry) const {
    return std::span(metadata).subspan(entry.first_metadata, entry.metadata_count);
  }

  // Owners of the bytes that the views above point into. Whoever builds a push by hand (tests) may
  // add strings here.
  std::vector<std::shared_ptr<const void>> buffers;
  byte_lease lease;  // the inflated bytes' share of the process budget

  decoded_push() = default;
  decoded_push(decoded_push&&) noexcept = default;
  decoded_push& operator=(decoded_push&&) noexcept = default;
};

}  // namespace skald
