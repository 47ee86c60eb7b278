// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/value_reader.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "storage/chunk/column/byte_blob.h"
#include "storage/chunk/column/column_layout.h"
#include "storage/chunk/column/hex_text.h"
#include "storage/chunk/column/integer_codec.h"
#include "storage/chunk/column/number_text.h"
#include "storage/chunk/column/time_text.h"

namespace skald {
namespace {

using value_views = std::span<const std::string_view>;

// Writers of values may write so many bytes too many; what follows overwrites them.
constexpr std::size_t writer_slack_bytes = 16;

char* append(std::string_view text, char* to) {
  std::memcpy(to, text.data(), text.size());
  return to + text.size();
}

// Renders values one behind the other. write(row, to) writes the part between prefix and suffix,
// all of them together at most `core_bytes` bytes, and returns its end; null for no such text.
template <class Write>
result<value_views> render(const column_head& head, const value_request& request,
                           std::uint64_t core_bytes, column_arena& memory, const Write& write) {
  const std::uint64_t affixes = head.affix_bytes() * request.count;
  if (affixes > section_bytes_max) return malformed_column(head.type, "too much text");
  const std::span<char> text = memory.take_text(affixes + core_bytes + writer_slack_bytes);
  const auto views = memory.take<std::string_view>(request.count);
  char* to = text.data();
  const bool has_affix = head.affix_bytes() > 0;
  for (std::uint32_t i = 0; i < request.count; ++i) {
    const char* const start = to;
    if (has_affix) to = append(head.prefix, to);
    to = write(request.row(i), to);
    if (to == nullptr) return malformed_column(head.type, "value out of range");
    if (has_affix) to = append(head.suffix, to);
    views[i] = {start, static_cast<std::size_t>(to - start)};
  }
  return value_views(views);
}

result<std::span<std::int64_t>> read_numbers(bounded_reader& from, column_type type,
                                             std::uint32_t rows, column_arena& memory) {
  const auto numbers = memory.take<std::int64_t>(rows);
  if (!decode_integers(from, numbers)) return malformed_column(type, "malformed numbers");
  return numbers;
}

// The most bytes that write_integer() needs for one of the numbers.
std::size_t text_bytes_max(std::span<const std::int64_t> numbers) {
  if (numbers.empty()) return 0;
  const auto [min, max] = std::minmax_element(numbers.begin(), numbers.end());
  char text[number_text_bytes_max];
  return static_cast<std::size_t>(
      std::max(write_integer(*min, text) - text, write_integer(*max, text) - text));
}

result<value_views> read_integers(bounded_reader& from, const column_head& head,
                                  const value_request& request, column_arena& memory) {
  SKALD_TRY_ASSIGN(const auto numbers, read_numbers(from, head.type, request.rows, memory));
  const std::uint64_t bytes = text_bytes_max(numbers) * request.count;
  return render(head, request, bytes, memory,
                [&](std::uint32_t row, char* to) { return write_integer(numbers[row], to); });
}

result<value_views> read_fixed_width(bounded_reader& from, const column_head& head,
                                     const value_request& request, column_arena& memory) {
  const auto width = static_cast<unsigned>(from.varint_up_to(number_digits_max));
  if (from.failed() || width == 0) return malformed_column(head.type, "malformed width");
  SKALD_TRY_ASSIGN(const auto numbers, read_numbers(from, head.type, request.rows, memory));
  const std::uint64_t bytes = std::uint64_t{width} * request.count;
  return render(head, request, bytes, memory, [&](std::uint32_t row, char* to) -> char* {
    const auto number = static_cast<std::uint64_t>(numbers[row]);
    return number < powers_of_ten[width] ? write_digits(number, width, to) : nullptr;
  });
}

result<value_views> read_addresses(bounded_reader& from, const column_head& head,
                                   const value_request& request, column_arena& memory) {
  constexpr std::uint64_t longest = std::string_view("255.255.255.255").size();
  SKALD_TRY_ASSIGN(const auto numbers, read_numbers(from, head.type, request.rows, memory));
  return render(head, request, longest * request.count, memory,
                [&](std::uint32_t row, char* to) -> char* {
                  const auto number = static_cast<std::uint64_t>(numbers[row]);
                  return number >> 32 == 0 ? write_address(number, to) : nullptr;
                });
}

bool take_forms(bounded_reader& from, std::vector<decimal_form>& forms) {
  forms.resize(from.varint_up_to(decimal_forms_max));
  for (decimal_form& form : forms) {
    form.scale = from.fixed<std::uint8_t>();
    const std::string_view unit = from.take(from.varint_up_to(form.unit.size()));
    form.unit_bytes = static_cast<std::uint8_t>(unit.size());
    std::copy(unit.begin(), unit.end(), form.unit.begin());
    if (form.scale > number_digits_max) return false;
  }
  return !from.failed() && !forms.empty();
}

result<value_views> read_decimals(bounded_reader& from, const column_head& head,
                                  const value_request& request, column_arena& memory) {
  std::vector<decimal_form> forms;
  if (!take_forms(from, forms)) return malformed_column(head.type, "malformed forms");
  std::span<std::uint32_t> codes;
  if (forms.size() > 1) {
    codes = memory.take<std::uint32_t>(request.rows);
    if (!decode_planes(from, codes)) return malformed_column(head.type, "malformed form codes");
    for (const std::uint32_t code : codes) {
      if (code >= forms.size()) return malformed_column(head.type, "form code out of range");
    }
  }
  SKALD_TRY_ASSIGN(const auto numbers, read_numbers(from, head.type, request.rows, memory));
  const std::uint64_t bytes = std::uint64_t{number_text_bytes_max} * request.count;
  return render(head, request, bytes, memory, [&](std::uint32_t row, char* to) {
    return write_decimal(numbers[row], forms[codes.empty() ? 0 : codes[row]], to);
  });
}

result<value_views> read_times(bounded_reader& from, const column_head& head,
                               const value_request& request, column_arena& memory) {
  const auto form = take_time_form(from);
  if (!form) return malformed_column(head.type, "malformed form");
  SKALD_TRY_ASSIGN(const auto numbers, read_numbers(from, head.type, request.rows, memory));
  time_text writer(*form);
  const std::uint64_t bytes = std::uint64_t{time_text_bytes_max} * request.count;
  return render(head, request, bytes, memory, [&](std::uint32_t row, char* to) {
    return writer.write(writer.absolute(numbers[row], request.entry_times_ns[row]), to);
  });
}

result<value_views> render_ids(bounded_reader& from, const column_head& head,
                               const value_request& request, column_arena& memory) {
  SKALD_TRY_ASSIGN(const id_bytes_column ids, read_ids(from, head.type, request.rows, memory));
  const std::size_t bytes = ids.id_bytes;
  const bool is_uuid = head.type == column_type::uuid;
  const std::uint64_t digits = is_uuid ? uuid_text_bytes : 2 * bytes;
  return render(head, request, digits * request.count, memory, [&](std::uint32_t row, char* to) {
    const char* id = ids.bytes.data() + row * bytes;
    if (is_uuid) {
      write_uuid(id, to);
    } else {
      write_hex(id, bytes, to);
    }
    return to + digits;
  });
}

result<value_views> read_strings(bounded_reader& from, const column_head& head,
                                 const value_request& request, column_arena& memory) {
  SKALD_TRY_ASSIGN(const auto lengths, read_numbers(from, head.type, request.rows, memory));
  std::uint64_t total = 0;
  for (std::int64_t& length : lengths) {
    const auto bytes = static_cast<std::uint64_t>(length);
    if (bytes > section_bytes_max - total) return malformed_column(head.type, "too much text");
    // From now on where the value begins.
    length = static_cast<std::int64_t>(total);
    total += bytes;
  }
  const auto blob = take_blob(from, total, memory);
  if (!blob) return malformed_column(head.type, "malformed text");
  const auto core = [&](std::uint32_t row) {
    const auto start = static_cast<std::size_t>(lengths[row]);
    const std::size_t end =
        row + 1 < lengths.size() ? static_cast<std::size_t>(lengths[row + 1]) : total;
    return std::string_view(blob->data() + start, end - start);
  };
  if (head.affix_bytes() == 0) {
    const auto views = memory.take<std::string_view>(request.count);
    for (std::uint32_t i = 0; i < request.count; ++i) views[i] = core(request.row(i));
    return value_views(views);
  }
  return render(head, request, total, memory,
                [&](std::uint32_t row, char* to) { return append(core(row), to); });
}

}  // namespace

error malformed_column(column_type type, const char* why) {
  return {errc::corrupt, "column of type " + std::string(to_string(type)) + ": " + why};
}

result<column_head> take_head(bounded_reader& from) {
  const auto first = from.fixed<std::uint8_t>();
  column_head head;
  head.type = static_cast<column_type>(first & column_type_mask);
  if (from.failed()) return error{errc::corrupt, "column: empty"};
  if (head.type == column_type::none || (first & column_type_mask) > column_type_last) {
    return error{errc::corrupt, "column: unknown type " + std::to_string(first & column_type_mask)};
  }
  if ((first & column_flag_affix) == 0) return head;
  if (head.type == column_type::constant || head.type == column_type::dictionary) {
    return malformed_column(head.type, "with a prefix");
  }
  head.prefix = from.take(from.varint());
  head.suffix = from.take(from.varint());
  if (from.failed()) return malformed_column(head.type, "malformed prefix or suffix");
  return head;
}

result<id_bytes_column> read_ids(bounded_reader& from, column_type type, std::uint32_t rows,
                                 column_arena& memory) {
  id_bytes_column ids;
  ids.id_bytes = uuid_bytes;
  if (type == column_type::hex) {
    const std::uint64_t digits = from.varint_up_to(section_bytes_max);
    if (from.failed() || digits == 0 || digits % 2 != 0) {
      return malformed_column(type, "malformed width");
    }
    ids.id_bytes = digits / 2;
  }
  const std::uint64_t text_bytes = std::uint64_t{ids.id_bytes} * 2 * rows;
  const auto blob = text_bytes > section_bytes_max
                        ? std::nullopt
                        : take_blob(from, ids.id_bytes * std::uint64_t{rows}, memory);
  if (!blob) return malformed_column(type, "malformed ids");
  ids.bytes = *blob;
  return ids;
}

result<value_views> read_values(bounded_reader& from, const column_head& head,
                                const value_request& request, column_arena& memory) {
  switch (head.type) {
    case column_type::time:
      return read_times(from, head, request, memory);
    case column_type::integer:
      return read_integers(from, head, request, memory);
    case column_type::fixed:
      return read_fixed_width(from, head, request, memory);
    case column_type::decimal:
      return read_decimals(from, head, request, memory);
    case column_type::hex:
    case column_type::uuid:
      return render_ids(from, head, request, memory);
    case column_type::strings:
      return read_strings(from, head, request, memory);
    case column_type::address:
      return read_addresses(from, head, request, memory);
    case column_type::none:
    case column_type::constant:
    case column_type::dictionary:
      break;
  }
  return malformed_column(head.type, "not allowed here");
}

}  // namespace skald
