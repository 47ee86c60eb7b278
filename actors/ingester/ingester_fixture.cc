// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/ingester_fixture.h"

#include <caf/send.hpp>
#include <cstdlib>
#include <fstream>

#include "storage/chunk/pack_reader.h"

namespace skald {
namespace {

constexpr time_range everything{INT64_MIN / 2, INT64_MAX / 2};

}  // namespace

result<void> failing_store::put(const std::string& key, std::span<const std::string_view> parts) {
  if (failing) return {errc::unavailable, "told to fail"};
  ++puts;
  return inner_.put(key, parts);
}

// Cannot be read where its owner says.
class unreadable_file final : public forwarding_file {
 public:
  unreadable_file(failing_files& owner, std::unique_ptr<file> inner)
      : forwarding_file(std::move(inner)), owner_(owner) {}
  result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t length) override {
    const auto bad = owner_.unreadable_at;
    if (owner_.unreadable_path.empty() || bad < offset || bad >= offset + length) {
      return forwarding_file::read_at(offset, out, length);
    }
    ++owner_.failures;
    return {owner_.failing_with, "told to fail: read"};
  }

 private:
  failing_files& owner_;
};

result<std::unique_ptr<file>> failing_files::open(const std::string& path, open_mode mode) {
  if (!failing_path.empty() && mode == failing_mode &&
      path.find(failing_path) != std::string::npos) {
    ++failures;
    return {failing_with, "told to fail: " + path};
  }
  SKALD_TRY_ASSIGN(auto inner, forwarding_file_system::open(path, mode));
  if (unreadable_path.empty() || path.find(unreadable_path) == std::string::npos) {
    return std::unique_ptr<file>(std::make_unique<forwarding_file>(std::move(inner)));
  }
  return std::unique_ptr<file>(std::make_unique<unreadable_file>(*this, std::move(inner)));
}

ingester_fixture::ingester_fixture() {
  std::string pattern = testing::TempDir() + "/ingester_test_XXXXXX";
  directory_ = ::mkdtemp(pattern.data());
  options_.node = "n1";
  options_.shards = 2;
  options_.wal_directory = directory_ + "/wal";
  options_.wal.segment_bytes = 1 << 20;
  options_.wal.disk_full_share = 1.0;  // however full the disk of the tests is
  options_.detached_workers = false;
  options_.replay_bytes_max = 0;
  // Tests run in both forms; the frames of tests are too small to be kept by themselves.
  options_.held_frame_factor = std::getenv("SKALD_TEST_HELD_FRAMES") != nullptr ? 1e9 : 0;
  hooks_->spawned = [this](std::string_view kind, const caf::actor& child) {
    children_[std::string(kind)].push_back(child.address());
  };
}

ingester_fixture::~ingester_fixture() {
  std::filesystem::remove_all(directory_);
}

void ingester_fixture::TearDown() {
  if (ingester_) crash();
  deterministic_system::TearDown();
}

void ingester_fixture::start() {
  limits_source_ =
      std::make_unique<limits_source>(std::make_shared<const limits_snapshot>(limits_));
  options_.incarnation = ++incarnation_;
  index_options index;
  index.writer = "n1";
  index.incarnation = incarnation_;
  index.map_bytes = 1 << 20;
  auto opened =
      index_catalog::open(directory_ + "/index", directory_ + "/cache", index, files_, time());
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  index_ = std::move(*opened);
  ingester_ = spawn_ingester(
      system(), options_,
      {&files_, &store_, index_.get(), limits_source_.get(), &time(), &metrics_, nullptr, hooks_});
  run();
}

void ingester_fixture::crash() {
  caf::anon_send_exit(ingester_, caf::exit_reason::kill);
  ingester_ = nullptr;
  run();
  index_ = nullptr;
}

result<bool> ingester_fixture::shutdown() {
  std::optional<result<bool>> answer;
  caf::anon_send(ingester_, shutdown_request{false, one_shot<bool>([&](result<bool> value) {
                                               answer.emplace(std::move(value));
                                             })});
  run();
  ingester_ = nullptr;
  index_ = nullptr;
  if (!answer) return {errc::internal, "no answer"};
  return *answer;
}

std::vector<ingester_fixture::entry> ingester_fixture::numbered(int first, int count,
                                                                int streams) const {
  std::vector<entry> out;
  for (int stream = 0; stream < streams; ++stream) {
    for (int i = first; i < first + count; ++i) {
      if (i % streams != stream) continue;
      out.push_back(
          {"{app=\"a" + std::to_string(stream) + "\"}", now_ns() + i, "line " + std::to_string(i)});
    }
  }
  return out;
}

seen_entries ingester_fixture::once(const std::vector<std::vector<entry>>& pushes) {
  seen_entries all;
  for (const auto& entries : pushes) {
    for (const auto& e : entries) all[{e.labels, e.timestamp_ns, e.line}] = 1;
  }
  return all;
}

push_frame_ptr ingester_fixture::frame_of(const std::vector<entry>& entries,
                                          const std::string& tenant) {
  push_frame_builder builder(tenant);
  std::string last;
  for (const auto& e : entries) {
    if (e.labels != last) builder.begin_stream(fingerprint_of(e.labels), e.labels);
    last = e.labels;
    std::vector<metadata_pair> pairs;
    for (const auto& [name, value] : e.metadata) pairs.push_back({name, value});
    builder.add(e.timestamp_ns, e.line, pairs);
  }
  return builder.finish();
}

result<push_outcome> ingester_fixture::push(const std::vector<entry>& entries,
                                            const std::string& tenant) {
  std::optional<result<push_outcome>> answer;
  caf::anon_send(ingester_, push_request{frame_of(entries, tenant),
                                         one_shot<push_outcome>([&](result<push_outcome> value) {
                                           answer.emplace(std::move(value));
                                         })});
  run();
  if (!answer) return {errc::internal, "no answer"};
  return *answer;
}

void ingester_fixture::push_async(const std::vector<entry>& entries,
                                  std::optional<result<push_outcome>>& into) {
  caf::anon_send(ingester_,
                 push_request{frame_of(entries, "t"),
                              one_shot<push_outcome>([&into](result<push_outcome> value) {
                                into.emplace(std::move(value));
                              })});
}

result<bool> ingester_fixture::flush() {
  std::optional<result<bool>> answer;
  caf::anon_send(
      ingester_,
      flush_request{one_shot<bool>([&](result<bool> value) { answer.emplace(std::move(value)); })});
  run();
  if (!answer) return {errc::internal, "no answer"};
  return *answer;
}

void ingester_fixture::flush_async(std::optional<result<bool>>& into) {
  caf::anon_send(ingester_, flush_request{one_shot<bool>(
                                [&into](result<bool> value) { into.emplace(std::move(value)); })});
}

ingester_status ingester_fixture::status() {
  ingester_status out;
  caf::anon_send(ingester_,
                 status_request{one_shot<ingester_status>([&](result<ingester_status> v) {
                   if (v.ok()) out = *v;
                 })});
  run();
  return out;
}

result<ingester_snapshot> ingester_fixture::read(const std::string& tenant,
                                                 std::vector<label_matcher> matchers) {
  std::optional<result<ingester_snapshot>> answer;
  caf::anon_send(ingester_,
                 read_request{tenant, std::move(matchers), everything,
                              one_shot<ingester_snapshot>([&](result<ingester_snapshot> value) {
                                answer.emplace(std::move(value));
                              })});
  run();
  if (!answer) return {errc::internal, "no answer"};
  return std::move(*answer);
}

result<unflushed_streams> ingester_fixture::streams(const std::string& tenant, bool exact) {
  std::optional<result<unflushed_streams>> answer;
  caf::anon_send(ingester_,
                 streams_request{tenant,
                                 {},
                                 everything,
                                 one_shot<unflushed_streams>([&](result<unflushed_streams> value) {
                                   answer.emplace(std::move(value));
                                 }),
                                 exact});
  run();
  if (!answer) return {errc::internal, "no answer"};
  return std::move(*answer);
}

void ingester_fixture::add_blocks(block_list& blocks, seen_entries& seen) {
  for (auto& block : blocks) {
    const auto times = block->timestamps();
    ASSERT_TRUE(times.ok()) << times.error().message;
    const auto lines = block->lines();
    ASSERT_TRUE(lines.ok()) << lines.error().message;
    for (const auto& run : block->runs()) {
      for (auto row = run.first_row; row < run.first_row + run.row_count; ++row) {
        EXPECT_TRUE(row == run.first_row || (*times)[row] >= (*times)[row - 1]);
        ++seen[{run.stream->canonical_labels, (*times)[row], std::string(lines->line(row))}];
      }
    }
  }
}

seen_entries ingester_fixture::see_memory(const std::string& tenant) {
  seen_entries seen;
  auto snapshot = read(tenant);
  EXPECT_TRUE(snapshot.ok()) << snapshot.error().message;
  if (snapshot.ok()) add_blocks(snapshot->blocks, seen);
  return seen;
}

seen_entries ingester_fixture::see_all(const std::string& tenant) {
  auto snapshot = read(tenant);
  EXPECT_TRUE(snapshot.ok()) << snapshot.error().message;
  return snapshot.ok() ? see_with(*snapshot, tenant) : seen_entries();
}

seen_entries ingester_fixture::see_with(ingester_snapshot& snapshot, const std::string& tenant) {
  seen_entries seen;
  add_blocks(snapshot.blocks, seen);
  const auto& names = snapshot.flush_names;
  const auto refs = index_->chunk_refs({tenant, {}, everything, {}});
  EXPECT_TRUE(refs.ok()) << refs.error().message;
  if (!refs.ok()) return seen;
  for (const auto& stream : *refs) {
    for (const auto& chunk : stream.chunks) {
      if (is_in_memory(names, chunk.pack_key)) continue;
      auto reader = pack_reader::open(store_, chunk.pack_key);
      EXPECT_TRUE(reader.ok()) << reader.error().message;
      const chunk_selection wanted{chunk.directory_entry, nullptr};
      auto blocks = (*reader)->blocks({&wanted, 1}, everything);
      EXPECT_TRUE(blocks.ok());
      add_blocks(*blocks, seen);
    }
  }
  return seen;
}

bool ingester_fixture::kill(const std::string& kind) {
  auto& all = children_[kind];
  for (auto it = all.rbegin(); it != all.rend(); ++it) {
    if (const auto child = caf::actor_cast<caf::actor>(*it)) {
      caf::anon_send_exit(child, caf::exit_reason::kill);
      return true;
    }
  }
  return false;
}

std::size_t ingester_fixture::spawned(const std::string& kind) const {
  const auto found = children_.find(kind);
  return found == children_.end() ? 0 : found->second.size();
}

void ingester_fixture::flip_byte(const std::string& path, std::uint64_t at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(static_cast<std::streamoff>(at));
  const int old = file.get();
  ASSERT_NE(old, EOF) << path;
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(old ^ 4));
}

}  // namespace skald
