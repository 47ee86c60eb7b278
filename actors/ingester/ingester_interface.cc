// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/ingester_interface.h"

#include <algorithm>

namespace skald {
namespace {

constexpr std::size_t flush_number_digits = 16;

}  // namespace

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
