// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_look_up.h"

#include <algorithm>
#include <limits>

namespace skald {
namespace {

using namespace index_keys;

// Up to so many streams, reading their labels is cheaper than asking each label's postings.
constexpr std::uint64_t few_streams = 256;
// The same for a regular expression over all values of a label.
constexpr std::uint64_t few_streams_to_match = 2048;

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
  for (std::size_t i = 0; i < walks.size(); ++i) {
    if (roaring_bitmap_get_cardinality(set.get()) <= few_streams_to_match) {
      SKALD_TRY(filter(std::span(walks).subspan(i), *set));
      break;
    }
    SKALD_TRY(apply(*walks[i], *set));
  }
  return set;
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

result<bool> index_look_up::chunks_of(lmdb_cursor& cursor, std::uint32_t ordinal,
                                      const chunk_visitor* visit) {
  const time_range& range = query_.range;
  const chunk_key first = make_chunk_key(ordinal, range.start_ns);
  bool more = true;
  if (!cursor.at_entry() || cursor.key() < view(first) || chunk_ordinal(cursor.key()) > ordinal) {
    SKALD_TRY_ASSIGN(more, cursor.seek(view(first)));
  }
  // No chunk that begins before the range's end can end behind this.
  const std::int64_t last = range.end_ns - 1;
  const std::uint64_t room = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) -
                             static_cast<std::uint64_t>(last);
  const std::int64_t max_end = counters_.max_span_ns >= room
                                   ? std::numeric_limits<std::int64_t>::max()
                                   : last + static_cast<std::int64_t>(counters_.max_span_ns);
  bool any = false;
  while (more) {
    const std::string_view key = cursor.key();
    if (key.size() != chunk_key_bytes) return damaged("chunk key");
    if (chunk_ordinal(key) != ordinal || chunk_max_timestamp(key) > max_end) break;
    chunk_entry entry;
    if (!decode_chunk(key, cursor.value(), entry)) return damaged("chunk row");
    if (range.overlaps(entry.min_timestamp_ns, entry.max_timestamp_ns)) {
      any = true;
      if (visit == nullptr) break;
      SKALD_TRY((*visit)(entry));
    }
    SKALD_TRY_ASSIGN(more, cursor.next());
  }
  return any;
}

result<const std::string*> index_look_up::pack_key(std::uint32_t id) {
  if (id >= counters_.packs) return damaged("pack id");
  if (pack_keys_.size() < counters_.packs) pack_keys_.resize(counters_.packs);
  std::string& key = pack_keys_[id];
  if (key.empty()) {
    SKALD_TRY_ASSIGN(const auto stored, transaction_.get(pack, be32(id)));
    if (!stored || stored->empty()) return damaged("pack");
    key = *stored;
  }
  return static_cast<const std::string*>(&key);
}

result<std::vector<indexed_stream>> index_look_up::find_streams(bool in_range) {
  std::vector<indexed_stream> out;
  SKALD_TRY_ASSIGN(const bool relevant, begin());
  if (counters_.ordinals == 0 || (in_range && !relevant)) return out;
  const bool check =
      in_range && !query_.range.covers(counters_.min_timestamp_ns, counters_.max_timestamp_ns);
  SKALD_TRY_ASSIGN(const ordinal_set set, matching());
  SKALD_TRY_ASSIGN(lmdb_cursor chunks, lmdb_cursor::open(transaction_, chunk));
  SKALD_TRY(
      for_each_stream(*set, [&](std::uint32_t ordinal, const stream_entry& s) -> result<void> {
        if (check) {
          SKALD_TRY_ASSIGN(const bool any, chunks_of(chunks, ordinal, nullptr));
          if (!any) return {};
        }
        out.push_back({s.fingerprint, std::string(s.labels)});
        return {};
      }));
  std::sort(out.begin(), out.end(), [](const indexed_stream& a, const indexed_stream& b) {
    return a.fingerprint < b.fingerprint;
  });
  return out;
}

result<std::vector<stream_chunks>> index_look_up::chunk_refs() {
  std::vector<stream_chunks> out;
  SKALD_TRY_ASSIGN(const bool relevant, begin());
  if (!relevant) return out;
  SKALD_TRY_ASSIGN(const ordinal_set set, matching());
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction_, chunk));
  std::vector<chunk_ref> found;
  stream_fingerprint fingerprint;
  const chunk_visitor take = [&](const chunk_entry& c) -> result<void> {
    SKALD_TRY_ASSIGN(const std::string* key, pack_key(c.pack));
    found.push_back({fingerprint, *key, c.directory_entry, c.min_timestamp_ns, c.max_timestamp_ns,
                     c.rows, c.line_bytes});
    return {};
  };
  SKALD_TRY(
      for_each_stream(*set, [&](std::uint32_t ordinal, const stream_entry& s) -> result<void> {
        found.clear();
        fingerprint = s.fingerprint;
        SKALD_TRY_ASSIGN(const bool any, chunks_of(cursor, ordinal, &take));
        if (any) out.push_back({s.fingerprint, std::string(s.labels), found});
        return {};
      }));
  for (stream_chunks& s : out) {
    std::stable_sort(s.chunks.begin(), s.chunks.end(), [](const chunk_ref& a, const chunk_ref& b) {
      return a.min_timestamp_ns < b.min_timestamp_ns;
    });
  }
  std::sort(out.begin(), out.end(), [](const stream_chunks& a, const stream_chunks& b) {
    return a.fingerprint < b.fingerprint;
  });
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
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction_, chunk));
  const chunk_visitor take = [&](const chunk_entry& c) -> result<void> {
    add_to_volume(out, query_.range, c.min_timestamp_ns, c.max_timestamp_ns, c.rows, c.line_bytes);
    return {};
  };
  SKALD_TRY(for_each_stream(*set, [&](std::uint32_t ordinal, const stream_entry&) -> result<void> {
    SKALD_TRY_ASSIGN(const bool any, chunks_of(cursor, ordinal, &take));
    out.streams += any ? 1 : 0;
    return {};
  }));
  return out;
}

}  // namespace skald
