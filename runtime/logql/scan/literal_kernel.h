// SPDX-License-Identifier: Apache-2.0
// The inner loop of literal_search, in one version per instruction set. Internal to this folder.
#pragma once

#include <cstddef>
#include <cstdint>

namespace skald::logql {

// A needle of at least two bytes prepared for the loop. The two chosen bytes stand at different
// offsets. `first_mask` and `second_mask` are ORed to the text before comparing (0x20 where the
// needle's byte is a letter and case is ignored, else 0).
struct literal_kernel_input {
  const char* needle = nullptr;
  std::size_t needle_bytes = 0;
  std::uint32_t first_offset = 0;
  std::uint32_t second_offset = 0;
  std::uint8_t first_mask = 0;
  std::uint8_t second_mask = 0;
  bool ignore_case = false;
};

// Offset of the first occurrence at or after `from`, or `bytes` when there is none.
// Reads nothing outside [text, text + bytes).
using literal_kernel = std::size_t (*)(const literal_kernel_input& input, const char* text,
                                       std::size_t bytes, std::size_t from);

std::size_t find_literal_plain(const literal_kernel_input& input, const char* text,
                               std::size_t bytes, std::size_t from);
#if defined(__x86_64__)
std::size_t find_literal_sse2(const literal_kernel_input& input, const char* text,
                              std::size_t bytes, std::size_t from);
// Only on machines with AVX2 and BMI1.
std::size_t find_literal_avx2(const literal_kernel_input& input, const char* text,
                              std::size_t bytes, std::size_t from);
#endif

// The best version for this machine; decided once.
literal_kernel best_literal_kernel();

// Whether the needle stands at `text` (which has enough bytes).
bool literal_equals(const literal_kernel_input& input, const char* text);

}  // namespace skald::logql
