// SPDX-License-Identifier: Apache-2.0
// The storage side of a node: file system, object store, index catalog, caches. Owned by the node;
// outlives all actors.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "actors/querier/block_locator.h"
#include "runtime/base/clock.h"
#include "runtime/base/result.h"
#include "runtime/config/node_config.h"
#include "runtime/metrics/metric_registry.h"
#include "storage/chunk/pack_cache.h"
#include "storage/chunk/segment_cache.h"
#include "storage/file/file_lock.h"
#include "storage/file/posix_file_system.h"
#include "storage/index/index_catalog.h"
#include "storage/object_store/object_store.h"

namespace skald {

struct storage_parts {
  posix_file_system files;
  std::vector<directory_lock> locks;  // of the directories that are this node's alone
  std::unique_ptr<object_store> store;
  std::unique_ptr<index_catalog> catalog;
  std::shared_ptr<segment_cache> segments;  // null when it is turned off
  std::unique_ptr<pack_cache> packs;
  std::unique_ptr<block_locator> locator;
};

// `incarnation` is this life of the process; `time` must outlive the result.
// Errors: unimplemented for an object store that this version cannot use; unavailable when another
// node has one of the directories; those of the file system, with the path.
result<std::unique_ptr<storage_parts>> open_storage(const node_config& config,
                                                    std::uint64_t incarnation, const clock& time);

// Tells how full the caches are and how often they help. Both must outlive the registry's last
// rendering.
void register_cache_metrics(metric_registry& registry, const storage_parts& parts);

// Bytes of memory that this process may use: the cgroup's limit, else the machine's memory.
std::uint64_t detected_memory_bytes();

}  // namespace skald
