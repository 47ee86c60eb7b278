// SPDX-License-Identifier: Apache-2.0
// Push bodies of any shape: JSON, bare protobuf and snappy, with small limits so that bombs are
// found as bombs. Checks that every view of an accepted push points into memory that can be read,
// and that the arrays agree.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <string>
#include <string_view>

#include "runtime/loki_api/push_codec.h"
#include "runtime/loki_api/push_protobuf.h"

namespace {

constexpr std::size_t inflated_bytes_max = 1 << 20;

std::size_t touch(std::string_view text) {
  return std::accumulate(text.begin(), text.end(), std::size_t{0});
}

void check(const skald::decoded_push& push) {
  std::size_t sum = 0;
  std::size_t entries = 0;
  for (const auto& stream : push.streams) {
    sum += touch(stream.labels_text);
    if (stream.first_entry + std::size_t{stream.entry_count} > push.entries.size()) std::abort();
    entries += stream.entry_count;
    for (const auto& entry : push.entries_of(stream)) {
      sum += touch(entry.line);
      if (entry.first_metadata + std::size_t{entry.metadata_count} > push.metadata.size()) {
        std::abort();
      }
      for (const auto& pair : push.metadata_of(entry)) sum += touch(pair.name) + touch(pair.value);
    }
  }
  if (entries > push.entries.size()) std::abort();
  volatile std::size_t keep = sum;
  static_cast<void>(keep);
}

void decode(std::string_view type, std::string_view encoding, std::string_view body) {
  skald::push_decode_options options;
  options.inflated_bytes_max = inflated_bytes_max;
  const auto push = skald::decode_push(type, encoding, std::string(body), options);
  if (push) check(*push);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0] % 5) {
    case 0:
      decode("application/json", "", body);
      break;
    case 1: {
      skald::decoded_push push;
      if (skald::decode_push_protobuf(body, inflated_bytes_max, push)) check(push);
      break;
    }
    case 2:
      decode("application/x-protobuf", "", body);
      break;
    case 3:
      decode("application/json", "gzip", body);
      break;
    default:
      decode("application/json", "deflate", body);
  }
  return 0;
}
