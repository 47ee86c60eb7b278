// SPDX-License-Identifier: Apache-2.0
// Layout of WAL segments and checkpoints, shared by writer and reader. Format: docs/formats/wal.md.
// Numbers are little-endian.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace skald {

// What a record holds. Stored: values are frozen, unknown ones are passed on by the reader.
enum class wal_record_type : std::uint8_t {
  entries = 1,        // a push frame, or a slice of one
  flushed = 2,        // buffers that are in a pack now, with the refs of its chunks
  index_shipped = 3,  // index files (their pack keys) that are in the object store now
  checkpoint = 4,     // a checkpoint was written
  drop_tenant = 5,    // all data of a tenant is gone
};

constexpr std::uint32_t wal_format_version = 1;
// Groups begin at multiples of this; so do restart points after damage.
constexpr std::uint64_t wal_block_bytes = 4096;
// Two copies of the segment header stand in the first block.
constexpr std::uint64_t wal_header_copy_offset = 2048;
constexpr std::uint64_t wal_record_alignment = 8;
constexpr std::uint64_t wal_record_header_bytes = 32;
constexpr std::uint64_t wal_segment_bytes_min = 64ull << 10;
constexpr std::uint64_t wal_segment_bytes_max = 1ull << 30;

// First bytes of a segment.
struct wal_segment_header {
  std::uint32_t version = wal_format_version;
  std::uint32_t lane = 0;
  std::uint64_t incarnation = 0;
  std::uint64_t segment = 0;         // number, as in the file's name
  std::uint64_t first_sequence = 0;  // records of earlier segments from here on were never durable
  friend bool operator==(const wal_segment_header&, const wal_segment_header&) = default;
};
constexpr std::uint64_t wal_segment_header_bytes = 56;

// In front of each record's body.
struct wal_record_header {
  std::uint32_t body_crc = 0;
  std::uint32_t body_bytes = 0;
  std::uint32_t shard = 0;
  std::uint64_t sequence = 0;
  std::uint32_t group_index = 0;  // 0 for the first record of a group (one write and sync)
  wal_record_type type = wal_record_type::entries;
};

enum class wal_header_state : std::uint8_t {
  valid,
  empty,    // all zero: nothing was written here
  invalid,  // damaged, or of an earlier life of a recycled file
};

// The seed that binds a record to one life of one segment of one lane.
std::uint32_t wal_record_seed(const wal_segment_header& segment);

void encode_segment_header(const wal_segment_header& header, char* out);
// `block` holds the first wal_block_bytes of a file. Takes the first good copy. False when both are
// damaged.
bool decode_segment_header(std::string_view block, wal_segment_header& out);

void encode_record_header(const wal_record_header& header, std::uint32_t seed, char* out);
// `bytes` holds at least wal_record_header_bytes. Checks the header only, not the body.
wal_header_state decode_record_header(std::string_view bytes, std::uint32_t seed,
                                      wal_record_header& out);

// Header, body and padding to the next record.
constexpr std::uint64_t wal_stored_bytes(std::uint64_t body_bytes) {
  return (wal_record_header_bytes + body_bytes + wal_record_alignment - 1) &
         ~(wal_record_alignment - 1);
}
constexpr std::uint64_t wal_round_to_block(std::uint64_t bytes) {
  return (bytes + wal_block_bytes - 1) & ~(wal_block_bytes - 1);
}

// "segment-<16 hex digits>.wal"; 0 for a name of another form (segment numbers begin with 1).
std::string wal_segment_name(std::uint64_t segment);
std::uint64_t wal_segment_of_name(std::string_view name);
constexpr std::string_view wal_recycled_prefix = "recycled-";
constexpr std::string_view wal_quarantine_directory = "quarantine";

}  // namespace skald
