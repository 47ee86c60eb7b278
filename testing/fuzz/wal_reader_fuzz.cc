// SPDX-License-Identifier: Apache-2.0
// Foreign bytes as a WAL segment: the reader ends, stays inside the bytes, and hands out rising
// sequences. The first bytes choose the context; records with valid checksums are planted, since
// random bytes never pass them.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/base/crc32c.h"
#include "storage/wal/wal_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skald;
  if (size < 8) return 0;
  wal_scan_context context;
  context.header = {wal_format_version, 0, 1, 1, 1};
  context.next_sequence = 1 + data[0] % 4;
  if (data[1] < 128) context.sequence_limit = data[1];
  context.last_of_life = data[2] % 2 == 0;
  const unsigned planted = data[3] % 8;
  std::string segment(wal_block_bytes, '\0');
  segment.append(reinterpret_cast<const char*>(data) + 8, size - 8);
  const std::uint32_t seed = wal_record_seed(context.header);
  std::uint64_t at = wal_block_bytes;
  for (unsigned i = 0; i < planted; ++i) {
    const std::uint64_t body_bytes = data[4 + i % 4];
    if (at + wal_stored_bytes(body_bytes) > segment.size()) break;
    wal_record_header header;
    header.body_bytes = static_cast<std::uint32_t>(body_bytes);
    header.body_crc = crc32c({segment.data() + at + wal_record_header_bytes, body_bytes});
    header.sequence = 1 + i + data[4] % 3;
    header.group_index = data[5] % 2 == 0 ? 0 : i;
    if (data[6] % 8 == i) header.body_crc ^= 1;
    encode_record_header(header, seed, segment.data() + at);
    at += wal_stored_bytes(body_bytes) + (data[7] % 4 == i ? 16 : 0);
  }
  wal_segment_header decoded;
  static_cast<void>(decode_segment_header(segment, decoded));
  std::uint64_t last = context.next_sequence - 1;
  const auto scan = scan_wal_segment(segment, context, [&](const wal_record& r) -> result<void> {
    const bool inside = r.body.data() >= segment.data() &&
                        r.body.data() + r.body.size() <= segment.data() + segment.size();
    if (!inside || r.sequence <= last || r.sequence >= context.sequence_limit) std::abort();
    last = r.sequence;
    return {};
  });
  if (!scan.ok() || scan->next_sequence < last) std::abort();
  return 0;
}
