// SPDX-License-Identifier: Apache-2.0
// Entries written into real packs, lines as columns wherever that is possible, and read back as
// blocks. The shelf must outlive the blocks.
#pragma once

#include <cstdint>
#include <vector>

#include "runtime/model/log_block.h"
#include "storage/object_store/memory_store.h"
#include "testing/kit/memory_block.h"

namespace skald::logql::property {

class pack_shelf {
 public:
  // One pack of these entries; repeated ones are left out, as a head block does.
  block_list store(const std::vector<memory_stream>& streams, std::uint64_t arrival);

 private:
  memory_store objects_;
  std::uint64_t packs_ = 0;
};

}  // namespace skald::logql::property
