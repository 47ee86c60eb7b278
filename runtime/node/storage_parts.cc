// SPDX-License-Identifier: Apache-2.0
#include "runtime/node/storage_parts.h"

#include <sys/resource.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <string>
#include <utility>

#include "storage/object_store/local_store.h"

namespace skald {
namespace {

// Node names in object keys: the bytes that the index allows, others become '-'.
std::string object_name_of(std::string_view name) {
  std::string out;
  for (const char c : name.substr(0, 60)) {
    const bool allowed = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         (c >= '0' && c <= '9') || c == '.' || c == '_';
    out += allowed ? c : '-';
  }
  return out.empty() ? "skald" : out;
}

// Null when it is turned off.
std::shared_ptr<segment_cache> segments_of(const node_config& config, const clock& time) {
  const frontend_config& cache = config.frontend;
  if (!cache.chunk_cache_enabled || cache.chunk_cache_max_size_mb <= 0) return nullptr;
  segment_cache_options options;
  options.bytes_max = static_cast<std::uint64_t>(cache.chunk_cache_max_size_mb) << 20;
  options.ttl = cache.chunk_cache_ttl;
  return std::make_shared<segment_cache>(options, time);
}

// Sets the metrics of one cache at each rendering.
template <class Cache>
void register_cache(metric_registry& registry, const std::string& name, const Cache& cache) {
  const auto lookups = [&](const char* result) {
    return registry.get_counter(metric_names::cache_lookups, {{"cache", name}, {"result", result}});
  };
  registry.before_render(
      [&cache, hits = lookups("hit"), misses = lookups("miss"),
       bytes = registry.get_gauge(metric_names::cache_bytes, {{"cache", name}})] {
        const auto stats = cache.stats();
        hits.add(static_cast<double>(stats.hits) - hits.value());
        misses.add(static_cast<double>(stats.misses) - misses.value());
        bytes.set(static_cast<double>(stats.bytes));
      });
}

// Connections, packs and the log need descriptors, too.
std::size_t open_index_files_max() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 64;
  return static_cast<std::size_t>(std::clamp<rlim_t>(limit.rlim_cur / 8, 16, 1024));
}

// Two nodes with one log or one index would lose what they acknowledged. The object store may be
// shared.
result<std::vector<directory_lock>> lock_directories(const node_config& config,
                                                     file_system& files) {
  const std::set<std::string> own = {config.ingester.wal_dir, config.storage.active_index_directory,
                                     config.storage.index_cache_directory};
  std::vector<directory_lock> locks;
  for (const std::string& directory : own) {
    SKALD_TRY_ASSIGN(directory_lock lock, directory_lock::acquire(files, directory));
    locks.push_back(std::move(lock));
  }
  return locks;
}

}  // namespace

result<std::unique_ptr<storage_parts>> open_storage(const node_config& config,
                                                    std::uint64_t incarnation, const clock& time) {
  auto parts = std::make_unique<storage_parts>();
  if (config.storage.object_store != "filesystem") {
    return error{errc::unimplemented, "object store \"" + config.storage.object_store +
                                          "\" is not supported by this version; use filesystem"};
  }
  SKALD_TRY(parts->files.create_directories(config.storage.filesystem_directory));
  SKALD_TRY_ASSIGN(parts->locks, lock_directories(config, parts->files));
  auto store = std::make_unique<local_store>(parts->files, config.storage.filesystem_directory);
  SKALD_TRY(store->remove_abandoned_writes());
  parts->store = std::move(store);

  index_options index;
  index.writer = object_name_of(config.ring.instance_id);
  index.incarnation = incarnation;
  index.cache_ttl =
      std::chrono::duration_cast<std::chrono::seconds>(config.storage.index_cache_ttl);
  index.open_files_max = open_index_files_max();
  // A slot file must be here until every look-up's listing of the store has its shipped form.
  index.shipped_ttl = std::max(
      index.shipped_ttl,
      3 * std::chrono::duration_cast<std::chrono::seconds>(config.storage.index_resync_interval));
  SKALD_TRY_ASSIGN(parts->catalog, index_catalog::open(config.storage.active_index_directory,
                                                       config.storage.index_cache_directory, index,
                                                       parts->files, time));
  parts->segments = segments_of(config, time);
  parts->packs = std::make_unique<pack_cache>(*parts->store, pack_cache_options(), parts->segments);
  parts->locator = std::make_unique<block_locator>(
      *parts->catalog, *parts->store, *parts->packs, time,
      std::chrono::duration_cast<std::chrono::seconds>(config.storage.index_resync_interval));
  return parts;
}

void register_cache_metrics(metric_registry& registry, const storage_parts& parts) {
  register_cache(registry, "pack", *parts.packs);
  if (parts.segments != nullptr) register_cache(registry, "segment", *parts.segments);
}

std::uint64_t detected_memory_bytes() {
  struct sysinfo info {};
  const std::uint64_t machine =
      sysinfo(&info) == 0 ? static_cast<std::uint64_t>(info.totalram) * info.mem_unit : 4ull << 30;
  for (const char* path :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    std::ifstream in(path);
    std::uint64_t limit = 0;
    if (in >> limit && limit > 0 && limit < machine) return limit;
  }
  return machine;
}

}  // namespace skald
