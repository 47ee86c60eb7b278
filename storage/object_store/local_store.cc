// SPDX-License-Identifier: Apache-2.0
#include "storage/object_store/local_store.h"

#include <algorithm>
#include <utility>

#include "storage/file/atomic_write.h"

namespace skald {
namespace {

// Of unfinished writes, below the store's directory.
constexpr std::string_view incoming_name = ".incoming";

error range_outside(const std::string& key, std::uint64_t offset, std::uint64_t length,
                    std::uint64_t bytes) {
  return {errc::invalid_argument, "object " + key + " has " + std::to_string(bytes) +
                                      " bytes, range asked for: offset " + std::to_string(offset) +
                                      ", length " + std::to_string(length)};
}

}  // namespace

local_store::local_store(file_system& files, std::string directory, local_store_options options)
    : files_(files),
      directory_(std::move(directory)),
      incoming_(directory_ + "/" + std::string(incoming_name)),
      options_(options) {
  SKALD_ASSERT(options_.open_files_max > 0);
}

local_store::~local_store() = default;

result<void> local_store::remove_abandoned_writes() {
  const auto removed = remove_abandoned(files_, incoming_);
  // Nothing was put yet.
  if (!removed.ok() && removed.error().code == errc::not_found) return {};
  return removed;
}

result<std::string> local_store::path_of(const std::string& key) const {
  SKALD_TRY(check_object_key(key));
  if (key.substr(0, key.find('/')) == incoming_name) {
    return error{errc::invalid_argument, "object key \"" + key + "\" is in " +
                                             std::string(incoming_name) +
                                             ", the folder of unfinished writes"};
  }
  return directory_ + "/" + key;
}

result<void> local_store::write(const std::string& key, const piece_source& pieces) {
  SKALD_TRY_ASSIGN(const std::string path, path_of(key));
  SKALD_TRY(files_.create_directories(parent_directory(path)));
  SKALD_TRY(files_.create_directories(incoming_));
  auto written = atomic_write_in(files_, incoming_, path, pieces);
  forget(key);
  return written;
}

result<void> local_store::put(const std::string& key, std::span<const std::string_view> parts) {
  return write(key, pieces_of(parts));
}

result<void> local_store::put_pieces(const std::string& key, std::uint64_t bytes,
                                     const piece_source& pieces) {
  std::uint64_t seen = 0;
  return write(key, [&]() -> result<std::string_view> {
    SKALD_TRY_ASSIGN(const std::string_view piece, pieces());
    seen += piece.size();
    if (seen > bytes || (piece.empty() && seen < bytes)) {
      return error{errc::invalid_argument, "object " + key + " is put with " +
                                               std::to_string(seen) + " bytes instead of " +
                                               std::to_string(bytes)};
    }
    return piece;
  });
}

result<std::string> local_store::get(const std::string& key) {
  SKALD_TRY_ASSIGN(const std::string path, path_of(key));
  // No limit of our own: whoever asks for whole objects knows their size from head() or list().
  return read_file(files_, path, ~std::uint64_t{0});
}

result<std::string> local_store::get_range(const std::string& key, std::uint64_t offset,
                                           std::uint64_t length) {
  SKALD_TRY_ASSIGN(const open_object_ptr object, open_cached(key));
  // Checked before the allocation, as lengths may come from damaged bytes.
  if (offset > object->bytes || length > object->bytes - offset) {
    return range_outside(key, offset, length, object->bytes);
  }
  std::string bytes(length, '\0');
  SKALD_TRY_ASSIGN(const std::size_t got,
                   object->opened->read_at(offset, bytes.data(), bytes.size()));
  if (got != length) return range_outside(key, offset, length, offset + got);
  return bytes;
}

result<void> local_store::read_range(const std::string& key, std::uint64_t offset, char* out,
                                     std::uint64_t length) {
  SKALD_TRY_ASSIGN(const open_object_ptr object, open_cached(key));
  SKALD_TRY_ASSIGN(const std::size_t got, object->opened->read_at(offset, out, length));
  if (got != length) return range_outside(key, offset, length, object->bytes);
  return {};
}

result<object_tail> local_store::get_tail(const std::string& key, std::uint64_t length) {
  SKALD_TRY_ASSIGN(const open_object_ptr object, open_cached(key));
  object_tail tail;
  tail.object_bytes = object->bytes;
  const std::uint64_t wanted = std::min(length, object->bytes);
  SKALD_TRY_ASSIGN(tail.bytes, get_range(key, object->bytes - wanted, wanted));
  return tail;
}

result<object_info> local_store::head(const std::string& key) {
  SKALD_TRY_ASSIGN(const std::string path, path_of(key));
  SKALD_TRY_ASSIGN(const std::uint64_t bytes, files_.file_size(path));
  return object_info{key, bytes};
}

result<std::vector<object_info>> local_store::list(const std::string& prefix) {
  std::vector<object_info> found;
  const std::size_t slash = prefix.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : prefix.substr(0, slash);
  // The folder part has to be a proper key, so that no ".." leads out of the directory.
  if (!parent.empty()) SKALD_TRY(check_object_key(parent));
  SKALD_TRY(list_directory(parent.empty() ? directory_ : directory_ + "/" + parent,
                           parent.empty() ? "" : parent + "/", prefix, found));
  std::sort(found.begin(), found.end(),
            [](const object_info& a, const object_info& b) { return a.key < b.key; });
  return found;
}

result<void> local_store::list_directory(const std::string& directory,
                                         const std::string& key_prefix, const std::string& wanted,
                                         std::vector<object_info>& out) {
  auto entries = files_.list(directory);
  if (!entries.ok()) {
    // A folder that nobody has put anything into, or a key where a folder is asked for.
    const errc code = entries.error().code;
    if (code == errc::not_found || code == errc::invalid_argument) return {};
    return entries.error();
  }
  for (const directory_entry& entry : *entries) {
    const std::string key = key_prefix + entry.name;
    if (key == incoming_name) continue;
    const std::size_t shared = std::min(key.size(), wanted.size());
    if (key.compare(0, shared, wanted, 0, shared) != 0) continue;
    if (entry.kind == entry_kind::directory) {
      SKALD_TRY(list_directory(directory + "/" + entry.name, key + "/", wanted, out));
      continue;
    }
    if (entry.kind != entry_kind::regular || key.size() < wanted.size()) continue;
    const auto bytes = files_.file_size(directory + "/" + entry.name);
    if (bytes.ok()) {
      out.push_back({key, *bytes});
    } else if (bytes.error().code != errc::not_found) {  // else: removed since it was listed
      return bytes.error();
    }
  }
  return {};
}

result<void> local_store::remove(const std::string& key) {
  SKALD_TRY_ASSIGN(const std::string path, path_of(key));
  SKALD_TRY(files_.remove(path));
  forget(key);
  return files_.sync_directory(parent_directory(path));
}

result<local_store::open_object_ptr> local_store::open_cached(const std::string& key) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_key_.find(key);
    if (found != by_key_.end()) {
      recent_.splice(recent_.begin(), recent_, found->second);
      return *found->second;
    }
  }
  SKALD_TRY_ASSIGN(const std::string path, path_of(key));
  auto object = std::make_shared<open_object>();
  object->key = key;
  SKALD_TRY_ASSIGN(object->opened, files_.open(path, open_mode::read_only));
  SKALD_TRY_ASSIGN(object->bytes, object->opened->size());
  const std::lock_guard lock(mutex_);
  // Another thread may have opened it meanwhile; both descriptors are good, one is kept.
  if (by_key_.contains(key)) return object;
  recent_.push_front(object);
  by_key_.emplace(key, recent_.begin());
  while (recent_.size() > options_.open_files_max) {
    by_key_.erase(recent_.back()->key);
    recent_.pop_back();
  }
  return object;
}

void local_store::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  recent_.erase(found->second);
  by_key_.erase(found);
}

}  // namespace skald
