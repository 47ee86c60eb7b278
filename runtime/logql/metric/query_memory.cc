// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/query_memory.h"

#include <string>

namespace skald::logql {

error query_memory::exceeded_error() const {
  // By now others may have given back what was too much.
  if (!is_over() && all_ != nullptr) {
    return {errc::overloaded,
            "all queries together need more memory than they may take (limit: " +
                std::to_string(all_->bytes_max_) +
                " bytes, half of skald.memory_limit); try again when others have ended"};
  }
  return {
      errc::resource_exhausted,
      "the query needs more memory than one query may take (limit: " + std::to_string(bytes_max_) +
          " bytes, skald.query_memory_limit); ask for fewer lines or series, a shorter range, "
          "or less text of line_format and label_format"};
}

std::uint64_t memory_bytes(const label_set& labels) {
  std::uint64_t bytes = labels.size() * sizeof(label);
  for (const label& one : labels) bytes += one.name.size() + one.value.size();
  return bytes;
}

}  // namespace skald::logql
