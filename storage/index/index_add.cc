// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_add.h"

#include <algorithm>
#include <optional>

#include "storage/index/posting_codec.h"

namespace skald {
namespace {

using namespace index_keys;

error damaged(const char* what) {
  return {errc::corrupt, std::string("index file: malformed ") + what};
}

bool by_key(const chunk_entry& a, const chunk_entry& b) {
  if (a.ordinal != b.ordinal) return a.ordinal < b.ordinal;
  if (a.max_timestamp_ns != b.max_timestamp_ns) return a.max_timestamp_ns < b.max_timestamp_ns;
  if (a.pack != b.pack) return a.pack < b.pack;
  return a.directory_entry < b.directory_entry;
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
      if (key.size() != 4) return damaged("pack");
      packs_[std::string(value)] = read_be32(key);
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
  return env_.read([&](lmdb_transaction& t) -> result<void> {
    counters_ = what.counters;
    counters_.chunks = t.entries(chunk);
    return {};
  });
}

result<void> index_adder::stage(std::string_view tenant, std::span<const index_row> rows,
                                staged& out) {
  const std::uint32_t tenant_pair = pair_of(tenant_name, tenant, out);
  out.chunks.reserve(rows.size());
  if (streams_.empty()) streams_.reserve(rows.size());
  const std::string* last_key = nullptr;  // rows of one pack stand together
  std::uint32_t last_pack = 0;
  for (const index_row& row : rows) {
    const chunk_ref& c = row.chunk;
    if (c.max_timestamp_ns < c.min_timestamp_ns) {
      return error{errc::invalid_argument, "index row: max timestamp before min timestamp"};
    }
    if (c.pack_key.empty() || c.pack_key.size() > pack_key_bytes_max) {
      return error{errc::invalid_argument, "index row: pack key must have 1 to 400 bytes"};
    }
    SKALD_TRY_ASSIGN(const std::uint32_t ordinal, stage_stream(tenant_pair, row, out));
    if (last_key == nullptr || *last_key != c.pack_key) {
      last_pack = pack_of(c.pack_key, out);
      last_key = &c.pack_key;
    }
    out.chunks.push_back({ordinal, c.max_timestamp_ns, last_pack, c.directory_entry,
                          c.min_timestamp_ns, c.rows, c.line_bytes});
    counters& n = out.counters;
    n.min_timestamp_ns = std::min(n.min_timestamp_ns, c.min_timestamp_ns);
    n.max_timestamp_ns = std::max(n.max_timestamp_ns, c.max_timestamp_ns);
    n.max_span_ns = std::max(n.max_span_ns, static_cast<std::uint64_t>(c.max_timestamp_ns) -
                                                static_cast<std::uint64_t>(c.min_timestamp_ns));
  }
  std::sort(out.chunks.begin(), out.chunks.end(), by_key);
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

std::uint32_t index_adder::pack_of(const std::string& key, staged& out) {
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

result<void> index_adder::write(lmdb_transaction& transaction, const staged& what) {
  SKALD_TRY(write_dictionaries(transaction, what));
  SKALD_TRY(write_streams(transaction, what));
  SKALD_TRY(write_postings(transaction, what));
  counters stored = what.counters;
  SKALD_TRY_ASSIGN(stored.chunks, write_chunks(transaction, what));
  SKALD_TRY(transaction.put(meta, "schema", be32(schema_version)));
  return transaction.put(meta, "counters", encode_counters(stored));
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
  SKALD_TRY_ASSIGN(lmdb_cursor packs, lmdb_cursor::open(transaction, pack));
  for (const std::string& key : what.packs) {
    SKALD_TRY(packs.insert(be32(packs_.find(key)->second), key, true));
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

result<std::uint64_t> index_adder::write_chunks(lmdb_transaction& transaction, const staged& what) {
  SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(transaction, chunk));
  SKALD_TRY_ASSIGN(const bool any, cursor.last());
  std::string greatest = any ? std::string(cursor.key()) : std::string();
  std::array<char, chunk_value_bytes_max> value;
  bool appending = !any;
  for (const chunk_entry& entry : what.chunks) {
    const chunk_key key =
        make_chunk_key(entry.ordinal, entry.max_timestamp_ns, entry.pack, entry.directory_entry);
    appending = appending || view(key) > greatest;
    const std::size_t bytes = encode_chunk(entry, view(key), value);
    // A row that is there already is left as it is. That includes one repeated in this call: append
    // refuses it.
    SKALD_TRY(cursor.insert(view(key), {value.data(), bytes}, appending));
  }
  return transaction.entries(chunk);
}

}  // namespace skald
