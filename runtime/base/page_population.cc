// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/page_population.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23  // newer than the headers of some systems
#endif

namespace skald {
namespace {

// Below this the call costs more than it saves.
constexpr std::size_t worthwhile_pages = 8;

}  // namespace

void populate_pages(void* data, std::size_t bytes) {
  static const std::size_t page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  if (bytes < worthwhile_pages * page) return;
  const auto begin = reinterpret_cast<std::uintptr_t>(data) / page * page;
  const auto end = (reinterpret_cast<std::uintptr_t>(data) + bytes + page - 1) / page * page;
  // Refused by older kernels and when memory is short: the pages come one by one then.
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_POPULATE_WRITE);
}

}  // namespace skald
