// SPDX-License-Identifier: Apache-2.0
// Sorts many long texts that begin alike, as label texts do: a comparison of two of them reads far
// into both, and finds neither in a cache. Multikey quicksort's idea (Bentley and Sedgewick, 1997)
// with eight bytes a key: texts are read once per eight bytes that tell them apart, and compared by
// those.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace skald {

// The numbers of the texts in byte order of the texts; equal ones in order of their numbers. Fewer
// than 2^32 texts. O(n log n) comparisons of integers; of texts where they were made for the worst.
std::vector<std::uint32_t> order_of_texts(std::span<const std::string_view> texts);

}  // namespace skald
