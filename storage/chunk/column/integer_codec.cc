// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/integer_codec.h"

#include <algorithm>
#include <bit>

namespace skald {
namespace {

constexpr std::uint8_t form_offsets = 0;
constexpr std::uint8_t form_deltas = 1;

// Widths are those of the widest of so many neighbours: outliers, such as where one stream ends and
// the next begins, then count for their neighbourhood only.
constexpr std::size_t group_values = 32;

std::uint64_t difference(std::int64_t value, std::int64_t base) {
  return static_cast<std::uint64_t>(value) - static_cast<std::uint64_t>(base);
}

std::uint64_t zigzag_delta(std::int64_t value, std::int64_t before) {
  return zigzag(static_cast<std::int64_t>(difference(value, before)));
}

}  // namespace

integer_plan plan_integers(std::span<const std::int64_t> values) {
  integer_plan plan;
  if (values.empty()) return plan;
  plan.min = plan.max = values.front();
  for (const std::int64_t value : values) {
    plan.min = std::min(plan.min, value);
    plan.max = std::max(plan.max, value);
  }
  std::uint64_t offset_bits = 0;
  std::uint64_t delta_bits = 0;
  std::int64_t before = values.front();
  for (std::size_t start = 0; start < values.size(); start += group_values) {
    const std::size_t end = std::min(start + group_values, values.size());
    std::uint64_t offsets = 0;
    std::uint64_t deltas = 0;
    for (std::size_t i = start; i < end; ++i) {
      offsets |= difference(values[i], plan.min);
      deltas |= zigzag_delta(values[i], before);
      before = values[i];
    }
    offset_bits += static_cast<std::uint64_t>(std::bit_width(offsets)) * (end - start);
    delta_bits += static_cast<std::uint64_t>(std::bit_width(deltas)) * (end - start);
  }
  plan.delta = delta_bits * 5 <= offset_bits * 4 && delta_bits < offset_bits;
  plan.bits = plan.delta ? delta_bits : offset_bits;
  return plan;
}

void integer_encoder::append(std::span<const std::int64_t> values, const integer_plan& plan,
                             compressor& zstd, std::string& out) {
  out.push_back(static_cast<char>(plan.delta ? form_deltas : form_offsets));
  if (!plan.delta) {
    append_varint(out, zigzag(plan.min));
    numbers_.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) numbers_[i] = difference(values[i], plan.min);
  } else {
    append_varint(out, zigzag(values.front()));
    numbers_.resize(values.size() - 1);
    for (std::size_t i = 1; i < values.size(); ++i) {
      numbers_[i - 1] = zigzag_delta(values[i], values[i - 1]);
    }
  }
  planes_.append(numbers_, &zstd, out);
}

bool decode_integers(bounded_reader& from, std::span<std::int64_t> out) {
  const auto form = from.fixed<std::uint8_t>();
  const std::int64_t base = unzigzag(from.varint());
  if (from.failed()) return false;
  // Signed and unsigned integers of one width may alias.
  const std::span numbers(reinterpret_cast<std::uint64_t*>(out.data()), out.size());
  auto sum = static_cast<std::uint64_t>(base);
  if (form == form_offsets) {
    if (!decode_planes(from, numbers)) return false;
    for (std::uint64_t& number : numbers) number += sum;
    return true;
  }
  if (form != form_deltas || numbers.empty()) return false;
  if (!decode_planes(from, numbers.subspan(1))) return false;
  numbers[0] = sum;
  for (std::uint64_t& number : numbers.subspan(1)) {
    sum += static_cast<std::uint64_t>(unzigzag(number));
    number = sum;
  }
  return true;
}

}  // namespace skald
