// SPDX-License-Identifier: Apache-2.0
#include "storage/wal/page_memory.h"

#include <sys/mman.h>

#include <cstdint>

namespace skald {

page_memory page_memory::map(std::size_t bytes, bool writable) {
  const std::size_t size = (bytes + large_page_bytes - 1) / large_page_bytes * large_page_bytes;
  // One page more than needed; what is in front of the first boundary and behind the end goes back.
  const std::size_t mapped = size + large_page_bytes;
  void* const at = ::mmap(nullptr, mapped, writable ? PROT_READ | PROT_WRITE : PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  page_memory out;
  if (at == MAP_FAILED) return out;
  char* const begin = static_cast<char*>(at);
  const std::size_t before = -reinterpret_cast<std::uintptr_t>(begin) % large_page_bytes;
  if (before > 0) ::munmap(begin, before);
  if (before < large_page_bytes) ::munmap(begin + before + size, large_page_bytes - before);
  out.data_ = begin + before;
  out.size_ = size;
  ::madvise(out.data_, size, MADV_HUGEPAGE);  // refused on systems without: ordinary pages then
  return out;
}

page_memory::~page_memory() {
  if (data_ != nullptr) ::munmap(data_, size_);
}

}  // namespace skald
