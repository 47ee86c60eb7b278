// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/block_locator.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <set>

#include "actors/ingester/ingester_interface.h"

namespace skald {
namespace {

constexpr std::string_view index_prefix = "index/";
// Of an index file's shipment, per read from the store.
constexpr std::uint64_t object_piece_bytes = 4ULL << 20;

// The day of "index/<prefix><day>/raw/<file>"; false for other keys.
bool day_of_key(std::string_view key, std::int64_t& day) {
  key.remove_prefix(std::min(key.size(), index_prefix.size()));
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return false;
  const std::string_view table = key.substr(0, slash);
  const std::size_t digits = table.find_last_not_of("0123456789-");
  const std::size_t begin = digits == std::string_view::npos ? 0 : digits + 1;
  const auto parsed = std::from_chars(table.data() + begin, table.data() + table.size(), day);
  return parsed.ec == std::errc() && parsed.ptr == table.data() + table.size();
}

// Views are retried so often: each time something was dropped between fetch and use.
constexpr int sync_attempts_max = 3;

// An object piece by piece.
piece_source pieces_of_object(object_store& store, const object_info& object) {
  return [&store, &object, offset = std::uint64_t{0},
          buffer = std::make_shared<std::string>()]() mutable -> result<std::string_view> {
    buffer->resize(std::min<std::uint64_t>(object_piece_bytes, object.bytes - offset));
    if (buffer->empty()) return std::string_view();
    SKALD_TRY(store.read_range(object.key, offset, buffer->data(), buffer->size()));
    offset += buffer->size();
    return std::string_view(*buffer);
  };
}

index_query query_of(const locate_request& request) {
  index_query query;
  query.tenant = request.tenant;
  query.matchers = request.matchers;
  query.range = request.range;
  return query;
}

time_range day_range(std::int64_t day) {
  return {day * nanoseconds_per_day, (day + 1) * nanoseconds_per_day};
}

}  // namespace

result<stream_ptr> stream_cache::get(const stream_fingerprint& fingerprint,
                                     std::string_view canonical_labels) {
  {
    const std::lock_guard lock(mutex_);
    const auto at = streams_.find(fingerprint);
    if (at != streams_.end()) return at->second;
  }
  auto made = make_stream(canonical_labels);
  if (!made.ok()) return error{errc::corrupt, "stored label text: " + made.error().message};
  const std::lock_guard lock(mutex_);
  if (streams_.size() >= streams_max_) streams_.clear();  // rare, and only costs parsing again
  streams_.emplace(fingerprint, *made);
  return made;
}

block_locator::block_locator(index_catalog& catalog, object_store& store, pack_cache& packs,
                             const clock& time, std::chrono::seconds resync)
    : catalog_(catalog), store_(store), packs_(packs), clock_(time), resync_(resync) {}

result<std::vector<std::int64_t>> block_locator::days(time_range range) {
  SKALD_TRY_ASSIGN(const index_view view, sync(range));
  std::set<std::int64_t> found;
  for (const index_slot& slot : catalog_.slots()) found.insert(slot.day);
  {
    const std::lock_guard lock(sync_mutex_);
    for (const auto& [day, keys] : objects_by_day_) found.insert(day);
  }
  std::vector<std::int64_t> days;
  for (const std::int64_t day : found) {
    const time_range whole = day_range(day);
    if (range.start_ns < whole.end_ns && whole.start_ns < range.end_ns) days.push_back(day);
  }
  return days;
}

result<void> block_locator::refresh_listing() {
  if (listed_ && clock_.now() - listed_at_ <= resync_) return {};
  SKALD_TRY_ASSIGN(const auto objects, store_.list(std::string(index_prefix)));
  std::map<std::int64_t, std::vector<object_info>> by_day;
  for (const object_info& object : objects) {
    std::int64_t day = 0;
    if (day_of_key(object.key, day)) by_day[day].push_back(object);
  }
  objects_by_day_ = std::move(by_day);
  listed_ = true;
  listed_at_ = clock_.now();
  return {};
}

result<void> block_locator::fetch(std::int64_t day, const std::vector<object_info>& objects) {
  std::vector<std::string> keys;
  for (const object_info& object : objects) keys.push_back(object.key);
  const auto missing = catalog_.missing_files(day, keys);
  for (const object_info& object : objects) {
    if (std::find(missing.begin(), missing.end(), object.key) == missing.end()) continue;
    SKALD_TRY(
        catalog_.add_downloaded(day, object.key, object.bytes, pieces_of_object(store_, object)));
  }
  return {};
}

// A file that is here may be dropped at any moment, also own ones some time after they were shipped
// and downloaded ones that nobody asked for lately. So the look-up runs on a view that was seen to
// hold every file.
result<index_view> block_locator::sync(time_range range) {
  if (range.start_ns >= range.end_ns) return catalog_.view(range);  // no file has such entries
  const std::lock_guard lock(sync_mutex_);
  SKALD_TRY(refresh_listing());
  for (int attempt = 0; attempt < sync_attempts_max; ++attempt) {
    index_view view = catalog_.view(range);
    bool complete = true;
    for (const auto& [day, objects] : objects_by_day_) {
      const time_range whole = day_range(day);
      if (range.start_ns >= whole.end_ns || whole.start_ns >= range.end_ns) continue;
      const bool all_here = std::all_of(objects.begin(), objects.end(),
                                        [&](const auto& object) { return view.holds(object.key); });
      if (all_here) continue;
      complete = false;
      SKALD_TRY(fetch(day, objects));
    }
    if (complete) return view;
  }
  return error{errc::unavailable, "index files are dropped as fast as they are fetched"};
}

result<chunk_table> block_locator::lookup(const locate_request& request) {
  SKALD_TRY_ASSIGN(const index_view view, sync(request.range));
  SKALD_TRY_ASSIGN(chunk_table found, view.chunks(query_of(request)));
  if (!request.known_flushes.empty()) {
    std::erase_if(found.packs, [&](const pack_chunks& pack) {
      return is_in_memory(request.known_flushes, pack.key);
    });
  }
  return found;
}

result<std::vector<stream_ptr>> block_locator::resolve(const std::vector<indexed_stream>& streams) {
  std::vector<stream_ptr> out;
  out.reserve(streams.size());
  for (const indexed_stream& stream : streams) {
    SKALD_TRY_ASSIGN(stream_ptr info, streams_.get(stream.fingerprint, stream.canonical_labels));
    out.push_back(std::move(info));
  }
  return out;
}

result<located_chunks> block_locator::locate(const locate_request& request) {
  located_chunks located;
  SKALD_TRY_ASSIGN(located.table, lookup(request));
  SKALD_TRY_ASSIGN(located.streams, resolve(located.table.streams));
  std::vector<char> seen(located.streams.size(), 0);
  for (const pack_chunks& pack : located.table.packs) {
    located.chunk_refs += pack.chunks.size();
    for (const pack_chunk& chunk : pack.chunks) seen[chunk.stream] = 1;
  }
  located.streams_with_chunks = static_cast<std::uint64_t>(std::count(seen.begin(), seen.end(), 1));
  return located;
}

result<block_list> block_locator::open(const located_chunks& located,
                                       std::span<const std::size_t> packs, time_range range,
                                       const cancellation& cancelled) {
  block_list all;
  std::vector<chunk_selection> selection;
  for (const std::size_t number : packs) {
    SKALD_TRY(cancelled.check());
    const pack_chunks& pack = located.table.packs[number];
    selection.clear();
    selection.reserve(pack.chunks.size());
    for (const pack_chunk& chunk : pack.chunks) {
      selection.push_back({chunk.directory_entry, located.streams[chunk.stream]});
    }
    SKALD_TRY_ASSIGN(const auto reader, packs_.get(pack.key));
    SKALD_TRY_ASSIGN(block_list blocks, reader->blocks(selection, range));
    all.insert(all.end(), std::make_move_iterator(blocks.begin()),
               std::make_move_iterator(blocks.end()));
  }
  return all;
}

result<std::vector<block_locator::indexed_summary>> block_locator::streams(
    const locate_request& request) {
  SKALD_TRY_ASSIGN(const chunk_table found, lookup(request));
  SKALD_TRY_ASSIGN(std::vector<stream_ptr> streams, resolve(found.streams));
  std::vector<indexed_summary> out(streams.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i].stream = std::move(streams[i]);
  for (const pack_chunks& pack : found.packs) {
    for (const pack_chunk& chunk : pack.chunks) {
      out[chunk.stream].chunks.push_back(
          {chunk.min_timestamp_ns, chunk.max_timestamp_ns, chunk.rows, chunk.line_bytes});
    }
  }
  std::erase_if(out, [](const indexed_summary& one) { return one.chunks.empty(); });
  return out;
}

result<std::uint64_t> block_locator::bytes(const locate_request& request) {
  SKALD_TRY_ASSIGN(const chunk_table found, lookup(request));
  std::uint64_t sum = 0;
  for (const pack_chunks& pack : found.packs) {
    for (const pack_chunk& chunk : pack.chunks) {
      sum += inside({chunk.min_timestamp_ns, chunk.max_timestamp_ns, chunk.rows, chunk.line_bytes},
                    request.range)
                 .bytes;
    }
  }
  return sum;
}

result<std::vector<stream_ptr>> block_locator::stream_names(const locate_request& request) {
  SKALD_TRY_ASSIGN(const index_view view, sync(request.range));
  SKALD_TRY_ASSIGN(const auto found, view.series(query_of(request)));
  return resolve(found);
}

}  // namespace skald
