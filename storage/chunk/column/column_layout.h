// SPDX-License-Identifier: Apache-2.0
// Constants of a column's payload, shared by writer and reader. Layout:
// docs/formats/column_types.md.
#pragma once

#include <cstdint>

namespace skald {

// The first byte: a column_type, and whether a common prefix and suffix follow.
inline constexpr std::uint8_t column_type_mask = 0x7f;
inline constexpr std::uint8_t column_flag_affix = 0x80;

inline constexpr std::uint32_t decimal_forms_max = 64;
inline constexpr std::uint32_t hex_digits_min = 4;

}  // namespace skald
