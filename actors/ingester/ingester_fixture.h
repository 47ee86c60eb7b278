// SPDX-License-Identifier: Apache-2.0
// A whole ingester on the deterministic system, a real temporary directory and a memory object
// store, with the reader's side of "memory first, then index". Tests only.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "actors/ingester/ingester_actor.h"
#include "runtime/metrics/metric_registry.h"
#include "storage/object_store/memory_store.h"
#include "testing/actor_kit/deterministic_system.h"
#include "testing/kit/forwarding_file_system.h"

namespace skald {

// An object store whose puts fail while told to.
class failing_store final : public object_store {
 public:
  using object_store::put;
  result<void> put(const std::string& key, std::span<const std::string_view> parts) override;
  result<std::string> get(const std::string& key) override { return inner_.get(key); }
  result<std::string> get_range(const std::string& key, std::uint64_t offset,
                                std::uint64_t length) override {
    return inner_.get_range(key, offset, length);
  }
  result<object_info> head(const std::string& key) override { return inner_.head(key); }
  result<std::vector<object_info>> list(const std::string& prefix) override {
    return inner_.list(prefix);
  }
  result<void> remove(const std::string& key) override { return inner_.remove(key); }

  bool failing = false;
  std::size_t puts = 0;

 private:
  memory_store inner_;
};

// The real file system, with opens and reads that fail while told to.
class failing_files final : public forwarding_file_system {
 public:
  result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) override;
  result<disk_space> space(const std::string& path) override {
    return disk ? *disk : forwarding_file_system::space(path);
  }

  std::optional<disk_space> disk;  // instead of what it is
  // Opens of paths that contain this, in this mode, fail.
  std::string failing_path;
  open_mode failing_mode = open_mode::read_only;
  errc failing_with = errc::resource_exhausted;  // what EMFILE is
  std::size_t failures = 0;
  // Reads of that path fail that cover this offset.
  std::string unreadable_path;
  std::uint64_t unreadable_at = 0;
};

// (canonical labels, timestamp, line) -> how often a reader sees it.
using seen_entries = std::map<std::tuple<std::string, std::int64_t, std::string>, int>;

class ingester_fixture : public deterministic_system {
 protected:
  // Damages a file of the log.
  static void flip_byte(const std::string& path, std::uint64_t at);
  ingester_fixture();
  ~ingester_fixture() override;
  void TearDown() override;

  // Rows do not wait for the tick or the flush in their shard. Before start().
  void hand_over_at_once() { options_.hand_over_bytes = options_.hand_over_held_bytes = 1; }
  // Opens the catalog and starts an ingester on the same directories; runs until nothing moves.
  void start();
  // Ends everything without saving, as kill -9 would.
  void crash();
  // Orderly shutdown; the answer.
  result<bool> shutdown();

  // One frame; entries are (labels, timestamp, line).
  struct entry {
    std::string labels;
    std::int64_t timestamp_ns;
    std::string line;
    std::vector<std::pair<std::string, std::string>> metadata = {};
  };
  // `count` entries over `streams` streams; lines are numbered from `first`.
  std::vector<entry> numbered(int first, int count, int streams = 5) const;
  // What see_all() must give for these.
  static seen_entries once(const std::vector<std::vector<entry>>& pushes);
  push_frame_ptr frame_of(const std::vector<entry>& entries, const std::string& tenant = "t");
  // Sends, runs, returns the answer.
  result<push_outcome> push(const std::vector<entry>& entries, const std::string& tenant = "t");
  // Sends without running; the answer appears in `into`.
  void push_async(const std::vector<entry>& entries, std::optional<result<push_outcome>>& into);
  result<bool> flush();
  // Sends without running; the answer appears in `into`.
  void flush_async(std::optional<result<bool>>& into);
  ingester_status status();
  result<ingester_snapshot> read(const std::string& tenant = "t",
                                 std::vector<label_matcher> matchers = {});
  result<unflushed_streams> streams(const std::string& tenant = "t", bool exact = false);
  // Everything that a reader sees: memory, then packs by the index.
  seen_entries see_all(const std::string& tenant = "t");
  // Same for a reader that has its answer from memory already.
  seen_entries see_with(ingester_snapshot& snapshot, const std::string& tenant = "t");
  // Same, of memory alone.
  seen_entries see_memory(const std::string& tenant = "t");

  // Sends a kill to the youngest living child of a kind. False when there is none.
  bool kill(const std::string& kind);
  std::size_t spawned(const std::string& kind) const;

  std::int64_t now_ns() const { return time().wall_now_ns(); }

  std::string directory_;
  failing_files files_;
  failing_store store_;
  metric_registry metrics_;
  std::shared_ptr<ingester_hooks> hooks_ = std::make_shared<ingester_hooks>();
  ingester_options options_;
  tenant_limits limits_;
  std::unique_ptr<limits_source> limits_source_;
  std::unique_ptr<index_catalog> index_;
  caf::actor ingester_;

 private:
  static void add_blocks(block_list& blocks, seen_entries& seen);
  std::uint64_t incarnation_ = 0;
  std::map<std::string, std::vector<caf::actor_addr>, std::less<>> children_;
};

}  // namespace skald
