// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/text_order.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <tuple>

namespace skald {
namespace {

// Texts may be made so that each eight bytes tell one of them apart: what is left after so many
// rounds is compared whole.
constexpr std::uint32_t rounds_max = 16;

struct keyed_text {
  std::uint64_t key = 0;
  std::uint32_t number = 0;
  std::uint32_t rest = 0;  // bytes from the key on, at most 9: what the key cannot tell
};

struct keyed_range {
  std::size_t first, end;
  std::size_t common;  // bytes that are known to be equal
  std::uint32_t round;
};

// The bytes from `at` on as a number that sorts as they do; what is missing counts as zeros, and
// `rest` tells a text that ends from one that goes on with zeros.
void set_key(keyed_text& one, std::string_view text, std::size_t at) {
  const std::size_t left = text.size() - at;
  std::uint64_t bytes = 0;
  // An empty text may have no address.
  if (left > 0) std::memcpy(&bytes, text.data() + at, std::min(left, sizeof(bytes)));
  if constexpr (std::endian::native == std::endian::little) bytes = __builtin_bswap64(bytes);
  one.key = bytes;
  one.rest = static_cast<std::uint32_t>(std::min<std::size_t>(left, sizeof(bytes) + 1));
}

std::size_t common_prefix(std::string_view a, std::string_view b, std::size_t at, std::size_t end) {
  const auto [mine, other] = std::mismatch(a.begin() + at, a.begin() + end, b.begin() + at,
                                           b.begin() + std::min(end, b.size()));
  return static_cast<std::size_t>(mine - a.begin());
}

void sort_by_keys(std::span<keyed_text> part) {
  std::sort(part.begin(), part.end(), [](const keyed_text& a, const keyed_text& b) {
    return std::tie(a.key, a.rest, a.number) < std::tie(b.key, b.rest, b.number);
  });
}

void sort_whole(std::span<keyed_text> part, std::span<const std::string_view> texts,
                std::size_t common) {
  std::sort(part.begin(), part.end(), [&](const keyed_text& a, const keyed_text& b) {
    const int order = texts[a.number].substr(common).compare(texts[b.number].substr(common));
    return order != 0 ? order < 0 : a.number < b.number;
  });
}

}  // namespace

std::vector<std::uint32_t> order_of_texts(std::span<const std::string_view> texts) {
  std::vector<keyed_text> all(texts.size());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i].number = i;
  std::vector<keyed_range> left;
  if (all.size() > 1) left.push_back({0, all.size(), 0, 0});
  while (!left.empty()) {
    const keyed_range range = left.back();
    left.pop_back();
    const std::span part = std::span(all).subspan(range.first, range.end - range.first);
    if (range.round == rounds_max) {
      sort_whole(part, texts, range.common);
      continue;
    }
    const std::string_view first = texts[part.front().number];
    std::size_t common = first.size();
    for (const keyed_text& one : part) {
      common = common_prefix(first, texts[one.number], range.common, common);
    }
    for (keyed_text& one : part) set_key(one, texts[one.number], common);
    sort_by_keys(part);
    // Texts that go on behind equal keys are told apart by what follows.
    for (std::size_t i = range.first; i < range.end;) {
      std::size_t end = i + 1;
      while (end < range.end && all[end].key == all[i].key && all[end].rest == all[i].rest) ++end;
      if (end > i + 1 && all[i].rest > sizeof(all[i].key)) {
        left.push_back({i, end, common + sizeof(all[i].key), range.round + 1});
      }
      i = end;
    }
  }
  std::vector<std::uint32_t> numbers;
  numbers.reserve(all.size());
  for (const keyed_text& one : all) numbers.push_back(one.number);
  return numbers;
}

}  // namespace skald
