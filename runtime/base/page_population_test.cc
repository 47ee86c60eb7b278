// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/page_population.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace skald {
namespace {

class fresh_pages {
 public:
  explicit fresh_pages(std::size_t count)
      : count_(count),
        data_(static_cast<char*>(::mmap(nullptr, count * page(), PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))) {
    // Where the system gives huge pages unasked, one of them would bring neighbours, too.
    ::madvise(data_, count * page(), MADV_NOHUGEPAGE);
  }
  ~fresh_pages() { ::munmap(data_, count_ * page()); }
  static std::size_t page() { return static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)); }
  char* data() { return data_; }
  std::size_t resident() {
    std::vector<unsigned char> flags(count_);
    ::mincore(data_, count_ * page(), flags.data());
    return static_cast<std::size_t>(
        std::count_if(flags.begin(), flags.end(), [](unsigned char flag) { return flag & 1; }));
  }

 private:
  std::size_t count_;
  char* data_;
};

bool kernel_populates() {
  fresh_pages one(1);
  return ::madvise(one.data(), fresh_pages::page(), 23 /* MADV_POPULATE_WRITE */) == 0;
}

TEST(PagePopulation, MapsAllPagesOfTheRangeAndNoOthers) {
  fresh_pages memory(64);
  ASSERT_EQ(memory.resident(), 0u);
  // From the middle of page 2 to the middle of page 33.
  const std::size_t page = fresh_pages::page();
  populate_pages(memory.data() + 2 * page + page / 2, 31 * page);
  EXPECT_EQ(memory.resident(), kernel_populates() ? 32u : 0u);
}

TEST(PagePopulation, KeepsWhatIsThere) {
  fresh_pages memory(32);
  const std::size_t bytes = 32 * fresh_pages::page();
  std::memset(memory.data(), 'x', bytes / 2);
  populate_pages(memory.data(), bytes);
  EXPECT_EQ(std::count(memory.data(), memory.data() + bytes, 'x'), bytes / 2);
}

TEST(PagePopulation, LeavesSmallBuffersAlone) {
  fresh_pages memory(4);
  populate_pages(memory.data(), 100);
  populate_pages(memory.data(), 0);
  EXPECT_EQ(memory.resident(), 0u);
}

}  // namespace
}  // namespace skald
