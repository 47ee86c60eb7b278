// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_keys.h"

#include <bit>
#include <cstring>

#include "runtime/base/crc32c.h"
#include "runtime/base/hash.h"
#include "runtime/model/go_string.h"

namespace skald::index_keys {
namespace {

static_assert(std::endian::native == std::endian::little, "values are copied as they are");

template <class T>
T load(std::string_view bytes, std::size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

template <class T>
void append(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

const std::vector<std::string>& table_names() {
  static const std::vector<std::string> names = {"meta",   "lname", "lval", "post",
                                                 "stream", "pack",  "refs"};
  return names;
}

std::string encode_counters(const counters& c) {
  std::string out;
  append(out, c.names);
  append(out, c.pairs);
  append(out, c.ordinals);
  append(out, c.packs);
  append(out, c.chunks);
  append(out, c.min_timestamp_ns);
  append(out, c.max_timestamp_ns);
  append(out, crc32c(out));
  return out;
}

std::optional<counters> decode_counters(std::string_view bytes) {
  constexpr std::size_t body = 40;
  if (bytes.size() != body + 4 ||
      crc32c(bytes.substr(0, body)) != load<std::uint32_t>(bytes, body)) {
    return std::nullopt;
  }
  counters c;
  c.names = load<std::uint32_t>(bytes, 0);
  c.pairs = load<std::uint32_t>(bytes, 4);
  c.ordinals = load<std::uint32_t>(bytes, 8);
  c.packs = load<std::uint32_t>(bytes, 12);
  c.chunks = load<std::uint64_t>(bytes, 16);
  c.min_timestamp_ns = load<std::int64_t>(bytes, 24);
  c.max_timestamp_ns = load<std::int64_t>(bytes, 32);
  return c;
}

void append_be32(std::string& out, std::uint32_t value) {
  append(out, __builtin_bswap32(value));
}

std::string be32(std::uint32_t value) {
  std::string out;
  append_be32(out, value);
  return out;
}

std::uint32_t read_be32(std::string_view bytes, std::size_t offset) {
  return __builtin_bswap32(load<std::uint32_t>(bytes, offset));
}

void append_text_key(std::string& out, std::string_view text) {
  out += text.substr(0, text_prefix_bytes);
  if (is_long_text(text)) append(out, __builtin_bswap64(xxh3_64(text)));
}

std::string name_key(std::string_view name) {
  std::string out;
  append_text_key(out, name);
  return out;
}

std::string encode_name(const name_entry& entry, std::string_view name) {
  std::string out;
  append(out, entry.name);
  append(out, entry.presence);
  if (is_long_text(name)) out += name;
  return out;
}

bool decode_name(std::string_view key, std::string_view value, name_entry& entry,
                 std::string_view& name) {
  if (value.size() < 8) return false;
  entry.name = load<std::uint32_t>(value, 0);
  entry.presence = load<std::uint32_t>(value, 4);
  name = value.size() > 8 ? value.substr(8) : key;
  return true;
}

std::string pair_key(std::uint32_t name, std::string_view value) {
  std::string out = be32(name);
  append_text_key(out, value);
  return out;
}

std::string encode_pair(std::uint32_t pair, std::string_view value) {
  std::string out;
  append(out, pair);
  if (is_long_text(value)) out += value;
  return out;
}

bool decode_pair(std::string_view key, std::string_view stored, std::uint32_t& pair,
                 std::string_view& value) {
  if (stored.size() < 4 || key.size() < 4) return false;
  pair = load<std::uint32_t>(stored, 0);
  value = stored.size() > 4 ? stored.substr(4) : key.substr(4);
  return true;
}

post_key make_post_key(std::uint32_t pair, std::uint16_t container) {
  post_key out;
  const std::uint32_t p = __builtin_bswap32(pair);
  const std::uint16_t c = __builtin_bswap16(container);
  std::memcpy(out.data(), &p, 4);
  std::memcpy(out.data() + 4, &c, 2);
  return out;
}

void encode_stream(std::string& out, const stream_entry& entry) {
  out.clear();
  append(out, entry.fingerprint.high);
  append(out, entry.fingerprint.low);
  append(out, entry.tenant);
  out += entry.labels;
}

bool decode_stream(std::string_view bytes, stream_entry& entry) {
  if (bytes.size() < 20) return false;
  entry.fingerprint = {load<std::uint64_t>(bytes, 0), load<std::uint64_t>(bytes, 8)};
  entry.tenant = load<std::uint32_t>(bytes, 16);
  entry.labels = bytes.substr(20);
  return true;
}

constexpr std::size_t pack_body = 20;

std::string encode_pack(const pack_entry& entry) {
  std::string out;
  append(out, entry.min_timestamp_ns);
  append(out, entry.max_timestamp_ns);
  append(out, entry.chunks);
  append(out, crc32c(entry.key, crc32c(out)));
  out += entry.key;
  return out;
}

bool decode_pack(std::string_view bytes, pack_entry& entry) {
  if (bytes.size() <= pack_body + 4) return false;
  entry.min_timestamp_ns = load<std::int64_t>(bytes, 0);
  entry.max_timestamp_ns = load<std::int64_t>(bytes, 8);
  entry.chunks = load<std::uint32_t>(bytes, 16);
  entry.key = bytes.substr(pack_body + 4);
  return crc32c(entry.key, crc32c(bytes.substr(0, pack_body))) ==
         load<std::uint32_t>(bytes, pack_body);
}

std::string encode_ref_key(const ref_key& key) {
  std::string out;
  for (const std::uint32_t part : {key.pack, key.last_ordinal, key.first_ordinal, key.number}) {
    append_be32(out, part);
  }
  return out;
}

bool decode_ref_key(std::string_view bytes, ref_key& key) {
  if (bytes.size() != ref_key_bytes) return false;
  key = {read_be32(bytes, 0), read_be32(bytes, 4), read_be32(bytes, 8), read_be32(bytes, 12)};
  return key.first_ordinal <= key.last_ordinal;
}

result<void> for_each_label(std::string_view canonical,
                            const std::function<void(std::string_view, std::string_view)>& take) {
  const auto bad = [&] {
    return error{errc::invalid_argument, "labels are not canonical: " + std::string(canonical)};
  };
  if (canonical.size() < 2 || canonical.front() != '{' || canonical.back() != '}') return bad();
  std::string_view rest = canonical.substr(1, canonical.size() - 2);
  while (!rest.empty()) {
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos || equals == 0) return bad();
    const std::string_view name = rest.substr(0, equals);
    rest.remove_prefix(equals + 1);
    // Nearly all values have no escapes: then the text between the quotes is the value.
    const std::size_t stop = rest.find_first_of("\"\\", 1);
    if (!rest.starts_with('"') || stop == std::string_view::npos) return bad();
    if (rest[stop] == '"') {
      if (stop > 1) take(name, rest.substr(1, stop - 1));
      rest.remove_prefix(stop + 1);
    } else {
      SKALD_TRY_ASSIGN(const go_string_token token, scan_go_string(rest));
      if (!token.value.empty()) take(name, token.value);
      rest.remove_prefix(token.length);
    }
    if (rest.empty()) break;
    if (!rest.starts_with(", ")) return bad();
    rest.remove_prefix(2);
  }
  return {};
}

}  // namespace skald::index_keys
