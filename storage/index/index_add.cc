// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_add.h"

#include <algorithm>
#include <optional>

#include "storage/index/index_look_up.h"
#include "storage/index/posting_codec.h"

namespace skald {
namespace {

using namespace index_keys;

error damaged(const char* what) {
  return {errc::corrupt, std::string("index file: malformed ") + what};
}

// Calls `take` for every entry of a table.
template <class Take>
result<void> walk(lmdb_transaction& transaction, table which, Take take) {
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction, which));
  SKALD_TRY_ASSIGN(bool more, cursor.seek(std::string_view("\0", 1)));
  while (more) {
    SKALD_TRY(take(cursor.key(), cursor.value()));
    SKALD_TRY_ASSIGN(more, cursor.next());
  }
  return {};
}

// Takes all blocks of a pack out of the file and returns their refs.
result<std::vector<pack_ref>> take_pack_refs(lmdb_transaction& transaction, std::uint32_t pack) {
  SKALD_TRY_ASSIGN(auto taken, read_pack_refs(transaction, pack));
  std::vector<std::string> keys;
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction, refs));
  SKALD_TRY_ASSIGN(bool more, cursor.seek(be32(pack)));
  while (more && read_be32(cursor.key()) == pack) {
    keys.emplace_back(cursor.key());
    SKALD_TRY_ASSIGN(more, cursor.next());
  }
  for (const std::string& key : keys) SKALD_TRY(transaction.remove(refs, key));
  return taken;
}

}  // namespace

result<void> index_adder::load() {
  return env_.read([this](lmdb_transaction& t) -> result<void> {
    SKALD_TRY_ASSIGN(const auto stored, t.get(meta, "counters"));
    if (!stored) return {};
    const auto known = decode_counters(*stored);
    if (!known) return damaged("counters");
    counters_ = *known;
    SKALD_TRY(walk(t, lname, [&](std::string_view key, std::string_view value) -> result<void> {
      name_entry entry;
      std::string_view name;
      if (!decode_name(key, value, entry, name)) return damaged("label name");
      names_[std::string(name)] = entry;
      return {};
    }));
    SKALD_TRY(walk(t, lval, [&](std::string_view key, std::string_view value) -> result<void> {
      std::uint32_t pair = 0;
      std::string_view text;
      if (!decode_pair(key, value, pair, text)) return damaged("label value");
      pairs_[std::string(key.substr(0, 4)) + std::string(text)] = pair;
      return {};
    }));
    SKALD_TRY(walk(t, pack, [&](std::string_view key, std::string_view value) -> result<void> {
      pack_entry entry;
      if (key.size() != 4 || !decode_pack(value, entry)) return damaged("pack");
      packs_[std::string(entry.key)] = read_be32(key);
      return {};
    }));
    return walk(t, stream, [&](std::string_view key, std::string_view value) -> result<void> {
      stream_entry entry;
      if (key.size() != 4 || !decode_stream(value, entry)) return damaged("stream");
      streams_[{entry.fingerprint, entry.tenant}] = read_be32(key);
      return {};
    });
  });
}

result<void> index_adder::add(std::string_view tenant, std::span<const index_row> rows) {
  if (rows.empty()) return {};
  staged what;
  what.counters = counters_;
  auto done = stage(tenant, rows, what);
  if (done.ok()) {
    done = env_.write([&](lmdb_transaction& t) { return write(t, what); });
  }
  if (!done.ok()) {
    forget(what);
    return done;
  }
  counters_ = what.counters;
  return {};
}

result<void> index_adder::stage(std::string_view tenant, std::span<const index_row> rows,
                                staged& out) {
  const std::uint32_t tenant_pair = pair_of(tenant_name, tenant, out);
  out.refs.reserve(rows.size());
  if (streams_.empty()) streams_.reserve(rows.size());
  std::string_view last_key;  // rows of one pack stand together
  std::uint32_t last_pack = 0;
  for (const index_row& row : rows) {
    const chunk_ref& c = row.chunk;
    const std::string_view key = row.pack_key();
    if (c.max_timestamp_ns < c.min_timestamp_ns) {
      return error{errc::invalid_argument, "index row: max timestamp before min timestamp"};
    }
    if (key.empty() || key.size() > pack_key_bytes_max) {
      return error{errc::invalid_argument, "index row: pack key must have 1 to 400 bytes"};
    }
    SKALD_TRY_ASSIGN(const std::uint32_t ordinal, stage_stream(tenant_pair, row, out));
    if (last_key != key) {
      last_pack = pack_of(key, out);
      last_key = key;
    }
    out.refs.push_back({last_pack,
                        {ordinal, c.directory_entry, c.min_timestamp_ns, c.max_timestamp_ns, c.rows,
                         c.line_bytes}});
    counters& n = out.counters;
    n.min_timestamp_ns = std::min(n.min_timestamp_ns, c.min_timestamp_ns);
    n.max_timestamp_ns = std::max(n.max_timestamp_ns, c.max_timestamp_ns);
  }
  const auto by_pack = [](const new_ref& a, const new_ref& b) {
    return a.pack != b.pack ? a.pack < b.pack : ref_order(a.ref, b.ref);
  };
  if (!std::is_sorted(out.refs.begin(), out.refs.end(), by_pack)) {
    std::stable_sort(out.refs.begin(), out.refs.end(), by_pack);
  }
  std::sort(out.postings.begin(), out.postings.end());
  return {};
}

result<std::uint32_t> index_adder::stage_stream(std::uint32_t tenant, const index_row& row,
                                                staged& out) {
  const stream_key key{row.chunk.stream, tenant};
  const auto [found, is_new] = streams_.try_emplace(key, out.counters.ordinals);
  if (!is_new) return found->second;
  const std::uint32_t ordinal = out.counters.ordinals++;
  out.streams.push_back(key);
  out.labels.push_back(row.canonical_labels);
  if (fingerprint_of(row.canonical_labels) != row.chunk.stream) {
    return error{errc::invalid_argument, "index row: fingerprint is not that of the labels " +
                                             std::string(row.canonical_labels)};
  }
  const auto post_to = [&](std::uint32_t pair) {
    out.postings.push_back(std::uint64_t{pair} << 32 | ordinal);
  };
  post_to(tenant);
  std::size_t position = 0;
  SKALD_TRY(
      for_each_label(row.canonical_labels, [&](std::string_view name, std::string_view value) {
        if (position == out.last.size()) out.last.emplace_back();
        staged::last_label& last = out.last[position++];
        if (last.name != name) {
          last.entry = name_of(name, out);
          last.name = name;
          last.pair = 0;
        }
        if (last.pair == 0 || last.value != value) {
          last.pair = pair_of(last.entry.name, value, out);
          last.value = value;
        }
        post_to(last.entry.presence);
        post_to(last.pair);
      }));
  return ordinal;
}

name_entry index_adder::name_of(std::string_view name, staged& out) {
  if (const auto found = names_.find(name); found != names_.end()) return found->second;
  const name_entry entry{out.counters.names++, out.counters.pairs++};
  names_.emplace(name, entry);
  out.names.emplace_back(name);
  return entry;
}

std::uint32_t index_adder::pair_of(std::uint32_t name, std::string_view value, staged& out) {
  scratch_.clear();
  append_be32(scratch_, name);
  scratch_ += value;
  const auto [found, is_new] = pairs_.try_emplace(scratch_, out.counters.pairs);
  if (is_new) {
    ++out.counters.pairs;
    out.pairs.push_back(scratch_);
  }
  return found->second;
}

std::uint32_t index_adder::pack_of(std::string_view text, staged& out) {
  const std::string key(text);
  const auto [found, is_new] = packs_.try_emplace(key, out.counters.packs);
  if (is_new) {
    ++out.counters.packs;
    out.packs.push_back(key);
  }
  return found->second;
}

void index_adder::forget(const staged& failed) {
  for (const std::string& name : failed.names) names_.erase(name);
  for (const std::string& pair : failed.pairs) pairs_.erase(pair);
  for (const std::string& key : failed.packs) packs_.erase(key);
  for (const stream_key& key : failed.streams) streams_.erase(key);
}

result<void> index_adder::write(lmdb_transaction& transaction, staged& what) {
  SKALD_TRY(write_dictionaries(transaction, what));
  SKALD_TRY(write_streams(transaction, what));
  SKALD_TRY(write_postings(transaction, what));
  SKALD_TRY_ASSIGN(const std::uint64_t added, write_refs(transaction, what));
  what.counters.chunks = counters_.chunks + added;
  SKALD_TRY(transaction.put(meta, "schema", be32(schema_version)));
  return transaction.put(meta, "counters", encode_counters(what.counters));
}

result<void> index_adder::write_dictionaries(lmdb_transaction& transaction, const staged& what) {
  for (const std::string& name : what.names) {
    SKALD_TRY(transaction.put(lname, name_key(name), encode_name(names_.find(name)->second, name)));
  }
  // In key order each insert finds the page of the one before.
  std::vector<const std::string*> sorted;
  sorted.reserve(what.pairs.size());
  for (const std::string& pair : what.pairs) sorted.push_back(&pair);
  std::sort(sorted.begin(), sorted.end(),
            [](const std::string* a, const std::string* b) { return *a < *b; });
  SKALD_TRY_ASSIGN(lmdb_cursor values, lmdb_cursor::open(transaction, lval));
  for (const std::string* pair : sorted) {
    const std::string_view value = std::string_view(*pair).substr(4);
    const std::string key = pair_key(read_be32(*pair), value);
    SKALD_TRY_ASSIGN(const bool fresh,
                     values.insert(key, encode_pair(pairs_.find(*pair)->second, value), false));
    if (!fresh) return error{errc::internal, "index file: two label values have one key"};
  }
  return {};
}

result<void> index_adder::write_streams(lmdb_transaction& transaction, const staged& what) {
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction, stream));
  std::uint32_t ordinal = what.counters.ordinals - static_cast<std::uint32_t>(what.streams.size());
  std::string value;
  for (std::size_t i = 0; i < what.streams.size(); ++i, ++ordinal) {
    encode_stream(value, {what.streams[i].fingerprint, what.streams[i].tenant, what.labels[i]});
    SKALD_TRY(cursor.insert(be32(ordinal), value, true));
  }
  return {};
}

result<void> index_adder::write_postings(lmdb_transaction& transaction, const staged& what) {
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction, post));
  const std::vector<std::uint64_t>& all = what.postings;
  std::uint32_t first_new_pair = counters_.pairs;
  std::vector<std::uint32_t> ordinals;
  for (std::size_t begin = 0; begin < all.size();) {
    const std::uint64_t container_of = all[begin] >> 16;  // pair and container
    std::size_t end = begin;
    ordinals.clear();
    for (; end < all.size() && all[end] >> 16 == container_of; ++end) {
      ordinals.push_back(static_cast<std::uint32_t>(all[end]));
    }
    begin = end;
    const auto pair = static_cast<std::uint32_t>(container_of >> 16);
    const auto container = static_cast<std::uint16_t>(container_of);
    const post_key key = make_post_key(pair, container);
    const std::string_view key_view(key.data(), key.size());
    const ordinal_set set = make_ordinal_set();
    if (pair < first_new_pair) {
      SKALD_TRY_ASSIGN(const auto stored, transaction.get(post, key_view));
      if (stored && !decode_posting(container, *stored, *set)) return damaged("posting");
    }
    roaring_bitmap_add_many(set.get(), ordinals.size(), ordinals.data());
    const std::string value = encode_posting(container, *set);
    if (pair < first_new_pair) {
      SKALD_TRY(transaction.put(post, key_view, value));
    } else {
      SKALD_TRY(cursor.insert(key_view, value, true));
    }
  }
  return {};
}

result<std::uint64_t> index_adder::write_refs(lmdb_transaction& transaction, const staged& what) {
  const std::span<const new_ref> all = what.refs;
  std::uint64_t added = 0;
  for (std::size_t begin = 0; begin < all.size();) {
    std::size_t end = begin;
    while (end < all.size() && all[end].pack == all[begin].pack) ++end;
    const std::uint32_t id = all[begin].pack;
    std::string key;
    if (id >= counters_.packs) {
      key = what.packs[id - counters_.packs];
    } else {
      SKALD_TRY_ASSIGN(const auto stored, transaction.get(pack, be32(id)));
      pack_entry entry;
      if (!stored || !decode_pack(*stored, entry)) return damaged("pack");
      key = entry.key;
    }
    SKALD_TRY_ASSIGN(const std::uint64_t more,
                     write_pack_refs(transaction, key, all.subspan(begin, end - begin)));
    added += more;
    begin = end;
  }
  return added;
}

// A pack that has refs already (its rows come again after a crash, or in several calls) gets all of
// its blocks anew, so that blocks never overlap.
result<std::uint64_t> index_adder::write_pack_refs(lmdb_transaction& transaction,
                                                   std::string_view key,
                                                   std::span<const new_ref> fresh) {
  const std::uint32_t id = fresh.front().pack;
  std::vector<pack_ref> merged;
  std::size_t known = 0;
  if (id < counters_.packs) {
    SKALD_TRY_ASSIGN(merged, take_pack_refs(transaction, id));
    known = merged.size();
  }
  merged.reserve(known + fresh.size());
  for (const new_ref& r : fresh) merged.push_back(r.ref);
  // What is stored stands first among equals and stays.
  if (known > 0) std::stable_sort(merged.begin(), merged.end(), ref_order);
  merged.erase(std::unique(merged.begin(), merged.end(), same_chunk), merged.end());
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction, refs));
  std::uint32_t number = 0;
  for (std::span<const pack_ref> rest = merged; !rest.empty(); ++number) {
    const auto part = rest.first(std::min(rest.size(), ref_block::refs_max));
    const std::string at = encode_ref_key({id, part.back().ordinal, part.front().ordinal, number});
    SKALD_TRY(cursor.insert(at, ref_block::encode(part), id >= counters_.packs));
    rest = rest.subspan(part.size());
  }
  pack_entry entry;
  entry.key = key;
  entry.chunks = static_cast<std::uint32_t>(merged.size());
  for (const pack_ref& r : merged) {
    entry.min_timestamp_ns = std::min(entry.min_timestamp_ns, r.min_timestamp_ns);
    entry.max_timestamp_ns = std::max(entry.max_timestamp_ns, r.max_timestamp_ns);
  }
  SKALD_TRY(transaction.put(pack, be32(id), encode_pack(entry)));
  return merged.size() - known;
}

}  // namespace skald
