// SPDX-License-Identifier: Apache-2.0
// What the WAL's tests share: a directory that goes away, a file system whose n-th call fails, a
// clock set by hand, and a lane that is written, broken and replayed in a line or two each.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "storage/wal/wal_replay.h"
#include "storage/wal/wal_writer.h"
#include "testing/kit/forwarding_file_system.h"

namespace skald::wal_testing {

class temporary_directory {
 public:
  temporary_directory() {
    const char* base = ::getenv("TEST_TMPDIR");
    std::string pattern = std::string(base != nullptr ? base : "/tmp") + "/wal_test.XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void spill(const std::string& path, std::string_view bytes) {
  std::filesystem::remove(path);  // some file systems write a truncated one to the disk at once
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), bytes.size());
}

class manual_clock final : public clock {
 public:
  std::int64_t wall_now_ns() const override { return 0; }
  std::chrono::steady_clock::time_point now() const override { return now_; }
  void advance(std::chrono::milliseconds by) { now_ += by; }

 private:
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1)};
};

// Fails writes and syncs on demand. `fail_at` counts write, sync, rename and resize calls.
class faulty_file_system final : public forwarding_file_system {
 public:
  std::optional<int> fail_at;  // 0: the next call
  errc fail_with = errc::unavailable;
  bool keep_failing = false;
  bool fail_all_syncs = false;
  std::optional<disk_space> disk;
  // What an open or a read (at an offset) of a file answers; null: no failure.
  std::function<result<void>(const std::string& path)> on_open;
  std::function<result<void>(const std::string& path, std::uint64_t offset)> on_read;

  result<void> step(bool is_sync) {
    if (is_sync && fail_all_syncs) return error{fail_with, "injected"};
    if (!fail_at) return {};
    if (*fail_at > 0) {
      --*fail_at;
      return {};
    }
    if (!keep_failing) fail_at.reset();
    return error{fail_with, "injected"};
  }

  result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) override {
    if (on_open) SKALD_TRY(on_open(path));
    SKALD_TRY_ASSIGN(auto inner, forwarding_file_system::open(path, mode));
    return std::unique_ptr<file>(new faulty_file(*this, path, std::move(inner)));
  }
  result<void> rename(const std::string& from, const std::string& to) override {
    SKALD_TRY(step(false));
    return forwarding_file_system::rename(from, to);
  }
  result<void> sync_directory(const std::string& directory) override {
    SKALD_TRY(step(true));
    return forwarding_file_system::sync_directory(directory);
  }
  result<disk_space> space(const std::string& path) override {
    if (disk) return *disk;
    return forwarding_file_system::space(path);
  }

 private:
  class faulty_file final : public forwarding_file {
   public:
    faulty_file(faulty_file_system& owner, std::string path, std::unique_ptr<file> inner)
        : forwarding_file(std::move(inner)), owner_(owner), path_(std::move(path)) {}
    result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t length) override {
      if (owner_.on_read) SKALD_TRY(owner_.on_read(path_, offset));
      return forwarding_file::read_at(offset, out, length);
    }
    // A failing write leaves half of its bytes behind, as a full disk does.
    result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
      auto allowed = owner_.step(false);
      if (allowed.ok()) return forwarding_file::write_at(offset, bytes);
      SKALD_TRY(forwarding_file::write_at(offset, bytes.substr(0, bytes.size() / 2)));
      return allowed;
    }
    result<void> sync_data() override {
      SKALD_TRY(owner_.step(true));
      return forwarding_file::sync_data();
    }
    result<void> resize(std::uint64_t bytes) override {
      SKALD_TRY(owner_.step(false));
      return forwarding_file::resize(bytes);
    }
    // None: half of a write is not whole blocks, which direct writes would refuse.
    int descriptor() const override { return -1; }

   private:
    faulty_file_system& owner_;
    std::string path_;
  };
};

struct seen_record {
  std::uint64_t sequence = 0;
  wal_record_type type = wal_record_type::entries;
  std::uint32_t shard = 0;
  std::string body;
  friend bool operator==(const seen_record&, const seen_record&) = default;
};

struct replayed {
  replay_summary summary;
  std::vector<seen_record> records;

  std::vector<std::uint64_t> sequences() const {
    std::vector<std::uint64_t> out;
    for (const seen_record& r : records) out.push_back(r.sequence);
    return out;
  }
};

// One lane on disk.
class test_lane {
 public:
  explicit test_lane(std::uint64_t segment_bytes = 64 << 10) {
    options.segment_bytes = segment_bytes;
    options.disk_full_share = 1.0;
  }

  std::unique_ptr<wal_writer> open() { return open_after(replay().summary); }
  std::unique_ptr<wal_writer> open_after(const replay_summary& summary) {
    auto writer = wal_writer::open(path(), options, files, time, wal_start_after(summary));
    return writer.ok() ? std::move(*writer) : nullptr;
  }
  replayed replay(std::uint64_t from_sequence = 1) {
    replayed out;
    replay_options how;
    how.lane = options.lane;
    how.from_sequence = from_sequence;
    auto summary = wal_replay(
        path(), files,
        [&](const wal_record& r) -> result<void> {
          aligned_bodies &= reinterpret_cast<std::uintptr_t>(r.body.data()) % 8 == 0;
          out.records.push_back({r.sequence, r.type, r.shard, std::string(r.body)});
          return {};
        },
        how);
    if (summary.ok()) out.summary = std::move(*summary);
    return out;
  }
  std::string path() const { return directory_.path() + "/lane"; }
  std::string segment_path(std::uint64_t segment) const {
    return path() + "/" + wal_segment_name(segment);
  }

  wal_options options;
  faulty_file_system files;
  manual_clock time;
  bool aligned_bodies = true;

 private:
  temporary_directory directory_;
};

inline result<std::uint64_t> put(wal_writer& writer, std::string_view body,
                                 wal_record_type type = wal_record_type::entries,
                                 std::uint32_t shard = 0) {
  const std::string_view parts[] = {body.substr(0, body.size() / 3), body.substr(body.size() / 3)};
  return writer.append(type, shard, parts);
}

inline std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
  std::vector<std::uint64_t> out;
  for (; first <= last; ++first) out.push_back(first);
  return out;
}

}  // namespace skald::wal_testing
