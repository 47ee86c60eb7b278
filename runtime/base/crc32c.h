// SPDX-License-Identifier: Apache-2.0
// CRC32C (Castagnoli polynomial, RFC 3720 appendix B.4), with SSE4.2 where the processor has it and
// a table elsewhere.
#pragma once

#include <cstdint>
#include <string_view>

namespace skald {

// The checksum of `bytes`. Pass the result as `seed` to go on with further bytes.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t seed = 0);

// The table version, for tests of equality.
std::uint32_t crc32c_portable(std::string_view bytes, std::uint32_t seed = 0);

}  // namespace skald
