// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/column_facts.h"

#include <array>

#include "storage/chunk/pack_format.h"

namespace skald {
namespace {

constexpr std::uint8_t flag_range = 1;
constexpr std::uint8_t flag_any_bytes = 2;

// Frozen: sets of classes stand in packs.
constexpr std::string_view own_class = "-.:/_ \"\\,=[]{}()@+%&";
constexpr std::array<std::string_view, 6> shared_class = {";!?", "#$", "'`", "*^~", "<>", "|"};

constexpr std::array<byte_classes, 256> make_classes() {
  std::array<byte_classes, 256> made{};
  const auto set = [&](unsigned char byte, unsigned bit) { made[byte] = byte_classes{1} << bit; };
  for (unsigned byte = 0; byte < 256; ++byte) set(byte, byte < 0x80 ? 56 : 57);
  for (unsigned i = 0; i < 10; ++i) set('0' + i, i);
  for (unsigned i = 0; i < 26; ++i) {
    set('a' + i, 10 + i);
    set('A' + i, 10 + i);
  }
  unsigned bit = 36;
  for (const char byte : own_class) set(static_cast<unsigned char>(byte), bit++);
  bit = 58;
  for (const std::string_view group : shared_class) {
    for (const char byte : group) set(static_cast<unsigned char>(byte), bit);
    ++bit;
  }
  return made;
}

constexpr std::array<byte_classes, 256> class_of_byte = make_classes();

}  // namespace

std::string_view to_string(column_type type) {
  constexpr std::array<std::string_view, 11> names = {"none", "CONST", "DICT", "TIME", "INT", "FIX",
                                                      "DEC",  "HEX",   "UUID", "STR",  "IP4"};
  const auto number = static_cast<std::size_t>(type);
  return number < names.size() ? names[number] : "unknown";
}

byte_classes classes_of(std::string_view text) {
  byte_classes even = 0;
  byte_classes odd = 0;
  std::size_t i = 0;
  for (; i + 2 <= text.size(); i += 2) {
    even |= class_of_byte[static_cast<unsigned char>(text[i])];
    odd |= class_of_byte[static_cast<unsigned char>(text[i + 1])];
  }
  if (i < text.size()) even |= class_of_byte[static_cast<unsigned char>(text[i])];
  return even | odd;
}

void append_facts(const column_facts& facts, std::string& out) {
  out.push_back(static_cast<char>(facts.type));
  const bool any = facts.bytes == any_bytes;
  out.push_back(static_cast<char>((facts.has_range ? flag_range : 0) | (any ? flag_any_bytes : 0)));
  if (!any) append_fixed(out, facts.bytes);
  append_varint(out, facts.bytes_min);
  append_varint(out, facts.bytes_max - facts.bytes_min);
  append_varint(out, facts.distinct);
  if (!facts.has_range) return;
  append_varint(out, zigzag(facts.min));
  append_varint(out, static_cast<std::uint64_t>(facts.max) - static_cast<std::uint64_t>(facts.min));
}

result<column_facts> read_facts(bounded_reader& from) {
  column_facts facts;
  const auto type = from.fixed<std::uint8_t>();
  const auto flags = from.fixed<std::uint8_t>();
  facts.type = static_cast<column_type>(type);
  if ((flags & flag_any_bytes) == 0) facts.bytes = from.fixed<byte_classes>();
  facts.bytes_min = static_cast<std::uint32_t>(from.varint_up_to(section_bytes_max));
  facts.bytes_max = facts.bytes_min + static_cast<std::uint32_t>(
                                          from.varint_up_to(section_bytes_max - facts.bytes_min));
  facts.distinct = static_cast<std::uint32_t>(from.varint_up_to(section_bytes_max));
  facts.has_range = (flags & flag_range) != 0;
  if (facts.has_range) {
    facts.min = unzigzag(from.varint());
    const std::uint64_t span = from.varint_up_to(static_cast<std::uint64_t>(INT64_MAX) -
                                                 static_cast<std::uint64_t>(facts.min));
    facts.max = static_cast<std::int64_t>(static_cast<std::uint64_t>(facts.min) + span);
  }
  if (from.failed()) return error{errc::corrupt, "column facts: malformed"};
  if (type == 0 || type > column_type_last) {
    return error{errc::corrupt, "column facts: unknown column type " + std::to_string(type)};
  }
  if ((flags & ~(flag_range | flag_any_bytes)) != 0) {
    return error{errc::corrupt, "column facts: unknown flags " + std::to_string(flags)};
  }
  return facts;
}

}  // namespace skald
