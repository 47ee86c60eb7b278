// SPDX-License-Identifier: Apache-2.0
// The overrides file (runtime_config.file): per-tenant limits, re-read while the node runs. All or
// nothing: a file that does not parse changes nothing.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/node_config.h"
#include "runtime/limits/limits_snapshot.h"

namespace skald {

// Applies `overrides:` of each text, in order, over `defaults`. Keys that are unknown are ignored,
// as Loki does. Errors: invalid_argument with the position.
// Values that do less than they seem to are in `warnings`, with their tenant.
result<limits_snapshot_ptr> parse_overrides(const std::vector<std::string>& texts,
                                            const tenant_limits& defaults,
                                            std::vector<std::string>* warnings = nullptr);

// Watches the files by content. Not thread-safe: one owner (a timer in runtime/node) calls it.
class overrides_watcher {
 public:
  overrides_watcher(runtime_file_config files, tenant_limits defaults)
      : files_(std::move(files)), defaults_(std::move(defaults)) {}

  // Reads the files. A new snapshot when their content has changed since the last good read (always
  // at the first call; without files: the defaults), null when it has not. Errors: not_found,
  // invalid_argument; the caller keeps its old snapshot (or refuses to start at the first call).
  result<limits_snapshot_ptr> poll();
  // Of the last new snapshot.
  const std::vector<std::string>& warnings() const { return warnings_; }

  config_duration period() const { return files_.period; }
  bool has_files() const { return !files_.files.empty(); }

 private:
  runtime_file_config files_;
  tenant_limits defaults_;
  bool loaded_ = false;
  std::vector<std::string> last_texts_;
  std::vector<std::string> warnings_;
};

}  // namespace skald
