// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/column_encoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <vector>

#include "runtime/base/assert.h"
#include "storage/chunk/column/byte_blob.h"
#include "storage/chunk/column/column_layout.h"
#include "storage/chunk/column/column_scan.h"
#include "storage/chunk/column/hex_text.h"
#include "storage/chunk/column/integer_codec.h"
#include "storage/chunk/column/number_text.h"
#include "storage/chunk/column/value_table.h"

namespace skald {
namespace {

using value_span = std::span<const std::string_view>;
using time_span = std::span<const std::int64_t>;

constexpr std::size_t dictionary_rows_min = 4;
// A time that takes more bits than this per row may be better off in a dictionary.
constexpr std::uint64_t near_time_bits = 12;

bool all_equal(value_span values) {
  return std::all_of(values.begin(), values.end(),
                     [&](std::string_view value) { return value == values.front(); });
}

bool is_typed(column_type type) {
  return type >= column_type::time && type != column_type::strings;
}

}  // namespace

// Encodes one column at a time; the vectors are scratch memory.
struct column_encoder::state {
  column_type append(value_span values, time_span times, column_type hint);

  void append_constant(std::string_view value);
  void append_head(column_type type, const column_affix& affix, std::string_view any_value);
  void append_strings(value_span values, const column_scan& scan);
  void append_dictionary(const column_candidates& candidates);
  // Each appends the column and returns true if every value fits, else does nothing.
  bool append_time(value_span values, time_span times, const time_candidate& candidate,
                   std::uint64_t bits_max);
  bool append_typed(value_span values, const column_candidates& candidates);
  bool append_integers(value_span values, const column_affix& affix);
  bool append_fixed_width(value_span values, const column_affix& affix);
  bool append_decimals(value_span values, const column_affix& affix);
  bool append_ids(value_span values, const column_affix& affix, column_type type);
  bool append_addresses(value_span values, const column_affix& affix);

  bool parse_times(value_span values, time_span times, const time_candidate& candidate);
  bool parse_decimals(value_span values, const column_affix& affix);
  bool parse_integers(value_span values, const column_affix& affix);
  // Finds the distinct values; false when there are too many, or too few rows.
  bool build_table(value_span values);
  bool dictionary_pays(const column_candidates& candidates, std::size_t rows);

  compressor* zstd = nullptr;
  std::string* out = nullptr;
  column_facts facts;
  integer_encoder integers;
  plane_encoder planes;
  value_table table;
  std::vector<std::int64_t> numbers;
  std::vector<std::uint64_t> codes;
  std::vector<decimal_form> forms;
  std::string text;
};

void column_encoder::state::append_constant(std::string_view value) {
  out->push_back(static_cast<char>(column_type::constant));
  *out += value;
  facts.type = column_type::constant;
  facts.distinct = 1;
  facts.bytes = classes_of(value);
}

// Also begins the facts: with the bytes of prefix and suffix.
void column_encoder::state::append_head(column_type type, const column_affix& affix,
                                        std::string_view any_value) {
  facts.type = type;
  facts.has_range = false;
  facts.bytes = 0;
  if (affix.empty()) {
    out->push_back(static_cast<char>(type));
    return;
  }
  const std::string_view prefix = any_value.substr(0, affix.prefix);
  const std::string_view suffix = any_value.substr(any_value.size() - affix.suffix);
  out->push_back(static_cast<char>(static_cast<std::uint8_t>(type) | column_flag_affix));
  append_varint(*out, prefix.size());
  *out += prefix;
  append_varint(*out, suffix.size());
  *out += suffix;
  facts.bytes = classes_of(prefix) | classes_of(suffix);
}

void column_encoder::state::append_strings(value_span values, const column_scan& scan) {
  // zstd finds what all values have in common, too; taking it off pays when it is much of them.
  const std::uint64_t common = std::uint64_t{scan.affix.prefix} + scan.affix.suffix;
  const column_affix affix =
      common * values.size() * 4 >= scan.bytes && values.size() > 1 ? scan.affix : column_affix{};
  append_head(column_type::strings, affix, values.front());
  numbers.resize(values.size());
  text.resize(scan.bytes - values.size() * (affix.prefix + affix.suffix));
  char* to = text.data();
  for (std::size_t row = 0; row < values.size(); ++row) {
    const std::string_view core = affix.core(values[row]);
    numbers[row] = static_cast<std::int64_t>(core.size());
    std::copy_n(core.data(), core.size(), to);
    to += core.size();
  }
  integers.append(numbers, *zstd, *out);
  append_blob(text, *zstd, *out);
  facts.bytes |= classes_of(text);
}

bool column_encoder::state::parse_times(value_span values, time_span times,
                                        const time_candidate& candidate) {
  time_text parser(candidate.form);
  numbers.resize(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    std::int64_t ticks;
    if (!parser.parse(candidate.affix.core(values[row]), ticks)) return false;
    numbers[row] = parser.relative(ticks, times[row]);
  }
  return true;
}

bool column_encoder::state::append_time(value_span values, time_span times,
                                        const time_candidate& candidate, std::uint64_t bits_max) {
  if (!candidate.found) return false;
  time_candidate taken = candidate;
  bool fits = parse_times(values, times, taken);
  if (!fits && taken.form.shape != time_shape::epoch_joined) {
    // Perhaps the sample did not show that zeros are trimmed.
    taken.form.trimmed = true;
    for (const std::uint8_t digits : {3, 6, 9}) {
      if (fits || digits < candidate.form.digits) continue;
      taken.form.digits = digits;
      fits = parse_times(values, times, taken);
    }
  }
  if (!fits) return false;
  const integer_plan plan = plan_integers(numbers);
  if (plan.bits > bits_max * values.size()) return false;
  append_head(column_type::time, taken.affix, values.front());
  append_time_form(taken.form, *out);
  integers.append(numbers, plan, *zstd, *out);
  facts.bytes |= classes_of("0123456789");
  switch (taken.form.shape) {
    case time_shape::iso_t:
      facts.bytes |= classes_of("-:T");
      break;
    case time_shape::iso_blank:
      facts.bytes |= classes_of("-: ");
      break;
    case time_shape::common_log:
      facts.bytes |= classes_of("/:abcdefghijklmnopqrstuvwxyz");
      break;
    case time_shape::clock:
      facts.bytes |= classes_of(":");
      break;
    case time_shape::epoch:
    case time_shape::epoch_joined:
      break;
  }
  if (taken.form.digits > 0) facts.bytes |= classes_of(taken.form.comma ? "," : ".");
  if (taken.form.zulu) facts.bytes |= classes_of("Z");
  return true;
}

bool column_encoder::state::parse_integers(value_span values, const column_affix& affix) {
  numbers.resize(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (!parse_integer(affix.core(values[row]), numbers[row])) return false;
  }
  return true;
}

bool column_encoder::state::append_integers(value_span values, const column_affix& affix) {
  if (!parse_integers(values, affix)) return false;
  const integer_plan plan = plan_integers(numbers);
  append_head(column_type::integer, affix, values.front());
  integers.append(numbers, plan, *zstd, *out);
  facts.bytes |= classes_of(plan.min < 0 ? "0123456789-" : "0123456789");
  facts.has_range = affix.empty();
  facts.min = plan.min;
  facts.max = plan.max;
  return true;
}

bool column_encoder::state::append_fixed_width(value_span values, const column_affix& affix) {
  const std::size_t width = affix.core(values.front()).size();
  numbers.resize(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    const std::string_view core = affix.core(values[row]);
    if (core.size() != width || !parse_digits(core, numbers[row])) return false;
  }
  const integer_plan plan = plan_integers(numbers);
  append_head(column_type::fixed, affix, values.front());
  append_varint(*out, width);
  integers.append(numbers, plan, *zstd, *out);
  facts.bytes |= classes_of("0123456789");
  facts.has_range = affix.empty();
  facts.min = plan.min;
  facts.max = plan.max;
  return true;
}

// Fills numbers with mantissas, forms with the distinct forms and codes with each row's.
bool column_encoder::state::parse_decimals(value_span values, const column_affix& affix) {
  numbers.resize(values.size());
  codes.resize(values.size());
  forms.clear();
  std::size_t last = 0;
  for (std::size_t row = 0; row < values.size(); ++row) {
    decimal_form form;
    if (!parse_decimal(affix.core(values[row]), numbers[row], form)) return false;
    if (last >= forms.size() || !(forms[last] == form)) {
      last = static_cast<std::size_t>(std::find(forms.begin(), forms.end(), form) - forms.begin());
      if (last == forms.size()) forms.push_back(form);
      if (forms.size() > decimal_forms_max) return false;
    }
    codes[row] = last;
  }
  return true;
}

bool column_encoder::state::append_decimals(value_span values, const column_affix& affix) {
  if (!parse_decimals(values, affix)) return false;
  append_head(column_type::decimal, affix, values.front());
  append_varint(*out, forms.size());
  for (const decimal_form& form : forms) {
    out->push_back(static_cast<char>(form.scale));
    append_varint(*out, form.unit_bytes);
    *out += form.unit_text();
    facts.bytes |= classes_of(form.unit_text());
    if (form.scale > 0) facts.bytes |= classes_of(".");
  }
  if (forms.size() > 1) planes.append(codes, zstd, *out);
  const integer_plan plan = plan_integers(numbers);
  integers.append(numbers, plan, *zstd, *out);
  facts.bytes |= classes_of(plan.min < 0 ? "0123456789-" : "0123456789");
  return true;
}

bool column_encoder::state::append_ids(value_span values, const column_affix& affix,
                                       column_type type) {
  const std::size_t digits = affix.core(values.front()).size();
  const std::size_t bytes = type == column_type::uuid ? uuid_bytes : digits / 2;
  text.resize(bytes * values.size());
  char* to = text.data();
  for (const std::string_view value : values) {
    const std::string_view core = affix.core(value);
    if (core.size() != digits) return false;
    if (!(type == column_type::uuid ? parse_uuid(core, to) : parse_hex(core, to))) return false;
    to += bytes;
  }
  append_head(type, affix, values.front());
  if (type == column_type::hex) append_varint(*out, digits);
  append_blob(text, *zstd, *out);
  facts.bytes |= classes_of(type == column_type::uuid ? "0123456789abcdef-" : "0123456789abcdef");
  return true;
}

bool column_encoder::state::append_addresses(value_span values, const column_affix& affix) {
  numbers.resize(values.size());
  for (std::size_t row = 0; row < values.size(); ++row) {
    if (!parse_address(affix.core(values[row]), numbers[row])) return false;
  }
  append_head(column_type::address, affix, values.front());
  integers.append(numbers, *zstd, *out);
  facts.bytes |= classes_of("0123456789.");
  return true;
}

bool column_encoder::state::append_typed(value_span values, const column_candidates& candidates) {
  const column_affix& affix = candidates.affix;
  if (candidates.integer && append_integers(values, affix)) return true;
  if (candidates.fixed && append_fixed_width(values, affix)) return true;
  if (candidates.decimal && append_decimals(values, affix)) return true;
  if (candidates.hex && append_ids(values, affix, column_type::hex)) return true;
  if (candidates.uuid && append_ids(values, affix, column_type::uuid)) return true;
  return candidates.address && append_addresses(values, affix);
}

// Whether codes and a dictionary take fewer bits than numbers; strings and ids they always beat.
bool column_encoder::state::dictionary_pays(const column_candidates& candidates, std::size_t rows) {
  if (!candidates.integer && !candidates.fixed && !candidates.decimal) return true;
  if (!parse_decimals(table.by_rank(), candidates.affix)) {
    numbers.clear();
    for (const std::string_view value : table.by_rank()) {
      std::int64_t number;
      if (!parse_digits(candidates.affix.core(value), number)) return true;
      numbers.push_back(number);
    }
  }
  const integer_plan plan = plan_integers(numbers);
  const auto width = static_cast<std::uint64_t>(
      std::bit_width(static_cast<std::uint64_t>(plan.max) - static_cast<std::uint64_t>(plan.min)));
  return table.entropy_bits() + width * table.distinct().size() < width * rows;
}

void column_encoder::state::append_dictionary(const column_candidates& candidates) {
  const value_span values = table.by_rank();
  out->push_back(static_cast<char>(column_type::dictionary));
  append_varint(*out, values.size());
  column_candidates fitting = candidates;
  if (!append_typed(values, fitting)) append_strings(values, scan_values(values));
  const auto ranks = table.ranks();
  codes.resize(table.codes().size());
  for (std::size_t row = 0; row < codes.size(); ++row) codes[row] = ranks[table.codes()[row]];
  planes.append(codes, zstd, *out);
  facts.type = column_type::dictionary;
  facts.distinct = static_cast<std::uint32_t>(values.size());
}

bool column_encoder::state::build_table(value_span values) {
  if (values.size() < dictionary_rows_min || !table.build(values)) return false;
  table.rank();
  return true;
}

column_type column_encoder::state::append(value_span values, time_span times, column_type hint) {
  SKALD_ASSERT(!values.empty() && values.size() == times.size());
  facts = {};
  // What most columns are: a constant needs one look at the values, a dictionary another one, after
  // which the distinct values stand for all.
  const bool is_constant = hint == column_type::constant && all_equal(values);
  bool has_table = !is_constant && !is_typed(hint) && build_table(values);
  column_scan scan = scan_values(is_constant ? values.first(1)
                                 : has_table ? table.by_rank()
                                             : values);
  if (has_table) scan.bytes = table.bytes();
  SKALD_ASSERT(scan.bytes <= section_bytes_max);
  facts.bytes_min = scan.bytes_min;
  facts.bytes_max = scan.bytes_max;
  if (scan.all_equal) {
    append_constant(values.front());
    return facts.type;
  }
  const time_candidate time = find_time_candidate(values, times, scan);
  const std::uint64_t time_bits = hint == column_type::time ? 64 : near_time_bits;
  if (append_time(values, times, time, time_bits)) return facts.type;
  const column_candidates candidates = find_candidates(has_table ? table.by_rank() : values, scan);
  if (is_typed(hint)) {
    if (append_typed(values, candidates)) return facts.type;
    has_table = build_table(values);
  }
  if (has_table && dictionary_pays(candidates, values.size())) {
    append_dictionary(candidates);
    return facts.type;
  }
  if (!append_time(values, times, time, 64) && !append_typed(values, candidates)) {
    append_strings(values, scan);
  }
  return facts.type;
}

column_encoder::column_encoder() : state_(std::make_unique<state>()) {}
column_encoder::~column_encoder() = default;

column_type column_encoder::append(value_span values, time_span entry_times_ns, column_type hint,
                                   compressor& zstd, std::string& out) {
  state_->zstd = &zstd;
  state_->out = &out;
  return state_->append(values, entry_times_ns, hint);
}

const column_facts& column_encoder::facts() const {
  return state_->facts;
}

}  // namespace skald
