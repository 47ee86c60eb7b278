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

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

std::uint64_t swap_time(std::int64_t timestamp_ns) {
  return __builtin_bswap64(static_cast<std::uint64_t>(timestamp_ns) ^ sign_bit);
}

char* write_varint(char* out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) *out++ = static_cast<char>(value | 0x80);
  *out++ = static_cast<char>(value);
  return out;
}

bool read_varint(std::string_view& bytes, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace

const std::vector<std::string>& table_names() {
  static const std::vector<std::string> names = {"meta",   "lname", "lval", "post",
                                                 "stream", "pack",  "chunk"};
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
  append(out, c.max_span_ns);
  append(out, crc32c(out));
  return out;
}

std::optional<counters> decode_counters(std::string_view bytes) {
  constexpr std::size_t body = 48;
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
  c.max_span_ns = load<std::uint64_t>(bytes, 40);
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

chunk_key make_chunk_key(std::uint32_t ordinal, std::int64_t max_timestamp_ns, std::uint32_t pack,
                         std::uint32_t directory_entry) {
  chunk_key out;
  const std::uint32_t o = __builtin_bswap32(ordinal);
  const std::uint64_t t = swap_time(max_timestamp_ns);
  const std::uint32_t p = __builtin_bswap32(pack);
  const std::uint32_t d = __builtin_bswap32(directory_entry);
  std::memcpy(out.data(), &o, 4);
  std::memcpy(out.data() + 4, &t, 8);
  std::memcpy(out.data() + 12, &p, 4);
  std::memcpy(out.data() + 16, &d, 4);
  return out;
}

std::size_t encode_chunk(const chunk_entry& entry, std::string_view key,
                         std::array<char, chunk_value_bytes_max>& out) {
  char* end = write_varint(out.data(), static_cast<std::uint64_t>(entry.max_timestamp_ns) -
                                           static_cast<std::uint64_t>(entry.min_timestamp_ns));
  end = write_varint(end, entry.rows);
  end = write_varint(end, entry.line_bytes);
  const std::size_t bytes = static_cast<std::size_t>(end - out.data());
  const std::uint32_t checksum = crc32c({out.data(), bytes}, crc32c(key));
  std::memcpy(end, &checksum, 4);
  return bytes + 4;
}

bool decode_chunk(std::string_view key, std::string_view value, chunk_entry& entry) {
  if (key.size() != chunk_key_bytes || value.size() < 7) return false;
  std::string_view body = value.substr(0, value.size() - 4);
  if (crc32c(body, crc32c(key)) != load<std::uint32_t>(value, body.size())) return false;
  entry.ordinal = chunk_ordinal(key);
  entry.max_timestamp_ns = chunk_max_timestamp(key);
  entry.pack = read_be32(key, 12);
  entry.directory_entry = read_be32(key, 16);
  std::uint64_t span = 0;
  if (!read_varint(body, span) || !read_varint(body, entry.rows) ||
      !read_varint(body, entry.line_bytes)) {
    return false;
  }
  entry.min_timestamp_ns =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(entry.max_timestamp_ns) - span);
  return body.empty();
}

std::uint32_t chunk_ordinal(std::string_view key) {
  return read_be32(key);
}

std::int64_t chunk_max_timestamp(std::string_view key) {
  return static_cast<std::int64_t>(__builtin_bswap64(load<std::uint64_t>(key, 4)) ^ sign_bit);
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
