// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/flush_records.h"

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <algorithm>
#include <cstring>
#include <optional>

#include "schemas/wal_record.capnp.h"

namespace skald {
namespace {

constexpr std::size_t drops_header_bytes = 8;
constexpr std::size_t drop_bytes = 12;

constexpr std::size_t drops_bytes(std::size_t count) {
  return (drops_header_bytes + count * drop_bytes + 7) & ~std::size_t{7};
}

std::string to_bytes(capnp::MallocMessageBuilder& message) {
  const auto words = capnp::messageToFlatArray(message);
  const auto chars = words.asChars();
  return {chars.begin(), chars.size()};
}

// The bytes at an aligned address.
struct aligned_words {
  explicit aligned_words(std::string_view bytes)
      : storage(kj::heapArray<capnp::word>(bytes.size() / sizeof(capnp::word))) {
    if (!bytes.empty()) std::memcpy(storage.begin(), bytes.data(), storage.size() * 8);
  }
  kj::Array<capnp::word> storage;
};

// Runs `read` on the message's root; a malformed message becomes an error.
template <class Schema, class Read>
auto read_message(std::string_view bytes, const char* what, Read read)
    -> result<decltype(read(std::declval<typename Schema::Reader>()))> {
  const aligned_words words(bytes);
  std::optional<decltype(read(std::declval<typename Schema::Reader>()))> value;
  const auto thrown = kj::runCatchingExceptions([&] {
    capnp::ReaderOptions options;
    options.traversalLimitInWords = std::max<std::uint64_t>(1024, words.storage.size() * 8);
    capnp::FlatArrayMessageReader message(words.storage, options);
    value = read(message.getRoot<Schema>());
  });
  KJ_IF_MAYBE (exception, thrown) {
    return error{errc::corrupt,
                 std::string("malformed ") + what + ": " + exception->getDescription().cStr()};
  }
  return std::move(*value);
}

std::string text_of(capnp::Text::Reader text) {
  return {text.cStr(), text.size()};
}

}  // namespace

std::string encode_drops(std::span<const row_drop> drops) {
  std::string out(drops_bytes(drops.size()), '\0');
  const auto count = static_cast<std::uint32_t>(drops.size());
  std::memcpy(out.data(), &count, 4);
  for (std::size_t i = 0; i < drops.size(); ++i) {
    const std::uint32_t fields[3] = {drops[i].slice, drops[i].first_row, drops[i].row_count};
    std::memcpy(out.data() + drops_header_bytes + i * drop_bytes, fields, drop_bytes);
  }
  return out;
}

result<entries_record> decode_entries(std::string_view body) {
  if (body.size() < drops_header_bytes) return {errc::corrupt, "entries record is too short"};
  std::uint32_t count = 0;
  std::uint32_t version = 0;
  std::memcpy(&count, body.data(), 4);
  std::memcpy(&version, body.data() + 4, 4);
  if (version != 0) {
    return {errc::corrupt, "entries record has unknown version " + std::to_string(version)};
  }
  if (count > body.size() / drop_bytes || drops_bytes(count) > body.size()) {
    return {errc::corrupt, "entries record has more dropped ranges than bytes"};
  }
  entries_record record;
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t fields[3];
    std::memcpy(fields, body.data() + drops_header_bytes + i * drop_bytes, drop_bytes);
    record.drops.push_back({fields[0], fields[1], fields[2]});
  }
  record.frame_bytes = body.substr(drops_bytes(count));
  return record;
}

std::string encode_flushed(const flushed_record& record) {
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<schema::Flushed>();
  root.setShard(record.shard);
  root.setShardCount(record.shard_count);
  root.setSequence(record.sequence);
  root.setFlushId(record.flush_id);
  auto packs = root.initPacks(static_cast<unsigned>(record.packs.size()));
  for (unsigned i = 0; i < packs.size(); ++i) {
    packs[i].setTenant(record.packs[i].tenant);
    packs[i].setDayNumber(record.packs[i].day);
    packs[i].setPackKey(record.packs[i].key);
  }
  return to_bytes(message);
}

result<flushed_record> decode_flushed(std::string_view body) {
  return read_message<schema::Flushed>(body, "flushed record", [](schema::Flushed::Reader root) {
    flushed_record record;
    record.shard = root.getShard();
    record.shard_count = std::max(1U, root.getShardCount());
    record.sequence = root.getSequence();
    record.flush_id = root.getFlushId();
    for (const auto pack : root.getPacks()) {
      record.packs.push_back(
          {text_of(pack.getTenant()), pack.getDayNumber(), text_of(pack.getPackKey())});
    }
    return record;
  });
}

void flush_progress::set(std::uint32_t count, std::uint32_t shard, std::uint64_t sequence) {
  auto& known = sequences_[{count, shard}];
  known = std::max(known, sequence);
}

std::uint64_t flush_progress::get(std::uint32_t count, std::uint32_t shard) const {
  const auto found = sequences_.find({count, shard});
  return found == sequences_.end() ? 0 : found->second;
}

bool flush_progress::is_flushed(const hash128& fingerprint, std::uint64_t sequence) const {
  for (auto it = sequences_.begin(); it != sequences_.end();) {
    const auto count = it->first.first;
    if (sequence <= get(count, shard_of(fingerprint, count))) return true;
    it = sequences_.upper_bound({count, UINT32_MAX});
  }
  return false;
}

std::uint64_t flush_progress::flushed_by_all() const {
  std::uint64_t most = 0;
  for (auto it = sequences_.begin(); it != sequences_.end();) {
    const auto count = it->first.first;
    std::uint64_t least = UINT64_MAX;
    for (std::uint32_t shard = 0; shard < count; ++shard)
      least = std::min(least, get(count, shard));
    most = std::max(most, least);
    it = sequences_.upper_bound({count, UINT32_MAX});
  }
  return most;
}

void flush_progress::prune() {
  // A count goes when none of its shards is ahead of what another count says of everything.
  const auto by_all = flushed_by_all();
  for (auto it = sequences_.begin(); it != sequences_.end();) {
    const auto count = it->first.first;
    const auto end = sequences_.upper_bound({count, UINT32_MAX});
    std::uint64_t least = UINT64_MAX;
    std::uint64_t most = 0;
    for (std::uint32_t shard = 0; shard < count; ++shard) {
      least = std::min(least, get(count, shard));
      most = std::max(most, get(count, shard));
    }
    it = most <= by_all && least < by_all ? sequences_.erase(it, end) : end;
  }
}

std::string encode_checkpoint(const checkpoint_record& record) {
  capnp::MallocMessageBuilder message;
  auto root = message.initRoot<schema::Checkpoint>();
  auto shards = root.initShards(static_cast<unsigned>(record.progress.all().size()));
  unsigned i = 0;
  for (const auto& [id, sequence] : record.progress.all()) {
    shards[i].setShardCount(id.first);
    shards[i].setShard(id.second);
    shards[i].setFlushedSequence(sequence);
    ++i;
  }
  auto packs = root.initUnshippedPacks(static_cast<unsigned>(record.unshipped_packs.size()));
  for (unsigned p = 0; p < packs.size(); ++p) packs[p].setPackKey(record.unshipped_packs[p]);
  return to_bytes(message);
}

result<checkpoint_record> decode_checkpoint(std::string_view bytes) {
  return read_message<schema::Checkpoint>(bytes, "checkpoint", [](schema::Checkpoint::Reader root) {
    checkpoint_record record;
    for (const auto shard : root.getShards()) {
      const auto count =
          shard.getShardCount() != 0 ? shard.getShardCount() : std::max(1U, root.getShardCount());
      record.progress.set(count, shard.getShard(), shard.getFlushedSequence());
    }
    for (const auto pack : root.getUnshippedPacks()) {
      record.unshipped_packs.push_back(text_of(pack.getPackKey()));
    }
    return record;
  });
}

}  // namespace skald
