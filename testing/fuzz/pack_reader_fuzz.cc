// SPDX-License-Identifier: Apache-2.0
// Feeds the pack reader with foreign bytes, whole packs as well as the payload of each section.
// Checksums are made good first, since a fuzzer would never get past them. Seeds:
// testing/golden/chunk/*.bin
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "runtime/base/crc32c.h"
#include "storage/chunk/byte_codec.h"
#include "storage/chunk/chunk_directory.h"
#include "storage/chunk/metadata_codec.h"
#include "storage/chunk/pack_format.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/shape/shape_set.h"
#include "storage/chunk/skip_filter.h"
#include "storage/chunk/structured/column_directory.h"
#include "storage/chunk/timestamp_codec.h"
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

void seal(char* crc_place, std::string_view first, std::string_view second) {
  const std::uint32_t crc = crc32c(second, crc32c(first));
  std::memcpy(crc_place, &crc, sizeof(crc));
}

// Makes the checksums of trailer and sections fit, as far as the lengths lead.
void seal_all(std::string& pack) {
  if (pack.size() < pack_header_bytes + pack_trailer_bytes) return;
  char* trailer = pack.data() + pack.size() - pack_trailer_bytes;
  const std::uint64_t bytes = pack.size();
  std::memcpy(trailer + 24, &bytes, sizeof(bytes));
  std::memcpy(trailer + 56, pack_magic.data(), pack_magic.size());
  seal(trailer + 52, {trailer, 52}, {});
  const std::size_t end = pack.size() - pack_trailer_bytes;
  for (std::size_t at = pack_header_bytes; at + section_header_bytes <= end;) {
    char* header = pack.data() + at;
    const std::uint64_t stored = load_fixed<std::uint32_t>(header + 4);
    at += section_header_bytes + stored;
    if (at > end) break;
    seal(header + 12, {header, 12}, {header + section_header_bytes, stored});
  }
}

// What a block tells without putting all its lines together.
void read_in_parts(log_block& block) {
  static_cast<void>(block.rows_with_text("request completed", false).ok());
  static_cast<void>(block.rows_with_text("\"STATUS\":503", true).ok());
  for (const char* label : {"level", "status", "took", "none"}) {
    static_cast<void>(block.field(line_format_kind::json, label).ok());
    static_cast<void>(block.field(line_format_kind::logfmt, label).ok());
  }
  std::vector<std::uint32_t> rows;
  for (const row_run& run : block.runs()) rows.push_back(run.first_row);
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  const auto some = block.lines_of(rows);
  if (!some.ok()) return;
  for (const std::uint32_t row : rows) {
    volatile std::size_t bytes_seen = some->line(row).size();
    static_cast<void>(bytes_seen);
  }
}

void read_pack(const std::string& bytes) {
  memory_store store;
  if (!store.put("p", bytes).ok()) return;
  const auto reader = pack_reader::open(store, "p");
  if (!reader.ok()) return;
  std::vector<chunk_selection> selection;
  for (std::uint32_t i = 0; i < (*reader)->chunk_count(); ++i) selection.push_back({i, nullptr});
  const auto blocks = (*reader)->blocks(selection, {0, std::int64_t{1} << 62});
  if (!blocks.ok()) return;
  skip_probe probe;
  probe.what = skip_probe::kind::text;
  probe.text = "request completed";
  for (const auto& block : *blocks) {
    static_cast<void>(block->may_match(probe));
    static_cast<void>(block->timestamps().ok());
    static_cast<void>(block->metadata().ok());
    read_in_parts(*block);
    const auto lines = block->lines();
    if (!lines.ok()) continue;
    for (const row_run& run : block->runs()) {
      volatile std::size_t bytes_seen = lines->line(run.first_row).size();
      static_cast<void>(bytes_seen);
    }
  }
}

void decode_payloads(std::string_view bytes) {
  if (bytes.size() < 2) return;
  const std::size_t rows = static_cast<std::uint8_t>(bytes[0]) * 17;
  const std::string_view payload = bytes.substr(1);
  std::vector<std::int64_t> timestamps(rows);
  static_cast<void>(decode_timestamps(payload, timestamps).ok());
  static_cast<void>(decode_metadata(payload, rows).ok());
  static_cast<void>(parse_labels_table(payload, rows).ok());
  static_cast<void>(parse_shapes(payload).ok());
  static_cast<void>(parse_directory(payload, rows / 17, {0, 1U << 20}).ok());
  const auto filter = skip_filter_group::parse(std::string(payload));
  if (!filter.ok()) return;
  skip_probe probe;
  probe.what = skip_probe::kind::text;
  probe.text = std::string(payload.substr(0, 64));
  for (std::uint32_t i = 0; i < filter->segment_count(); ++i) filter->may_match(i, {}, probe);
}

}  // namespace
}  // namespace skald

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string bytes(reinterpret_cast<const char*>(data), size);
  skald::decode_payloads(bytes);
  skald::seal_all(bytes);
  skald::read_pack(bytes);
  return 0;
}
