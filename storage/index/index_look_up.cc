// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_look_up.h"

#include <algorithm>
#include <limits>
#include <unordered_map>
#include <utility>

namespace skald {
namespace {

using namespace index_keys;

// Up to so many streams, reading their labels is cheaper than asking each label's postings.
constexpr std::uint64_t few_streams = 256;
// The same for a regular expression over all values of a label.
constexpr std::uint64_t few_streams_to_match = 2048;
// So many streams' labels can be read in the time that one value and its posting take.
constexpr std::uint64_t streams_read_per_value = 16;

bool needs_walk(const label_matcher& matcher) {
  const bool regex = matcher.op() == match_op::regex || matcher.op() == match_op::not_regex;
  return regex && matcher.literal_alternatives().empty();
}

error damaged(const char* what) {
  return {errc::corrupt, std::string("index file: malformed ") + what};
}

std::vector<std::string> sorted_unique(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
  return texts;
}

std::vector<std::uint32_t> to_vector(const roaring_bitmap_t& set) {
  std::vector<std::uint32_t> out(roaring_bitmap_get_cardinality(&set));
  roaring_bitmap_to_uint32_array(&set, out.data());
  return out;
}

}  // namespace

void add_to_volume(index_volume& volume, const time_range& range, std::int64_t min_timestamp_ns,
                   std::int64_t max_timestamp_ns, std::uint64_t rows, std::uint64_t line_bytes) {
  ++volume.chunks;
  if (range.covers(min_timestamp_ns, max_timestamp_ns)) {
    volume.entries += rows;
    volume.bytes += line_bytes;
    return;
  }
  const double whole =
      static_cast<double>(max_timestamp_ns) - static_cast<double>(min_timestamp_ns) + 1;
  const auto end = static_cast<double>(std::min(max_timestamp_ns, range.end_ns - 1)) + 1;
  const auto start = static_cast<double>(std::max(min_timestamp_ns, range.start_ns));
  const double share = std::clamp((end - start) / whole, 0.0, 1.0);
  volume.entries += static_cast<std::uint64_t>(static_cast<double>(rows) * share);
  volume.bytes += static_cast<std::uint64_t>(static_cast<double>(line_bytes) * share);
}

result<bool> index_look_up::begin() {
  SKALD_TRY_ASSIGN(const auto schema, transaction_.get(meta, "schema"));
  if (!schema) return false;  // nothing was added yet
  if (schema->size() != 4) return damaged("schema");
  if (read_be32(*schema) != schema_version) {
    return error{errc::corrupt, "index file: schema version " + std::to_string(read_be32(*schema)) +
                                    " is unknown"};
  }
  SKALD_TRY_ASSIGN(const auto stored, transaction_.get(meta, "counters"));
  const auto known = stored ? decode_counters(*stored) : std::nullopt;
  if (!known) return damaged("counters");
  counters_ = *known;
  return query_.range.overlaps(counters_.min_timestamp_ns, counters_.max_timestamp_ns);
}

result<bool> index_look_up::name_of(std::string_view name, name_entry& out) {
  const std::string key = name_key(name);
  SKALD_TRY_ASSIGN(const auto stored, transaction_.get(lname, key));
  if (!stored) return false;
  std::string_view full;
  if (!decode_name(key, *stored, out, full)) return damaged("label name");
  return full == name;
}

result<std::uint32_t> index_look_up::pair_of(std::uint32_t name, std::string_view value) {
  const std::string key = pair_key(name, value);
  SKALD_TRY_ASSIGN(const auto stored, transaction_.get(lval, key));
  if (!stored) return std::uint32_t{0};
  std::uint32_t pair = 0;
  std::string_view full;
  if (!decode_pair(key, *stored, pair, full)) return damaged("label value");
  return full == value ? pair : 0;
}

result<void> index_look_up::add_pair(std::uint32_t pair, roaring_bitmap_t& out) {
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction_, post));
  const post_key first = make_post_key(pair, 0);
  SKALD_TRY_ASSIGN(bool more, cursor.seek({first.data(), first.size()}));
  for (; more && cursor.key().size() == first.size() && read_be32(cursor.key()) == pair;) {
    const std::string_view key = cursor.key();
    const auto container = static_cast<std::uint16_t>(static_cast<unsigned char>(key[4]) << 8 |
                                                      static_cast<unsigned char>(key[5]));
    if (!decode_posting(container, cursor.value(), out)) return damaged("posting");
    SKALD_TRY_ASSIGN(more, cursor.next());
  }
  return {};
}

result<void> index_look_up::add_value(std::uint32_t name, std::string_view value,
                                      roaring_bitmap_t& out) {
  SKALD_TRY_ASSIGN(const std::uint32_t pair, pair_of(name, value));
  return pair == 0 ? result<void>() : add_pair(pair, out);
}

template <class Take>
result<void> index_look_up::for_each_value(std::uint32_t name, Take take) {
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction_, lval));
  SKALD_TRY_ASSIGN(bool more, cursor.seek(be32(name)));
  while (more && cursor.key().size() >= 4 && read_be32(cursor.key()) == name) {
    std::uint32_t pair = 0;
    std::string_view value;
    if (!decode_pair(cursor.key(), cursor.value(), pair, value)) return damaged("label value");
    SKALD_TRY(take(value, pair));
    SKALD_TRY_ASSIGN(more, cursor.next());
  }
  return {};
}

result<void> index_look_up::add_values(const label_matcher& matcher, std::uint32_t name,
                                       bool wanted, roaring_bitmap_t& out) {
  const bool negated = matcher.op() == match_op::not_equal || matcher.op() == match_op::not_regex;
  // "a", "!a": the values are named, when they are the ones asked for.
  if (negated != wanted) {
    const bool plain = matcher.op() == match_op::equal || matcher.op() == match_op::not_equal;
    if (plain) return add_value(name, matcher.value(), out);
    if (!matcher.literal_alternatives().empty()) {
      for (const std::string& value : matcher.literal_alternatives()) {
        SKALD_TRY(add_value(name, value, out));
      }
      return {};
    }
  }
  return for_each_value(name, [&](std::string_view value, std::uint32_t pair) -> result<void> {
    return matcher.matches(value) == wanted ? add_pair(pair, out) : result<void>();
  });
}

result<void> index_look_up::apply(const label_matcher& matcher, roaring_bitmap_t& set) {
  name_entry name;
  SKALD_TRY_ASSIGN(const bool known, name_of(matcher.name(), name));
  const ordinal_set found = make_ordinal_set();
  if (matcher.matches_empty()) {
    // Streams without the label pass as well: take away those with another value.
    if (!known) return {};
    const bool only_empty = matcher.op() == match_op::equal;
    SKALD_TRY(only_empty ? add_pair(name.presence, *found)
                         : add_values(matcher, name.name, false, *found));
    roaring_bitmap_andnot_inplace(&set, found.get());
    return {};
  }
  if (!known) {
    roaring_bitmap_clear(&set);
    return {};
  }
  const bool any_value = matcher.op() == match_op::not_equal;  // != "", since the empty value fails
  SKALD_TRY(any_value ? add_pair(name.presence, *found)
                      : add_values(matcher, name.name, true, *found));
  roaring_bitmap_and_inplace(&set, found.get());
  return {};
}

result<ordinal_set> index_look_up::matching() {
  ordinal_set set = make_ordinal_set();
  SKALD_TRY(add_value(tenant_name, query_.tenant, *set));
  std::vector<const label_matcher*> walks;
  for (const label_matcher& matcher : query_.matchers) {
    if (needs_walk(matcher)) {
      walks.push_back(&matcher);
    } else if (!roaring_bitmap_is_empty(set.get())) {
      SKALD_TRY(apply(matcher, *set));
    }
  }
  std::vector<const label_matcher*> rest;
  for (const label_matcher* matcher : walks) {
    const std::uint64_t streams = roaring_bitmap_get_cardinality(set.get());
    bool by_value = streams > few_streams_to_match;
    if (!by_value) {
      SKALD_TRY_ASSIGN(by_value, has_few_values(*matcher, streams / streams_read_per_value));
    }
    if (by_value) {
      SKALD_TRY(apply(*matcher, *set));
    } else {
      rest.push_back(matcher);
    }
  }
  if (!rest.empty()) SKALD_TRY(filter(rest, *set));
  return set;
}

result<bool> index_look_up::has_few_values(const label_matcher& matcher, std::uint64_t most) {
  if (most == 0) return false;
  name_entry name;
  SKALD_TRY_ASSIGN(const bool known, name_of(matcher.name(), name));
  if (!known) return true;
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction_, lval));
  SKALD_TRY_ASSIGN(bool more, cursor.seek(be32(name.name)));
  for (; more && cursor.key().size() >= 4 && read_be32(cursor.key()) == name.name; --most) {
    if (most == 0) return false;
    SKALD_TRY_ASSIGN(more, cursor.next());
  }
  return true;
}

result<void> index_look_up::filter(std::span<const label_matcher* const> matchers,
                                   roaring_bitmap_t& set) {
  const ordinal_set failed = make_ordinal_set();
  std::vector<char> met;
  SKALD_TRY(for_each_stream(set, [&](std::uint32_t ordinal, const stream_entry& s) -> result<void> {
    met.assign(matchers.size(), 0);
    bool pass = true;
    SKALD_TRY(for_each_label(s.labels, [&](std::string_view name, std::string_view value) {
      for (std::size_t i = 0; i < matchers.size(); ++i) {
        if (matchers[i]->name() != name) continue;
        met[i] = 1;
        pass = pass && matchers[i]->matches(value);
      }
    }));
    for (std::size_t i = 0; i < matchers.size(); ++i) {
      pass = pass && (met[i] != 0 || matchers[i]->matches_empty());
    }
    if (!pass) roaring_bitmap_add(failed.get(), ordinal);
    return {};
  }));
  roaring_bitmap_andnot_inplace(&set, failed.get());
  return {};
}

bool index_look_up::is_everything(const roaring_bitmap_t& set) const {
  return roaring_bitmap_get_cardinality(&set) == counters_.ordinals;
}

template <class Take>
result<void> index_look_up::for_each_stream(const roaring_bitmap_t& set, Take take) {
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction_, stream));
  std::uint64_t behind = std::numeric_limits<std::uint64_t>::max();  // what next() would find
  for (const std::uint32_t ordinal : to_vector(set)) {
    bool found = false;
    if (ordinal == behind) {
      SKALD_TRY_ASSIGN(found, cursor.next());
    } else {
      SKALD_TRY_ASSIGN(found, cursor.seek(be32(ordinal)));
    }
    stream_entry entry;
    if (!found || cursor.key().size() != 4 || read_be32(cursor.key()) != ordinal ||
        !decode_stream(cursor.value(), entry)) {
      return damaged("stream");
    }
    behind = std::uint64_t{ordinal} + 1;
    if (query_.shard.contains(entry.fingerprint)) SKALD_TRY(take(ordinal, entry));
  }
  return {};
}

result<std::vector<index_look_up::wanted_stream>> index_look_up::wanted(
    const roaring_bitmap_t& set) {
  std::vector<wanted_stream> out;
  SKALD_TRY(for_each_stream(set, [&](std::uint32_t ordinal, const stream_entry& s) -> result<void> {
    out.push_back({ordinal, s.fingerprint, s.labels});
    return {};
  }));
  return out;
}

template <class Enter, class Visit>
result<void> index_look_up::for_each_ref(std::span<const wanted_stream> streams, Enter enter,
                                         Visit visit) {
  if (streams.empty()) return {};
  SKALD_TRY_ASSIGN(lmdb_cursor packs, lmdb_cursor::open(transaction_, pack));
  SKALD_TRY_ASSIGN(lmdb_cursor blocks, lmdb_cursor::open(transaction_, refs));
  SKALD_TRY_ASSIGN(bool more, packs.seek(be32(0)));
  const time_range& range = query_.range;
  std::uint32_t seen = 0;
  for (; more && !enough_; ++seen) {
    pack_entry entry;
    if (packs.key().size() != 4 || !decode_pack(packs.value(), entry)) return damaged("pack");
    if (range.overlaps(entry.min_timestamp_ns, entry.max_timestamp_ns)) {
      enter(entry);
      const bool covered = range.covers(entry.min_timestamp_ns, entry.max_timestamp_ns);
      SKALD_TRY(refs_of_pack(blocks, read_be32(packs.key()), covered, streams, visit));
    }
    SKALD_TRY_ASSIGN(more, packs.next());
  }
  if (!enough_ && seen != counters_.packs) return damaged("pack table");
  return {};
}

template <class Visit>
result<void> index_look_up::refs_of_pack(lmdb_cursor& cursor, std::uint32_t id, bool covered,
                                         std::span<const wanted_stream> streams, Visit& visit) {
  std::size_t first = 0;  // the next stream to look for
  bool more = false;
  bool placed = false;
  while (first < streams.size()) {
    const std::uint32_t ordinal = streams[first].ordinal;
    ref_key key;
    if (placed && more && !decode_ref_key(cursor.key(), key)) return damaged("ref key");
    // Mostly the cursor stands right already: blocks follow each other.
    if (!placed || (more && key.pack == id && key.last_ordinal < ordinal)) {
      SKALD_TRY_ASSIGN(more, cursor.seek(encode_ref_key({id, ordinal, 0, 0})));
      if (more && !decode_ref_key(cursor.key(), key)) return damaged("ref key");
      placed = true;
    }
    if (!more || key.pack != id) return {};
    SKALD_TRY(refs_of_block(key, cursor.value(), covered, streams, first, visit));
    // The block behind it may hold more refs of its last stream.
    const auto next = std::lower_bound(
        streams.begin() + static_cast<std::ptrdiff_t>(first), streams.end(), key.last_ordinal,
        [](const wanted_stream& s, std::uint32_t last) { return s.ordinal < last; });
    first = static_cast<std::size_t>(next - streams.begin());
    SKALD_TRY_ASSIGN(more, cursor.next());
  }
  return {};
}

template <class Visit>
result<void> index_look_up::refs_of_block(const ref_key& key, std::string_view value, bool covered,
                                          std::span<const wanted_stream> streams, std::size_t first,
                                          Visit& visit) {
  while (first < streams.size() && streams[first].ordinal < key.first_ordinal) ++first;
  if (first == streams.size() || streams[first].ordinal > key.last_ordinal) return {};
  const auto block = ref_block::parse(value);
  if (!block || block->ordinal(0) != key.first_ordinal ||
      block->ordinal(block->size() - 1) != key.last_ordinal) {
    return damaged("ref block");
  }
  const time_range& range = query_.range;
  std::size_t at = 0;
  for (; first < streams.size() && streams[first].ordinal <= key.last_ordinal; ++first) {
    const std::uint32_t ordinal = streams[first].ordinal;
    if (block->ordinal(at) < ordinal) at = block->lower_bound(ordinal, at + 1);
    for (; at < block->size() && block->ordinal(at) == ordinal; ++at) {
      if (covered || range.overlaps(block->min_timestamp_ns(at), block->max_timestamp_ns(at))) {
        visit(first, *block, at);
      }
    }
    if (at == block->size()) break;
  }
  return {};
}

result<void> index_look_up::keep_in_range(std::vector<wanted_stream>& streams) {
  std::vector<char> found(streams.size(), 0);
  std::size_t missing = streams.size();
  SKALD_TRY(for_each_ref(
      streams, [](const pack_entry&) {},
      [&](std::size_t position, const ref_block&, std::size_t) {
        if (std::exchange(found[position], 1) == 0) enough_ = --missing == 0;
      }));
  std::size_t position = 0;
  std::erase_if(streams, [&](const wanted_stream&) { return found[position++] == 0; });
  return {};
}

result<std::vector<indexed_stream>> index_look_up::find_streams(bool in_range) {
  std::vector<indexed_stream> out;
  SKALD_TRY_ASSIGN(const bool relevant, begin());
  if (counters_.ordinals == 0 || (in_range && !relevant)) return out;
  const bool check =
      in_range && !query_.range.covers(counters_.min_timestamp_ns, counters_.max_timestamp_ns);
  SKALD_TRY_ASSIGN(const ordinal_set set, matching());
  SKALD_TRY_ASSIGN(std::vector<wanted_stream> streams, wanted(*set));
  if (check) SKALD_TRY(keep_in_range(streams));
  out.reserve(streams.size());
  for (const wanted_stream& s : streams) out.push_back({s.fingerprint, std::string(s.labels)});
  std::sort(out.begin(), out.end(), [](const indexed_stream& a, const indexed_stream& b) {
    return a.fingerprint < b.fingerprint;
  });
  return out;
}

result<chunk_table> index_look_up::chunks() {
  chunk_table out;
  SKALD_TRY_ASSIGN(const bool relevant, begin());
  if (!relevant) return out;
  SKALD_TRY_ASSIGN(const ordinal_set set, matching());
  SKALD_TRY_ASSIGN(const std::vector<wanted_stream> streams, wanted(*set));
  constexpr std::uint32_t unseen = 0xffffffff;
  std::vector<std::uint32_t> numbers(streams.size(), unseen);
  SKALD_TRY(for_each_ref(
      streams,
      [&](const pack_entry& entry) {
        out.packs.push_back({std::string(entry.key), {}});
        out.packs.back().chunks.reserve(std::min<std::size_t>(entry.chunks, streams.size()));
      },
      [&](std::size_t position, const ref_block& block, std::size_t at) {
        std::uint32_t& number = numbers[position];
        if (number == unseen) {
          number = static_cast<std::uint32_t>(out.streams.size());
          const wanted_stream& s = streams[position];
          out.streams.push_back({s.fingerprint, std::string(s.labels)});
        }
        const pack_ref r = block[at];
        out.packs.back().chunks.push_back({number, r.directory_entry, r.min_timestamp_ns,
                                           r.max_timestamp_ns, r.rows, r.line_bytes});
      }));
  std::erase_if(out.packs, [](const pack_chunks& one) { return one.chunks.empty(); });
  std::sort(out.packs.begin(), out.packs.end(),
            [](const pack_chunks& a, const pack_chunks& b) { return a.key < b.key; });
  return out;
}

result<bool> index_look_up::intersects(std::uint32_t pair, const roaring_bitmap_t& set) {
  const ordinal_set posted = make_ordinal_set();
  SKALD_TRY(add_pair(pair, *posted));
  return roaring_bitmap_intersect(posted.get(), &set);
}

result<std::vector<std::string>> index_look_up::label_names() {
  std::vector<std::string> out;
  SKALD_TRY_ASSIGN(const bool relevant, begin());
  if (!relevant) return out;
  SKALD_TRY_ASSIGN(const ordinal_set set, matching());
  if (roaring_bitmap_get_cardinality(set.get()) <= few_streams || query_.shard.count > 1) {
    SKALD_TRY(for_each_stream(*set, [&](std::uint32_t, const stream_entry& s) {
      return for_each_label(s.labels, [&](std::string_view name, std::string_view) {
        if (out.empty() || out.back() != name) out.emplace_back(name);
      });
    }));
    return sorted_unique(std::move(out));
  }
  const bool all = is_everything(*set);
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction_, lname));
  SKALD_TRY_ASSIGN(bool more, cursor.seek(std::string_view("\0", 1)));
  while (more) {
    name_entry entry;
    std::string_view name;
    if (!decode_name(cursor.key(), cursor.value(), entry, name)) return damaged("label name");
    bool wanted = all;
    if (!all) {
      SKALD_TRY_ASSIGN(wanted, intersects(entry.presence, *set));
    }
    if (wanted) out.emplace_back(name);
    SKALD_TRY_ASSIGN(more, cursor.next());
  }
  return sorted_unique(std::move(out));
}

result<std::vector<std::string>> index_look_up::label_values(std::string_view name) {
  std::vector<std::string> out;
  SKALD_TRY_ASSIGN(const bool relevant, begin());
  name_entry entry;
  if (!relevant) return out;
  SKALD_TRY_ASSIGN(const bool known, name_of(name, entry));
  if (!known) return out;
  SKALD_TRY_ASSIGN(const ordinal_set set, matching());
  if (roaring_bitmap_get_cardinality(set.get()) <= few_streams || query_.shard.count > 1) {
    SKALD_TRY(for_each_stream(*set, [&](std::uint32_t, const stream_entry& s) {
      return for_each_label(s.labels, [&](std::string_view n, std::string_view value) {
        if (n == name) out.emplace_back(value);
      });
    }));
    return sorted_unique(std::move(out));
  }
  const bool all = is_everything(*set);
  SKALD_TRY(
      for_each_value(entry.name, [&](std::string_view value, std::uint32_t pair) -> result<void> {
        bool wanted = all;
        if (!all) {
          SKALD_TRY_ASSIGN(wanted, intersects(pair, *set));
        }
        if (wanted) out.emplace_back(value);
        return {};
      }));
  return sorted_unique(std::move(out));
}

result<index_volume> index_look_up::stats() {
  index_volume out;
  SKALD_TRY_ASSIGN(const bool relevant, begin());
  if (!relevant) return out;
  SKALD_TRY_ASSIGN(const ordinal_set set, matching());
  SKALD_TRY_ASSIGN(const std::vector<wanted_stream> streams, wanted(*set));
  std::vector<char> found(streams.size(), 0);
  SKALD_TRY(for_each_ref(
      streams, [](const pack_entry&) {},
      [&](std::size_t position, const ref_block& block, std::size_t at) {
        const pack_ref r = block[at];
        add_to_volume(out, query_.range, r.min_timestamp_ns, r.max_timestamp_ns, r.rows,
                      r.line_bytes);
        out.streams += std::exchange(found[position], 1) == 0 ? 1 : 0;
      }));
  return out;
}

result<void> index_look_up::contains(std::span<const index_row> rows, std::vector<bool>& out) {
  SKALD_TRY(begin());
  SKALD_TRY_ASSIGN(const std::uint32_t tenant, pair_of(tenant_name, query_.tenant));
  if (counters_.packs == 0 || tenant == 0) return {};
  std::unordered_map<std::string_view, std::vector<std::size_t>> rows_of;  // by pack key
  for (std::size_t i = 0; i < rows.size(); ++i) rows_of[rows[i].pack_key()].push_back(i);
  SKALD_TRY_ASSIGN(lmdb_cursor packs, lmdb_cursor::open(transaction_, pack));
  SKALD_TRY_ASSIGN(bool more, packs.seek(be32(0)));
  while (more) {
    pack_entry entry;
    if (packs.key().size() != 4 || !decode_pack(packs.value(), entry)) return damaged("pack");
    if (const auto asked = rows_of.find(entry.key); asked != rows_of.end()) {
      SKALD_TRY(contains_of_pack(read_be32(packs.key()), tenant, rows, asked->second, out));
    }
    SKALD_TRY_ASSIGN(more, packs.next());
  }
  return {};
}

result<void> index_look_up::contains_of_pack(std::uint32_t id, std::uint32_t tenant,
                                             std::span<const index_row> rows,
                                             std::span<const std::size_t> positions,
                                             std::vector<bool>& out) {
  SKALD_TRY_ASSIGN(const std::vector<pack_ref> stored, read_pack_refs(transaction_, id));
  std::unordered_multimap<std::uint32_t, std::uint32_t> ordinals;  // by directory entry
  for (const pack_ref& r : stored) ordinals.emplace(r.directory_entry, r.ordinal);
  for (const std::size_t i : positions) {
    const auto [from, to] = ordinals.equal_range(rows[i].chunk.directory_entry);
    for (auto at = from; at != to; ++at) {
      SKALD_TRY_ASSIGN(const auto value, transaction_.get(stream, be32(at->second)));
      stream_entry entry;
      if (!value || !decode_stream(*value, entry)) return damaged("stream");
      if (entry.tenant == tenant && entry.fingerprint == rows[i].chunk.stream) out[i] = true;
    }
  }
  return {};
}

result<std::vector<pack_ref>> read_pack_refs(lmdb_transaction& transaction, std::uint32_t pack) {
  std::vector<pack_ref> out;
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction, refs));
  SKALD_TRY_ASSIGN(bool more, cursor.seek(be32(pack)));
  while (more) {
    ref_key key;
    if (!decode_ref_key(cursor.key(), key)) return damaged("ref key");
    if (key.pack != pack) break;
    const auto block = ref_block::parse(cursor.value());
    if (!block) return damaged("ref block");
    for (std::size_t i = 0; i < block->size(); ++i) out.push_back((*block)[i]);
    SKALD_TRY_ASSIGN(more, cursor.next());
  }
  return out;
}

}  // namespace skald
