// SPDX-License-Identifier: Apache-2.0
// Settings of a node's index. A restart is needed to change any of them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace skald {

struct index_options {
  // Name of a day's table: the prefix and the day number (schema_config's index prefix).
  std::string table_prefix = "index_";
  // Writer's name in object names, usually the node's: [A-Za-z0-9._-].
  std::string writer = "skald";
  // Number of this life of the process. A slot file of an earlier life is never written to again.
  std::uint64_t incarnation = 1;
  // A slot file takes the refs that were written within this time.
  std::chrono::seconds slot_length{15 * 60};
  // A slot file that has grown to this takes no more: so what one look-up maps and one shipment
  // moves is bounded, however many streams there are. Larger ones repeat label texts less often.
  std::uint64_t slot_bytes_max = 128ull << 20;
  // First size of an environment's map; doubled as needed.
  std::uint64_t map_bytes = 64ull << 20;
  // Files that stay open while nobody uses them. Look-ups of longer ranges open theirs anew. Each
  // takes up to three descriptors.
  std::size_t open_files_max = 256;
  // How long a shipped slot file stays on disk (3 x the readers' resync).
  std::chrono::seconds shipped_ttl{45 * 60};
  // How long a downloaded file stays after its last use.
  std::chrono::seconds cache_ttl{24 * 60 * 60};
  // 1 to 19. Level 3 costs about 10 ms per MiB.
  int compression_level = 3;
};

}  // namespace skald
