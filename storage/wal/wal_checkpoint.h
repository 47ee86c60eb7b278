// SPDX-License-Identifier: Apache-2.0
// The lane's checkpoint: one file with bytes of the caller's and the sequence from which replay
// must start. Format: docs/formats/wal.md. Context: the lane's one thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "runtime/base/result.h"
#include "storage/file/file_system.h"

namespace skald {

struct wal_checkpoint {
  std::uint64_t sequence = 0;  // first record that is not in the checkpoint
  std::string bytes;
  // The newest file was damaged or missing and this is the one before it. Records between the two
  // may have been released already.
  bool from_former = false;
};

// Durable when it returns without error. The new file is read back before it takes the place of the
// former one, which stays beside it. The directory must exist. Errors: those of file_system;
// corrupt when the read-back differs.
result<void> write_checkpoint(const std::string& directory, file_system& files,
                              std::string_view bytes, std::uint64_t sequence);

// Errors: not_found when there is none; corrupt when there are only damaged ones; unimplemented for
// a later version without an older one beside it.
result<wal_checkpoint> read_checkpoint(const std::string& directory, file_system& files);

}  // namespace skald
