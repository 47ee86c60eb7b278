// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/column_decoder.h"

#include <algorithm>

#include "runtime/base/assert.h"
#include "storage/chunk/column/hex_text.h"
#include "storage/chunk/column/text_search.h"
#include "storage/chunk/column/value_reader.h"
#include "storage/chunk/plane_codec.h"

namespace skald {
namespace {

using value_views = std::span<const std::string_view>;

// The values of a dictionary.
result<value_views> read_dictionary(bounded_reader& from, std::uint32_t rows,
                                    column_arena& memory) {
  value_request request;
  request.rows = static_cast<std::uint32_t>(from.varint_up_to(rows));
  request.count = request.rows;
  if (from.failed() || request.rows == 0) {
    return malformed_column(column_type::dictionary, "malformed number of values");
  }
  SKALD_TRY_ASSIGN(const column_head head, take_head(from));
  if (head.type == column_type::time) return malformed_column(head.type, "not allowed here");
  return read_values(from, head, request, memory);
}

// A code below `distinct` for each row.
result<std::span<std::uint32_t>> read_codes(bounded_reader& from, std::uint32_t rows,
                                            std::size_t distinct, column_arena& memory) {
  const auto codes = memory.take<std::uint32_t>(rows);
  if (!decode_planes(from, codes)) {
    return malformed_column(column_type::dictionary, "malformed codes");
  }
  std::uint32_t most = 0;
  for (const std::uint32_t code : codes) most = std::max(most, code);
  if (most >= distinct) return malformed_column(column_type::dictionary, "code out of range");
  return codes;
}

result<decoded_column> decode_constant(std::string_view value, std::uint32_t count,
                                       column_arena& memory) {
  const auto values = memory.take<std::string_view>(1);
  values[0] = value;
  const auto codes = memory.take<std::uint32_t>(count);
  std::fill(codes.begin(), codes.end(), 0);
  return decoded_column{values, codes, count};
}

result<decoded_column> decode_column(std::string_view payload, const value_request& request,
                                     column_arena& memory) {
  bounded_reader from(payload);
  SKALD_TRY_ASSIGN(const column_head head, take_head(from));
  if (head.type == column_type::constant) {
    return decode_constant(from.take(from.remaining()), request.count, memory);
  }
  decoded_column column;
  column.rows = request.count;
  if (head.type == column_type::dictionary) {
    SKALD_TRY_ASSIGN(column.values, read_dictionary(from, request.rows, memory));
    SKALD_TRY_ASSIGN(auto codes, read_codes(from, request.rows, column.values.size(), memory));
    if (request.wanted != nullptr) {
      // Ascending positions: each is at or behind the place it moves to.
      for (std::uint32_t i = 0; i < request.count; ++i) codes[i] = codes[request.row(i)];
      codes = codes.first(request.count);
    }
    column.codes = codes;
  } else {
    SKALD_TRY_ASSIGN(column.values, read_values(from, head, request, memory));
  }
  if (!from.finished()) return malformed_column(head.type, "bytes left over");
  return column;
}

void append_all(std::uint32_t rows, std::vector<std::uint32_t>& found) {
  for (std::uint32_t row = 0; row < rows; ++row) found.push_back(row);
}

// Bytes that values of these types may hold between prefix and suffix.
byte_classes core_bytes(column_type type) {
  switch (type) {
    case column_type::integer:
      return classes_of("0123456789-");
    case column_type::fixed:
      return classes_of("0123456789");
    case column_type::hex:
      return classes_of("0123456789abcdef");
    case column_type::uuid:
      return classes_of("0123456789abcdef-");
    case column_type::address:
      return classes_of("0123456789.");
    default:
      return any_bytes;
  }
}

// Ids of the needle's length are compared as bytes.
result<void> find_whole_ids(bounded_reader& from, column_type type, std::uint32_t rows,
                            std::string_view needle, column_arena& memory,
                            std::vector<std::uint32_t>& found) {
  SKALD_TRY_ASSIGN(const id_bytes_column ids, read_ids(from, type, rows, memory));
  const std::span<char> wanted = memory.take_text(ids.id_bytes);
  const bool is_id = type == column_type::uuid ? parse_uuid(needle, wanted.data())
                                               : parse_hex(needle, wanted.data());
  if (!is_id) return {};
  const std::string_view id(wanted.data(), wanted.size());
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (ids.bytes.substr(row * ids.id_bytes, ids.id_bytes) == id) found.push_back(row);
  }
  return {};
}

// The number of characters of each id, 0 for other columns; `from` is not moved.
std::uint64_t id_text_bytes(bounded_reader from, const column_head& head) {
  if (head.affix_bytes() > 0) return 0;
  if (head.type == column_type::uuid) return uuid_text_bytes;
  return head.type == column_type::hex ? from.varint() : 0;
}

result<void> find_in_dictionary(bounded_reader& from, std::uint32_t rows, text_search& search,
                                column_arena& memory, std::vector<std::uint32_t>& found) {
  SKALD_TRY_ASSIGN(const value_views values, read_dictionary(from, rows, memory));
  const auto hits = memory.take<std::uint8_t>(values.size());
  std::fill(hits.begin(), hits.end(), 0);
  std::vector<std::uint32_t> holding;
  search.in_values(values, holding);
  if (holding.empty()) return {};
  for (const std::uint32_t number : holding) hits[number] = 1;
  SKALD_TRY_ASSIGN(const auto codes, read_codes(from, rows, values.size(), memory));
  for (std::uint32_t row = 0; row < rows; ++row) {
    if (hits[codes[row]] != 0) found.push_back(row);
  }
  return {};
}

result<void> find_in_column(std::string_view payload, const value_request& request,
                            text_search& search, column_arena& memory,
                            std::vector<std::uint32_t>& found) {
  bounded_reader from(payload);
  SKALD_TRY_ASSIGN(const column_head head, take_head(from));
  if (head.type == column_type::constant) {
    if (search.in(from.take(from.remaining()))) append_all(request.rows, found);
    return {};
  }
  if (head.type == column_type::dictionary) {
    return find_in_dictionary(from, request.rows, search, memory, found);
  }
  const byte_classes possible =
      core_bytes(head.type) | classes_of(head.prefix) | classes_of(head.suffix);
  if ((classes_of(search.needle()) & ~possible) != 0) return {};
  const std::uint64_t id_bytes = id_text_bytes(from, head);
  if (id_bytes > 0 && search.needle().size() >= id_bytes) {
    if (search.needle().size() > id_bytes) return {};
    return find_whole_ids(from, head.type, request.rows, search.needle(), memory, found);
  }
  SKALD_TRY_ASSIGN(const value_views values, read_values(from, head, request, memory));
  search.in_values(values, found);
  return {};
}

}  // namespace

struct column_decoder::state {
  column_arena memory;
  column_arena scratch;
};

column_decoder::column_decoder() : state_(std::make_unique<state>()) {}
column_decoder::~column_decoder() = default;

result<decoded_column> column_decoder::decode(std::string_view payload, std::uint32_t rows,
                                              std::span<const std::int64_t> entry_times_ns) {
  SKALD_ASSERT(entry_times_ns.size() == rows);
  return decode_column(payload, {rows, entry_times_ns, nullptr, rows}, state_->memory);
}

result<decoded_column> column_decoder::decode_some(std::string_view payload, std::uint32_t rows,
                                                   std::span<const std::int64_t> entry_times_ns,
                                                   std::span<const std::uint32_t> wanted) {
  SKALD_ASSERT(entry_times_ns.size() == rows);
  SKALD_ASSERT(wanted.empty() || wanted.back() < rows);
  if (wanted.empty()) return decoded_column{};
  return decode_column(
      payload, {rows, entry_times_ns, wanted.data(), static_cast<std::uint32_t>(wanted.size())},
      state_->memory);
}

result<void> column_decoder::find(std::string_view payload, std::uint32_t rows,
                                  std::span<const std::int64_t> entry_times_ns,
                                  std::string_view needle, bool ignore_ascii_case,
                                  std::vector<std::uint32_t>& found) {
  SKALD_ASSERT(entry_times_ns.size() == rows);
  text_search search(needle, ignore_ascii_case);
  auto done = find_in_column(payload, {rows, entry_times_ns, nullptr, rows}, search,
                             state_->scratch, found);
  state_->scratch.clear();
  return done;
}

void column_decoder::find_in(const decoded_column& column, std::string_view needle,
                             bool ignore_ascii_case, std::vector<std::uint32_t>& found) {
  text_search search(needle, ignore_ascii_case);
  if (column.codes.empty()) return search.in_values(column.values, found);
  std::vector<std::uint32_t> holding;
  search.in_values(column.values, holding);
  if (holding.empty()) return;
  std::vector<char> hits(column.values.size(), 0);
  for (const std::uint32_t number : holding) hits[number] = 1;
  for (std::uint32_t row = 0; row < column.rows; ++row) {
    if (hits[column.codes[row]] != 0) found.push_back(row);
  }
}

std::size_t column_decoder::memory_bytes() const {
  return sizeof(*state_) + state_->memory.memory_bytes() + state_->scratch.memory_bytes();
}

void column_decoder::clear() {
  state_->memory.clear();
}

}  // namespace skald
