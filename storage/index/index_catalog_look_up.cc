// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_map>

#include "runtime/base/hash.h"
#include "storage/file/atomic_write.h"
#include "storage/index/index_catalog.h"
#include "storage/index/index_catalog_state.h"
#include "storage/index/index_look_up.h"
#include "storage/index/index_shipment.h"
#include "storage/index/index_side_files.h"

namespace skald {
namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

bool same_row(const chunk_ref& a, const chunk_ref& b) {
  return a.directory_entry == b.directory_entry && a.pack_key == b.pack_key;
}

// Several files may hold one row: a slot file and its shipped form, or a day that was indexed
// twice.
void fold_duplicates(std::vector<chunk_ref>& chunks) {
  std::sort(chunks.begin(), chunks.end(), [](const chunk_ref& a, const chunk_ref& b) {
    if (a.min_timestamp_ns != b.min_timestamp_ns) return a.min_timestamp_ns < b.min_timestamp_ns;
    if (a.directory_entry != b.directory_entry) return a.directory_entry < b.directory_entry;
    return a.pack_key < b.pack_key;
  });
  chunks.erase(std::unique(chunks.begin(), chunks.end(), same_row), chunks.end());
}

void append_sorted_unique(std::vector<std::string>& out, std::vector<std::string> more) {
  if (out.empty()) {
    out = std::move(more);
    return;
  }
  std::vector<std::string> merged;
  merged.reserve(out.size() + more.size());
  std::set_union(std::make_move_iterator(out.begin()), std::make_move_iterator(out.end()),
                 std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()),
                 std::back_inserter(merged));
  out = std::move(merged);
}

}  // namespace

std::string index_catalog::implementation::download_stem(std::int64_t day,
                                                         const std::string& object_key) const {
  // A hash, since a key from the store must not choose a path here.
  return cache_directory_ + "/" + table_name(day) + "/" + to_hex(xxh3_128(object_key));
}

result<void> index_catalog::implementation::adopt(std::int64_t day, const std::string& object_key,
                                                  const std::string& stem) {
  SKALD_TRY(index_side_files::check_sum(files_, stem));
  auto entry = std::make_shared<downloaded_file>();
  entry->stem = stem;
  entry->used_ns = time_.wall_now_ns();
  SKALD_TRY_ASSIGN(entry->file, index_file::open_read_only(index_side_files::data_path(stem)));
  const std::lock_guard lock(mutex_);
  downloads_[{day, object_key}] = std::move(entry);
  return {};
}

std::vector<std::string> index_catalog::implementation::missing_files(
    std::int64_t day, std::span<const std::string> object_keys) {
  std::vector<std::string> out;
  for (const std::string& key : object_keys) {
    {
      const std::lock_guard lock(mutex_);
      if (downloads_.contains({day, key})) continue;
      const bool own = std::any_of(slots_.begin(), slots_.end(),
                                   [&](const auto& s) { return object_key(s->slot) == key; });
      if (own) continue;
    }
    if (adopt(day, key, download_stem(day, key)).ok()) continue;
    out.push_back(key);
  }
  return out;
}

result<void> index_catalog::implementation::add_downloaded(std::int64_t day,
                                                           const std::string& object_key,
                                                           std::string_view shipment) {
  SKALD_TRY_ASSIGN(const std::string bytes, decode_index_shipment(shipment));
  const std::string stem = download_stem(day, object_key);
  SKALD_TRY(files_.create_directories(parent_directory(stem)));
  SKALD_TRY(atomic_write(files_, index_side_files::data_path(stem), bytes));
  SKALD_TRY(index_side_files::write_sum(files_, stem));
  auto adopted = adopt(day, object_key, stem);
  if (!adopted.ok()) static_cast<void>(index_side_files::remove_all(files_, stem).ok());
  return adopted;
}

result<void> index_catalog::implementation::retain_downloaded(
    std::int64_t day, std::span<const std::string> object_keys) {
  std::vector<std::shared_ptr<downloaded_file>> gone;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(downloads_, [&](const auto& entry) {
      const bool kept = entry.first.first != day ||
                        std::find(object_keys.begin(), object_keys.end(), entry.first.second) !=
                            object_keys.end();
      if (!kept) gone.push_back(entry.second);
      return !kept;
    });
  }
  for (const auto& entry : gone) SKALD_TRY(index_side_files::remove_all(files_, entry->stem));
  return {};
}

result<std::uint64_t> index_catalog::implementation::drop_expired_downloads() {
  const std::int64_t limit_ns =
      time_.wall_now_ns() - options_.cache_ttl.count() * nanoseconds_per_second;
  std::vector<std::shared_ptr<downloaded_file>> gone;
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(downloads_, [&](const auto& entry) {
      const bool expired = entry.second->used_ns <= limit_ns;
      if (expired) gone.push_back(entry.second);
      return expired;
    });
  }
  for (const auto& entry : gone) SKALD_TRY(index_side_files::remove_all(files_, entry->stem));
  return static_cast<std::uint64_t>(gone.size());
}

result<void> index_catalog::implementation::for_each_file(
    const time_range& range, const std::function<result<void>(index_file&)>& look) {
  const day_span days = days_of(range);
  const auto in_range = [&](std::int64_t day) { return day >= days.first && day <= days.last; };
  std::vector<std::shared_ptr<index_file>> own;
  std::vector<std::pair<download_key, std::shared_ptr<downloaded_file>>> downloaded;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& s : slots_) {
      if (in_range(s->slot.day)) own.push_back(s->file);
    }
    for (const auto& entry : downloads_) {
      if (in_range(entry.first.first)) downloaded.push_back(entry);
    }
  }
  for (const auto& file : own) SKALD_TRY(look(*file));
  const std::int64_t now_ns = time_.wall_now_ns();
  for (const auto& [key, entry] : downloaded) {
    entry->used_ns = now_ns;
    auto looked = look(*entry->file);
    if (looked.ok()) continue;
    if (looked.error().code == errc::corrupt) {
      {
        const std::lock_guard lock(mutex_);
        downloads_.erase(key);
      }
      static_cast<void>(index_side_files::remove_all(files_, entry->stem).ok());
    }
    return looked;
  }
  return {};
}

index_catalog::totals index_catalog::implementation::size() const {
  std::vector<std::shared_ptr<index_file>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& s : slots_) all.push_back(s->file);
    for (const auto& entry : downloads_) all.push_back(entry.second->file);
  }
  totals out;
  for (const auto& file : all) {
    const index_file_stats stats = file->file_stats();
    ++out.files;
    out.chunks += stats.chunks;
    out.file_bytes += stats.file_bytes;
  }
  return out;
}

std::vector<std::string> index_catalog::missing_files(std::int64_t day,
                                                      std::span<const std::string> object_keys) {
  return state_->missing_files(day, object_keys);
}
result<void> index_catalog::add_downloaded(std::int64_t day, const std::string& object_key,
                                           std::string_view shipment) {
  return state_->add_downloaded(day, object_key, shipment);
}
result<void> index_catalog::retain_downloaded(std::int64_t day,
                                              std::span<const std::string> object_keys) {
  return state_->retain_downloaded(day, object_keys);
}
index_catalog::totals index_catalog::size() const {
  return state_->size();
}

result<std::vector<indexed_stream>> index_catalog::series(const index_query& query) const {
  std::vector<indexed_stream> out;
  SKALD_TRY(state_->for_each_file(query.range, [&](index_file& file) -> result<void> {
    SKALD_TRY_ASSIGN(auto found, file.series(query));
    std::move(found.begin(), found.end(), std::back_inserter(out));
    return {};
  }));
  std::sort(out.begin(), out.end(), [](const indexed_stream& a, const indexed_stream& b) {
    return a.fingerprint < b.fingerprint;
  });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

result<std::vector<stream_chunks>> index_catalog::chunk_refs(const index_query& query) const {
  std::vector<stream_chunks> out;
  std::unordered_map<stream_fingerprint, std::size_t> position;
  std::size_t files = 0;
  SKALD_TRY(state_->for_each_file(query.range, [&](index_file& file) -> result<void> {
    SKALD_TRY_ASSIGN(auto found, file.chunk_refs(query));
    if (found.empty()) return {};
    if (++files == 1) {
      out = std::move(found);
      return {};
    }
    if (files == 2) {
      for (std::size_t i = 0; i < out.size(); ++i) position[out[i].fingerprint] = i;
    }
    for (stream_chunks& s : found) {
      const auto [known, is_new] = position.try_emplace(s.fingerprint, out.size());
      if (is_new) {
        out.push_back(std::move(s));
      } else {
        std::vector<chunk_ref>& chunks = out[known->second].chunks;
        std::move(s.chunks.begin(), s.chunks.end(), std::back_inserter(chunks));
      }
    }
    return {};
  }));
  if (files < 2) return out;
  for (stream_chunks& s : out) fold_duplicates(s.chunks);
  std::sort(out.begin(), out.end(), [](const stream_chunks& a, const stream_chunks& b) {
    return a.fingerprint < b.fingerprint;
  });
  return out;
}

result<std::vector<std::string>> index_catalog::label_names(const index_query& query) const {
  std::vector<std::string> out;
  SKALD_TRY(state_->for_each_file(query.range, [&](index_file& file) -> result<void> {
    SKALD_TRY_ASSIGN(auto names, file.label_names(query));
    append_sorted_unique(out, std::move(names));
    return {};
  }));
  return out;
}

result<std::vector<std::string>> index_catalog::label_values(std::string_view name,
                                                             const index_query& query) const {
  std::vector<std::string> out;
  SKALD_TRY(state_->for_each_file(query.range, [&](index_file& file) -> result<void> {
    SKALD_TRY_ASSIGN(auto values, file.label_values(name, query));
    append_sorted_unique(out, std::move(values));
    return {};
  }));
  return out;
}

result<index_volume> index_catalog::stats(const index_query& query) const {
  SKALD_TRY_ASSIGN(const auto found, chunk_refs(query));
  index_volume out;
  for (const stream_chunks& s : found) {
    ++out.streams;
    for (const chunk_ref& c : s.chunks) {
      add_to_volume(out, query.range, c.min_timestamp_ns, c.max_timestamp_ns, c.rows, c.line_bytes);
    }
  }
  return out;
}

}  // namespace skald
