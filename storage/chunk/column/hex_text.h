// SPDX-License-Identifier: Apache-2.0
// Ids as text and as bytes: lower-case hex digits, canonical UUIDs. Pure functions.
#pragma once

#include <cstdint>
#include <string_view>

namespace skald {

inline constexpr std::size_t uuid_bytes = 16;
inline constexpr std::size_t uuid_text_bytes = 36;

// Writes text.size() / 2 bytes to `to`. False unless all are digits or a-f, an even number.
bool parse_hex(std::string_view text, char* to);
// Writes 2 * bytes digits to `to`.
void write_hex(const char* from, std::size_t bytes, char* to);

// 8-4-4-4-12 lower-case digits: writes uuid_bytes bytes.
bool parse_uuid(std::string_view text, char* to);
// Writes uuid_text_bytes characters.
void write_uuid(const char* from, char* to);

}  // namespace skald
