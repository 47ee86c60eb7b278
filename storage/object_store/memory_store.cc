// SPDX-License-Identifier: Apache-2.0
#include "storage/object_store/memory_store.h"

namespace skald {
namespace {

error no_object(const std::string& key) {
  return {errc::not_found, "no object " + key};
}

}  // namespace

result<void> memory_store::put(const std::string& key, std::span<const std::string_view> parts) {
  SKALD_TRY(check_object_key(key));
  std::string bytes;
  for (const std::string_view part : parts) bytes += part;
  const std::lock_guard lock(mutex_);
  objects_[key] = std::move(bytes);
  return {};
}

result<std::string> memory_store::get(const std::string& key) {
  SKALD_TRY(check_object_key(key));
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return no_object(key);
  return found->second;
}

result<std::string> memory_store::get_range(const std::string& key, std::uint64_t offset,
                                            std::uint64_t length) {
  SKALD_TRY(check_object_key(key));
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return no_object(key);
  const std::uint64_t bytes = found->second.size();
  if (offset > bytes || length > bytes - offset) {
    return error{errc::invalid_argument, "object " + key + " has " + std::to_string(bytes) +
                                             " bytes, range asked for: offset " +
                                             std::to_string(offset) + ", length " +
                                             std::to_string(length)};
  }
  return found->second.substr(offset, length);
}

result<object_info> memory_store::head(const std::string& key) {
  SKALD_TRY(check_object_key(key));
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return no_object(key);
  return object_info{key, found->second.size()};
}

result<std::vector<object_info>> memory_store::list(const std::string& prefix) {
  std::vector<object_info> found;
  const std::lock_guard lock(mutex_);
  for (auto at = objects_.lower_bound(prefix); at != objects_.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    found.push_back({at->first, at->second.size()});
  }
  return found;
}

result<void> memory_store::remove(const std::string& key) {
  SKALD_TRY(check_object_key(key));
  const std::lock_guard lock(mutex_);
  if (objects_.erase(key) == 0) return no_object(key);
  return {};
}

}  // namespace skald
