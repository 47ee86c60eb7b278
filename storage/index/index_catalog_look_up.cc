// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <unordered_set>

#include "runtime/base/hash.h"
#include "storage/file/atomic_write.h"
#include "storage/index/index_catalog.h"
#include "storage/index/index_catalog_state.h"
#include "storage/index/index_shipment.h"
#include "storage/index/index_side_files.h"

namespace skald {
namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

}  // namespace

std::string index_catalog::implementation::download_stem(std::int64_t day,
                                                         const std::string& object_key) const {
  // A hash, since a key from the store must not choose a path here.
  return cache_directory_ + "/" + table_name(day) + "/" + to_hex(xxh3_128(object_key));
}

result<void> index_catalog::implementation::adopt(std::int64_t day, const std::string& object_key,
                                                  const std::string& stem) {
  SKALD_TRY(index_side_files::check_sum(files_, stem));
  auto entry = std::make_shared<downloaded_file>(stem);
  entry->used_ns = time_.wall_now_ns();
  SKALD_TRY(open_files_.get(entry->place));
  const std::lock_guard lock(mutex_);
  downloads_[{day, object_key}] = std::move(entry);
  return {};
}

std::vector<std::string> index_catalog::implementation::missing_files(
    std::int64_t day, std::span<const std::string> object_keys) {
  std::vector<std::string> out;
  std::unordered_set<std::string_view> own;
  const auto slots = slot_files();
  for (const auto& s : slots) own.insert(s->object_key);
  for (const std::string& key : object_keys) {
    if (own.contains(key)) continue;
    {
      const std::lock_guard lock(mutex_);
      if (const auto found = downloads_.find({day, key}); found != downloads_.end()) {
        found->second->used_ns = time_.wall_now_ns();
        continue;
      }
    }
    if (adopt(day, key, download_stem(day, key)).ok()) continue;
    out.push_back(key);
  }
  return out;
}

result<void> index_catalog::implementation::add_downloaded(std::int64_t day,
                                                           const std::string& object_key,
                                                           std::uint64_t bytes,
                                                           const piece_source& shipment) {
  const std::string stem = download_stem(day, object_key);
  SKALD_TRY(files_.create_directories(parent_directory(stem)));
  const std::string temporary = stem + "-" + std::to_string(next_temporary_++) + ".tmp";
  const auto digest = inflate(temporary, bytes, shipment);
  if (!digest.ok()) {
    static_cast<void>(files_.remove(temporary).ok());
    return digest.error();
  }
  SKALD_TRY(files_.rename(temporary, index_side_files::data_path(stem)));
  SKALD_TRY(files_.sync_directory(parent_directory(stem)));
  SKALD_TRY(index_side_files::write_sum(files_, stem,
                                        index_side_files::sum_text(digest->bytes, digest->hash)));
  auto adopted = adopt(day, object_key, stem);
  if (!adopted.ok()) static_cast<void>(index_side_files::remove_all(files_, stem).ok());
  return adopted;
}

result<index_file_digest> index_catalog::implementation::inflate(const std::string& path,
                                                                 std::uint64_t bytes,
                                                                 const piece_source& shipment) {
  SKALD_TRY_ASSIGN(const auto target, files_.open(path, open_mode::create_or_empty));
  SKALD_TRY_ASSIGN(const index_file_digest digest, read_index_shipment(shipment, bytes, *target));
  SKALD_TRY(target->sync_data());
  return digest;
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
  for (const auto& entry : gone) SKALD_TRY(remove_unlisted(entry));
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
  for (const auto& entry : gone) SKALD_TRY(remove_unlisted(entry));
  return static_cast<std::uint64_t>(gone.size());
}

std::unique_ptr<index_view::implementation> index_catalog::implementation::view(
    const time_range& range) {
  auto out = std::make_unique<index_view::implementation>(*this);
  const day_span days = days_of(range);
  const auto in_range = [&](std::int64_t day) { return day >= days.first && day <= days.last; };
  const std::int64_t now_ns = time_.wall_now_ns();
  const std::lock_guard lock(mutex_);
  for (const auto& s : slots_) {
    if (!in_range(s->slot.day)) continue;
    out->own_.push_back(s);
    out->object_keys_.insert(s->object_key);
  }
  for (const auto& entry : downloads_) {
    if (!in_range(entry.first.first)) continue;
    entry.second->used_ns = now_ns;
    out->downloaded_.push_back(entry);
    out->object_keys_.insert(entry.first.second);
  }
  return out;
}

void index_catalog::implementation::forget_damaged(const download_key& key, downloaded_file& file) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = downloads_.find(key);
    if (found == downloads_.end() || found->second.get() != &file) return;  // fetched anew
    downloads_.erase(found);
  }
  static_cast<void>(open_files_.keep_open(file.place).ok());  // other views may have it
  static_cast<void>(index_side_files::remove_all(files_, file.stem).ok());
}

index_catalog::totals index_catalog::implementation::size() {
  std::vector<std::shared_ptr<slot_file>> own;
  std::vector<std::shared_ptr<downloaded_file>> downloaded;
  {
    const std::lock_guard lock(mutex_);
    own = slots_;
    for (const auto& entry : downloads_) downloaded.push_back(entry.second);
  }
  totals out;
  const auto add = [&](index_file_place& place) {
    ++out.files;
    const auto file = open_files_.get(place);
    if (!file.ok()) return;
    const index_file_stats stats = (*file)->file_stats();
    out.chunks += stats.chunks;
    out.file_bytes += stats.file_bytes;
  };
  for (const auto& slot : own) add(slot->place);
  for (const auto& entry : downloaded) add(entry->place);
  return out;
}

std::vector<std::string> index_catalog::missing_files(std::int64_t day,
                                                      std::span<const std::string> object_keys) {
  return state_->missing_files(day, object_keys);
}
result<void> index_catalog::add_downloaded(std::int64_t day, const std::string& object_key,
                                           std::uint64_t bytes, const piece_source& shipment) {
  return state_->add_downloaded(day, object_key, bytes, shipment);
}
result<void> index_catalog::retain_downloaded(std::int64_t day,
                                              std::span<const std::string> object_keys) {
  return state_->retain_downloaded(day, object_keys);
}
index_catalog::totals index_catalog::size() const {
  return state_->size();
}

index_view index_catalog::view(const time_range& range) const {
  return index_view(state_->view(range));
}
result<std::vector<indexed_stream>> index_catalog::series(const index_query& query) const {
  return view(query.range).series(query);
}
result<std::vector<stream_chunks>> index_catalog::chunk_refs(const index_query& query) const {
  return view(query.range).chunk_refs(query);
}
result<std::vector<std::string>> index_catalog::label_names(const index_query& query) const {
  return view(query.range).label_names(query);
}
result<std::vector<std::string>> index_catalog::label_values(std::string_view name,
                                                             const index_query& query) const {
  return view(query.range).label_values(name, query);
}
result<index_volume> index_catalog::stats(const index_query& query) const {
  return view(query.range).stats(query);
}

}  // namespace skald
