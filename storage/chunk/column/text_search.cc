// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/text_search.h"

#include <cstring>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace skald {
namespace {

// Writes text.size() bytes, A-Z as a-z.
void fold(std::string_view text, char* to) {
  std::size_t at = 0;
#if defined(__x86_64__)
  for (; at + 16 <= text.size(); at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + at));
    const __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8('A' - 1)),
                                        _mm_cmplt_epi8(bytes, _mm_set1_epi8('Z' + 1)));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + at),
                     _mm_or_si128(bytes, _mm_and_si128(upper, _mm_set1_epi8(0x20))));
  }
#endif
  for (; at < text.size(); ++at) {
    const char byte = text[at];
    to[at] = byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte;
  }
}

}  // namespace

text_search::text_search(std::string_view needle, bool ignore_ascii_case)
    : needle_(needle), ignore_case_(ignore_ascii_case) {
  if (ignore_case_) fold(needle, needle_.data());
}

std::string_view text_search::folded(std::string_view text) {
  if (!ignore_case_) return text;
  text_.resize(text.size());
  fold(text, text_.data());
  return text_;
}

bool text_search::in(std::string_view text) {
  if (text.size() < needle_.size()) return false;
  const std::string_view bytes = folded(text);
  return needle_.empty() ||
         memmem(bytes.data(), bytes.size(), needle_.data(), needle_.size()) != nullptr;
}

void text_search::in_values(std::span<const std::string_view> values,
                            std::vector<std::uint32_t>& found) {
  if (values.empty()) return;
  if (needle_.empty()) {
    for (std::uint32_t row = 0; row < values.size(); ++row) found.push_back(row);
    return;
  }
  const char* const start = values.front().data();
  const char* const end = values.back().data() + values.back().size();
  const std::string_view text = folded({start, static_cast<std::size_t>(end - start)});
  std::uint32_t row = 0;
  std::size_t row_end = values.front().size();
  std::size_t at = 0;
  while (at + needle_.size() <= text.size()) {
    const void* hit = memmem(text.data() + at, text.size() - at, needle_.data(), needle_.size());
    if (hit == nullptr) return;
    at = static_cast<std::size_t>(static_cast<const char*>(hit) - text.data());
    while (row_end <= at) row_end += values[++row].size();
    if (at + needle_.size() <= row_end) {
      found.push_back(row);
      at = row_end;
    } else {
      ++at;
    }
  }
}

}  // namespace skald
