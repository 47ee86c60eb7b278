// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/ingester_interface.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace skald {
namespace {

constexpr std::size_t flush_number_digits = 16;

template <class T>
void move_to_end(std::vector<T>& to, std::vector<T>& from) {
  std::move(from.begin(), from.end(), std::back_inserter(to));
}

}  // namespace

ingester_snapshot merge_parts(std::vector<ingester_snapshot> parts) {
  ingester_snapshot whole;
  for (auto& part : parts) {
    move_to_end(whole.blocks, part.blocks);
    move_to_end(whole.flush_names, part.flush_names);
    move_to_end(whole.warnings, part.warnings);
  }
  std::sort(whole.flush_names.begin(), whole.flush_names.end());
  return whole;
}

unflushed_streams merge_parts(std::vector<unflushed_streams> parts) {
  unflushed_streams whole;
  for (auto& part : parts) {
    move_to_end(whole.streams, part.streams);
    move_to_end(whole.flush_names, part.flush_names);
  }
  std::sort(whole.flush_names.begin(), whole.flush_names.end());
  return whole;
}

void unflushed_stream::add_buffer(std::uint64_t buffer_lines, std::uint64_t buffer_line_bytes,
                                  std::int64_t low_ns, std::int64_t high_ns) {
  min_timestamp_ns = chunks == 0 ? low_ns : std::min(min_timestamp_ns, low_ns);
  max_timestamp_ns = chunks == 0 ? high_ns : std::max(max_timestamp_ns, high_ns);
  ++chunks;
  lines += buffer_lines;
  line_bytes += buffer_line_bytes;
}

std::string_view pack_flush_name(std::string_view pack_key) {
  if (const auto slash = pack_key.rfind('/'); slash != std::string_view::npos) {
    pack_key.remove_prefix(slash + 1);
  }
  if (pack_key.ends_with(".skp")) pack_key.remove_suffix(4);
  const auto other = pack_key.find_last_not_of("0123456789");
  const bool has_part = other != std::string_view::npos && pack_key[other] == '.';
  return has_part ? pack_key.substr(0, other) : pack_key;
}

bool is_in_memory(std::span<const std::string> flush_names, std::string_view pack_key) {
  const auto name = pack_flush_name(pack_key);
  if (name.size() <= flush_number_digits) return false;
  // The last name that is not above this one: of its shard, if there is any such.
  const auto above = std::upper_bound(flush_names.begin(), flush_names.end(), name, std::less<>());
  if (above == flush_names.begin()) return false;
  const std::string_view first = *std::prev(above);
  const auto origin = name.size() - flush_number_digits;
  return first.size() == name.size() && first.substr(0, origin) == name.substr(0, origin);
}

}  // namespace skald
