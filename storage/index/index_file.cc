// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_file.h"

#include <algorithm>
#include <mutex>

#include "storage/index/index_add.h"
#include "storage/index/index_look_up.h"
#include "storage/index/lmdb_env.h"

namespace skald {

using namespace index_keys;

class index_file::implementation {
 public:
  std::shared_ptr<lmdb_env> env;
  std::mutex write_mutex;
  bool writable = false;               // takes rows
  std::unique_ptr<index_adder> adder;  // made with the first ones

  // Runs one of index_look_up's members in a transaction of its own.
  template <class T, class Run>
  result<T> look_up(const index_query& query, Run run) {
    T out{};
    SKALD_TRY(env->read([&](lmdb_transaction& t) -> result<void> {
      index_look_up in(t, query);
      SKALD_TRY_ASSIGN(out, run(in));
      return {};
    }));
    return out;
  }
};

index_file::index_file(std::unique_ptr<implementation> state) : state_(std::move(state)) {}
index_file::~index_file() = default;

result<std::shared_ptr<index_file>> index_file::open_writable(const std::string& path,
                                                              std::uint64_t map_bytes) {
  auto state = std::make_unique<implementation>();
  SKALD_TRY_ASSIGN(state->env, lmdb_env::open(path, {true, map_bytes, table_names()}));
  state->writable = true;
  return std::shared_ptr<index_file>(new index_file(std::move(state)));
}

result<std::shared_ptr<index_file>> index_file::open_read_only(const std::string& path) {
  auto state = std::make_unique<implementation>();
  SKALD_TRY_ASSIGN(state->env, lmdb_env::open(path, {false, 0, table_names()}));
  return std::shared_ptr<index_file>(new index_file(std::move(state)));
}

result<void> index_file::add(std::string_view tenant, std::span<const index_row> rows) {
  const std::lock_guard lock(state_->write_mutex);
  if (!state_->writable) return error{errc::invalid_argument, "index file takes no more rows"};
  if (!state_->adder) {
    auto made = std::make_unique<index_adder>(*state_->env);
    SKALD_TRY(made->load());
    state_->adder = std::move(made);
  }
  return state_->adder->add(tenant, rows);
}

result<void> index_file::finish() {
  const std::lock_guard lock(state_->write_mutex);
  if (!state_->writable) return {};
  state_->writable = false;
  state_->adder.reset();
  return state_->env->sync();
}

std::weak_ptr<const void> index_file::environment() const {
  return std::shared_ptr<const void>(state_->env);
}

result<std::vector<indexed_stream>> index_file::find_streams(const index_query& query) {
  return state_->look_up<std::vector<indexed_stream>>(
      query, [](index_look_up& in) { return in.find_streams(false); });
}

result<std::vector<indexed_stream>> index_file::series(const index_query& query) {
  return state_->look_up<std::vector<indexed_stream>>(
      query, [](index_look_up& in) { return in.find_streams(true); });
}

result<chunk_table> index_file::chunks(const index_query& query) {
  return state_->look_up<chunk_table>(query, [](index_look_up& in) { return in.chunks(); });
}

result<std::vector<stream_chunks>> index_file::chunk_refs(const index_query& query) {
  SKALD_TRY_ASSIGN(const chunk_table found, chunks(query));
  return chunks_by_stream(found);
}

result<std::vector<std::string>> index_file::label_names(const index_query& query) {
  return state_->look_up<std::vector<std::string>>(
      query, [](index_look_up& in) { return in.label_names(); });
}

result<std::vector<std::string>> index_file::label_values(std::string_view name,
                                                          const index_query& query) {
  return state_->look_up<std::vector<std::string>>(
      query, [&](index_look_up& in) { return in.label_values(name); });
}

result<index_volume> index_file::stats(const index_query& query) {
  return state_->look_up<index_volume>(query, [](index_look_up& in) { return in.stats(); });
}

result<std::vector<bool>> index_file::contains(std::string_view tenant,
                                               std::span<const index_row> rows) {
  std::vector<bool> out(rows.size(), false);
  SKALD_TRY(state_->env->read([&](lmdb_transaction& t) -> result<void> {
    index_query everything;
    everything.tenant = tenant;
    return index_look_up(t, everything).contains(rows, out);
  }));
  return out;
}

result<std::vector<std::string>> index_file::pack_keys() {
  std::vector<std::string> out;
  SKALD_TRY(state_->env->read([&](lmdb_transaction& t) -> result<void> {
    SKALD_TRY_ASSIGN(lmdb_cursor cursor, lmdb_cursor::open(t, pack));
    SKALD_TRY_ASSIGN(bool more, cursor.seek(be32(0)));
    while (more) {
      pack_entry entry;
      if (!decode_pack(cursor.value(), entry)) {
        return error{errc::corrupt, "index file: malformed pack"};
      }
      out.emplace_back(entry.key);
      SKALD_TRY_ASSIGN(more, cursor.next());
    }
    return {};
  }));
  std::sort(out.begin(), out.end());
  return out;
}

index_file_stats index_file::file_stats() {
  index_file_stats out;
  const auto read = state_->env->read([&](lmdb_transaction& t) -> result<void> {
    SKALD_TRY_ASSIGN(const auto stored, t.get(meta, "counters"));
    const auto known = stored ? decode_counters(*stored) : std::nullopt;
    if (!known) return {};
    out.streams = known->ordinals;
    out.chunks = known->chunks;
    out.packs = known->packs;
    out.min_timestamp_ns = known->min_timestamp_ns;
    out.max_timestamp_ns = known->max_timestamp_ns;
    return {};
  });
  if (read.ok()) out.file_bytes = state_->env->used_bytes();
  return out;
}

}  // namespace skald
