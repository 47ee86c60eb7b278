// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/push_protobuf.h"

#include <snappy.h>

#include <limits>
#include <protozero/pbf_reader.hpp>

#include "runtime/loki_api/push_arrays.h"

namespace skald {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;

// Field numbers of logproto (docs: the push API). Frozen.
enum push_field : std::uint32_t { field_streams = 1 };
enum stream_field : std::uint32_t { field_labels = 1, field_entries = 2 };
enum entry_field : std::uint32_t { field_timestamp = 1, field_line = 2, field_metadata = 3 };
enum timestamp_field : std::uint32_t { field_seconds = 1, field_nanos = 2 };
enum pair_field : std::uint32_t { field_name = 1, field_value = 2 };

// Spares most of the array's growing; too many cost only address space.
constexpr std::size_t typical_entry_bytes = 256;

// Thrown inside this file only: the decoder leaves from many depths, and protozero throws as well.
struct decode_failure {
  error why;
};

// protozero cuts lengths to 32 bits; a longer one must not pass for a short one.
void check_length(const pbf_reader& reader) {
  const protozero::data_view rest = reader.data();
  const char* at = rest.data();
  if (protozero::decode_varint(&at, rest.data() + rest.size()) > rest.size()) {
    throw protozero::end_of_buffer_exception{};
  }
}

std::string_view bytes_of(pbf_reader& reader) {
  check_length(reader);
  const protozero::data_view view = reader.get_view();
  return {view.data(), view.size()};
}

pbf_reader message_of(pbf_reader& reader) {
  check_length(reader);
  return reader.get_message();
}

void skip_field(pbf_reader& reader) {
  if (reader.wire_type() == pbf_wire_type::length_delimited) check_length(reader);
  reader.skip();
}

// Whether the current field is `number`; a known field with another wire type is malformed.
void expect_type(const pbf_reader& reader, pbf_wire_type type) {
  if (reader.wire_type() != type) {
    throw decode_failure{
        {errc::invalid_argument,
         "proto: wrong wireType = " + std::to_string(static_cast<int>(reader.wire_type())) +
             " for field " + std::to_string(reader.tag())}};
  }
}

std::int64_t to_nanoseconds(std::int64_t seconds, std::int32_t nanos) {
  constexpr std::int64_t per_second = 1'000'000'000;
  std::int64_t result = 0;
  if (__builtin_mul_overflow(seconds, per_second, &result) ||
      __builtin_add_overflow(result, static_cast<std::int64_t>(nanos), &result)) {
    return seconds < 0 ? std::numeric_limits<std::int64_t>::min()
                       : std::numeric_limits<std::int64_t>::max();
  }
  return result;
}

std::int64_t read_timestamp(pbf_reader reader) {
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;
  while (reader.next()) {
    switch (reader.tag()) {
      case field_seconds:
        expect_type(reader, pbf_wire_type::varint);
        seconds = reader.get_int64();
        break;
      case field_nanos:
        expect_type(reader, pbf_wire_type::varint);
        nanos = reader.get_int32();
        break;
      default:
        skip_field(reader);
    }
  }
  if (nanos < 0 || nanos >= 1'000'000'000) {
    throw decode_failure{{errc::invalid_argument, "timestamp: nanos not in range [0, 1e9)"}};
  }
  return to_nanoseconds(seconds, nanos);
}

metadata_pair read_pair(pbf_reader reader) {
  metadata_pair pair;
  while (reader.next()) {
    switch (reader.tag()) {
      case field_name:
        expect_type(reader, pbf_wire_type::length_delimited);
        pair.name = bytes_of(reader);
        break;
      case field_value:
        expect_type(reader, pbf_wire_type::length_delimited);
        pair.value = bytes_of(reader);
        break;
      default:
        skip_field(reader);
    }
  }
  return pair;
}

void read_entry(pbf_reader reader, decoded_push& push) {
  pushed_entry entry;
  // A missing time is the year 1 for Loki, hence too old; a present but empty one is 1970.
  entry.timestamp_ns = std::numeric_limits<std::int64_t>::min();
  entry.first_metadata = static_cast<std::uint32_t>(push.metadata.size());
  while (reader.next()) {
    switch (reader.tag()) {
      case field_timestamp:
        expect_type(reader, pbf_wire_type::length_delimited);
        entry.timestamp_ns = read_timestamp(message_of(reader));
        break;
      case field_line:
        expect_type(reader, pbf_wire_type::length_delimited);
        entry.line = bytes_of(reader);
        break;
      case field_metadata:
        expect_type(reader, pbf_wire_type::length_delimited);
        push.metadata.push_back(read_pair(message_of(reader)));
        break;
      default:  // `parsed` included: it belongs to answers
        skip_field(reader);
    }
  }
  entry.metadata_count = static_cast<std::uint32_t>(push.metadata.size()) - entry.first_metadata;
  push.entries.push_back(entry);
}

// --- entries as senders write them: a timestamp of seconds and nanos, a line, nothing else. Takes
// what it knows and leaves all other bytes, damaged ones too, to the general reader above.

constexpr char tag_of(std::uint32_t field, pbf_wire_type type) {
  return static_cast<char>(field << 3 | static_cast<std::uint32_t>(type));
}

// The shape of what lies between `at` and `end`; moves `at` over what was taken.
struct plain_reader {
  const char* at;
  const char* end;

  std::size_t left() const { return static_cast<std::size_t>(end - at); }
  bool take(char byte) {
    if (at == end || *at != byte) return false;
    ++at;
    return true;
  }
  // Of at most five bytes: no length and no second of our time has more.
  bool take_varint(std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 35; shift += 7) {
      if (at == end) return false;
      const auto byte = static_cast<unsigned char>(*at++);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return true;
    }
    return false;
  }
  // The bytes of a length-delimited field, whose tag was taken.
  bool take_bytes(std::string_view& bytes) {
    std::uint64_t length = 0;
    if (!take_varint(length) || length > left()) return false;
    bytes = {at, static_cast<std::size_t>(length)};
    at += length;
    return true;
  }
};

bool take_plain_timestamp(std::string_view message, std::int64_t& timestamp_ns) {
  plain_reader in{message.data(), message.data() + message.size()};
  std::uint64_t seconds = 0;
  std::uint64_t nanos = 0;
  if (in.take(tag_of(field_seconds, pbf_wire_type::varint)) && !in.take_varint(seconds)) {
    return false;
  }
  if (in.take(tag_of(field_nanos, pbf_wire_type::varint)) && !in.take_varint(nanos)) return false;
  constexpr std::uint64_t per_second = 1'000'000'000;
  if (in.at != in.end || nanos >= per_second || seconds > UINT32_MAX) return false;
  timestamp_ns = static_cast<std::int64_t>(seconds * per_second + nanos);
  return true;
}

bool take_plain_entry(std::string_view message, decoded_push& push) {
  plain_reader in{message.data(), message.data() + message.size()};
  pushed_entry entry;
  std::string_view time;
  if (!in.take(tag_of(field_timestamp, pbf_wire_type::length_delimited)) || !in.take_bytes(time) ||
      !in.take(tag_of(field_line, pbf_wire_type::length_delimited)) || !in.take_bytes(entry.line) ||
      in.at != in.end || !take_plain_timestamp(time, entry.timestamp_ns)) {
    return false;
  }
  entry.first_metadata = static_cast<std::uint32_t>(push.metadata.size());
  push.entries.push_back(entry);
  return true;
}

void read_stream_field(pbf_reader& reader, pushed_stream& stream, decoded_push& push) {
  switch (reader.tag()) {
    case field_labels:
      expect_type(reader, pbf_wire_type::length_delimited);
      stream.labels_text = bytes_of(reader);
      break;
    case field_entries:
      expect_type(reader, pbf_wire_type::length_delimited);
      read_entry(message_of(reader), push);
      break;
    default:  // `hash` included: ours is computed
      skip_field(reader);
  }
}

void read_stream(std::string_view message, decoded_push& push, push_array_guard& guard) {
  pushed_stream stream;
  stream.first_entry = static_cast<std::uint32_t>(push.entries.size());
  plain_reader in{message.data(), message.data() + message.size()};
  while (in.left() > 0) {
    plain_reader ahead = in;
    std::string_view entry;
    if (ahead.take(tag_of(field_entries, pbf_wire_type::length_delimited)) &&
        ahead.take_bytes(entry) && take_plain_entry(entry, push)) {
      in.at = ahead.at;
    } else {
      pbf_reader reader(in.at, in.left());
      if (!reader.next()) break;
      read_stream_field(reader, stream, push);
      in.at = reader.data().data();
    }
    if (!guard.within_bounds()) throw decode_failure{guard.why()};
  }
  stream.entry_count = static_cast<std::uint32_t>(push.entries.size()) - stream.first_entry;
  push.streams.push_back(stream);
}

// Snappy's densest element copies 64 bytes from 3; anything that declares more is a lie, and not
// worth an allocation.
bool is_plausible_snappy_size(std::size_t compressed, std::size_t declared) {
  return declared <= compressed * 22 + 64;
}

}  // namespace

result<void> decode_push_protobuf(std::string_view message, std::size_t array_bytes_max,
                                  decoded_push& push) {
  push_array_guard guard(push, array_bytes_max);
  push.entries.reserve(message.size() / typical_entry_bytes);
  try {
    pbf_reader reader(message.data(), message.size());
    while (reader.next()) {
      if (reader.tag() != field_streams) {
        skip_field(reader);
        continue;
      }
      expect_type(reader, pbf_wire_type::length_delimited);
      read_stream(bytes_of(reader), push, guard);
      if (!guard.within_bounds()) return guard.why();
    }
  } catch (const decode_failure& failure) {
    return failure.why;
  } catch (const protozero::end_of_buffer_exception&) {
    return error{errc::invalid_argument, "unexpected EOF"};
  } catch (const protozero::exception& e) {
    return error{errc::invalid_argument, std::string("proto: ") + e.what()};
  }
  return {};
}

result<void> decode_push_snappy(std::string_view compressed, const push_decode_options& options,
                                decoded_push& push) {
  std::size_t declared = 0;
  if (!snappy::GetUncompressedLength(compressed.data(), compressed.size(), &declared) ||
      !is_plausible_snappy_size(compressed.size(), declared)) {
    return error{errc::invalid_argument, "snappy: corrupt input"};
  }
  if (declared > options.inflated_bytes_max) {
    return error{errc::resource_exhausted, "message size too large than max (" +
                                               std::to_string(declared) + " vs " +
                                               std::to_string(options.inflated_bytes_max) + ")"};
  }
  if (options.budget != nullptr && !options.budget->reserve(declared, push.lease)) {
    return error{errc::overloaded, "too many bytes in flight, try again later"};
  }
  const std::shared_ptr<char[]> buffer = options.scratch == nullptr
                                             ? std::make_shared_for_overwrite<char[]>(declared)
                                             : options.scratch->text(declared);
  if (!snappy::RawUncompress(compressed.data(), compressed.size(), buffer.get())) {
    return error{errc::invalid_argument, "snappy: corrupt input"};
  }
  push.buffers.push_back(buffer);
  push.inflated_bytes = declared;
  return decode_push_protobuf({buffer.get(), declared}, options.inflated_bytes_max, push);
}

}  // namespace skald
