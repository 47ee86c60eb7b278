// SPDX-License-Identifier: Apache-2.0
// Memory that is about to be written whole gets its pages by one system call: a page fault each
// costs half again as much as the page itself, more on virtual machines.
#pragma once

#include <cstddef>

namespace skald {

// Maps the pages of `bytes` bytes from `data` that are not mapped yet. For memory that will be
// written at once and to its end: pages mapped in vain count as used. A hint: it does nothing for
// less than some pages, and where the system has no such call (Linux before 5.14). Any thread.
void populate_pages(void* data, std::size_t bytes);

}  // namespace skald
