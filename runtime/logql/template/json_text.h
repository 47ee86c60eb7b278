// SPDX-License-Identifier: Apache-2.0
// JSON texts that Go's decoder reads and simdjson turns down, put in other words.
#pragma once

#include <string>
#include <string_view>

namespace skald::logql {

// The text with what only Go reads said so that simdjson reads it, too: integers beyond 64 bits
// get an exponent of 0, numbers beyond a double become null, surrogates without their half and
// bytes that are no UTF-8 become U+FFFD. Everything else stands as it was, also what is malformed.
std::string as_simdjson_reads(std::string_view text);

}  // namespace skald::logql
