// SPDX-License-Identifier: Apache-2.0
// Keys and values of an index file's tables. Format: docs/formats/index.md. Pure; keys are
// big-endian, so that their byte order is their order.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/model/labels.h"

namespace skald::index_keys {

enum table : std::size_t { meta, lname, lval, post, stream, pack, refs, table_count };
const std::vector<std::string>& table_names();

constexpr std::uint32_t schema_version = 2;
constexpr std::size_t text_prefix_bytes = 200;
constexpr std::size_t pack_key_bytes_max = 400;
constexpr std::uint32_t tenant_name = 0;  // the "name" whose "values" are the tenants

struct counters {
  std::uint32_t names = 1;  // the next id of each kind
  std::uint32_t pairs = 1;
  std::uint32_t ordinals = 0;
  std::uint32_t packs = 0;
  std::uint64_t chunks = 0;
  std::int64_t min_timestamp_ns = INT64_MAX;
  std::int64_t max_timestamp_ns = INT64_MIN;
};
std::string encode_counters(const counters& c);
std::optional<counters> decode_counters(std::string_view bytes);

std::string be32(std::uint32_t value);
void append_be32(std::string& out, std::uint32_t value);
std::uint32_t read_be32(std::string_view bytes, std::size_t offset = 0);

// The text, or when it is long its beginning and a hash; the value holds the full text then.
void append_text_key(std::string& out, std::string_view text);
inline bool is_long_text(std::string_view text) {
  return text.size() > text_prefix_bytes;
}

struct name_entry {
  std::uint32_t name = 0;
  std::uint32_t presence = 0;  // pair id of "has this label"
};
std::string name_key(std::string_view name);
std::string encode_name(const name_entry& entry, std::string_view name);
// Also the full name, which is the key or stands in the value.
bool decode_name(std::string_view key, std::string_view value, name_entry& entry,
                 std::string_view& name);

std::string pair_key(std::uint32_t name, std::string_view value);
std::string encode_pair(std::uint32_t pair, std::string_view value);
bool decode_pair(std::string_view key, std::string_view stored, std::uint32_t& pair,
                 std::string_view& value);

using post_key = std::array<char, 6>;
post_key make_post_key(std::uint32_t pair, std::uint16_t container);

struct stream_entry {
  stream_fingerprint fingerprint;
  std::uint32_t tenant = 0;  // pair id
  std::string_view labels;   // canonical
};
void encode_stream(std::string& out, const stream_entry& entry);
bool decode_stream(std::string_view bytes, stream_entry& entry);

// What stands beside a pack's key. Its times are those of its chunks here.
struct pack_entry {
  std::int64_t min_timestamp_ns = INT64_MAX;
  std::int64_t max_timestamp_ns = INT64_MIN;
  std::uint32_t chunks = 0;
  std::string_view key;  // of the object
};
std::string encode_pack(const pack_entry& entry);
// False when its checksum fails.
bool decode_pack(std::string_view bytes, pack_entry& entry);

// A pack's ref blocks by rising ordinals: a search for (pack, ordinal) finds the first block that
// may hold it. `number` counts the blocks, as two may hold refs of one ordinal alone.
struct ref_key {
  std::uint32_t pack = 0;
  std::uint32_t last_ordinal = 0;
  std::uint32_t first_ordinal = 0;
  std::uint32_t number = 0;
};
constexpr std::size_t ref_key_bytes = 16;
std::string encode_ref_key(const ref_key& key);
bool decode_ref_key(std::string_view bytes, ref_key& key);

// Calls `take(name, value)` for each label of a canonical text. Labels with an empty value are left
// out: they equal absent ones. Errors: invalid_argument for text of another form.
result<void> for_each_label(std::string_view canonical,
                            const std::function<void(std::string_view, std::string_view)>& take);

}  // namespace skald::index_keys
