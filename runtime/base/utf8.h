// SPDX-License-Identifier: Apache-2.0
// UTF-8 as Go's programs read and write it. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skald {

// Appends the UTF-8 form of a code point; an invalid one becomes U+FFFD.
void append_utf8(std::string& out, char32_t code_point);

// Decodes one code point at the start of `text` and sets `length` to its bytes. Invalid bytes give
// U+FFFD and length 1, as Go's utf8.DecodeRune does. `text` must not be empty.
char32_t decode_utf8(std::string_view text, std::size_t& length);

}  // namespace skald
