// SPDX-License-Identifier: Apache-2.0
// Replaces or creates a file so that a crash at any moment leaves the old contents or the new ones,
// never a mixture.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "storage/file/file_system.h"
#include "storage/file/piece_source.h"

namespace skald {

// File names that atomic_write uses before the rename end in this; left-overs of a crash may be
// deleted at start.
inline constexpr std::string_view temporary_suffix = ".tmp";

// Writes all parts, one behind the other, to a temporary file beside `path`, syncs it, renames it
// to `path` and syncs the directory. Durable when it returns without error; on an error before the
// rename the temporary file is removed. The directory must exist. Two calls for one path at the
// same time: one of them wins whole.
result<void> atomic_write(file_system& files, const std::string& path,
                          std::span<const std::string_view> parts);
result<void> atomic_write(file_system& files, const std::string& path, std::string_view bytes);
// Writes what `pieces` gives. Its error is an error here.
result<void> atomic_write(file_system& files, const std::string& path, const piece_source& pieces);

// The same with the temporary file in `workshop`, a directory of the same file system that must
// exist, so that left-overs are found without a search. The file is locked until it is renamed.
result<void> atomic_write_in(file_system& files, const std::string& workshop,
                             const std::string& path, const piece_source& pieces);

// Removes the temporary files in `workshop` that nobody writes any more. Other processes may be at
// work there: in the instant between making and locking a file one can be taken from its writer,
// whose atomic_write_in then fails with not_found.
result<void> remove_abandoned(file_system& files, const std::string& workshop);

}  // namespace skald
