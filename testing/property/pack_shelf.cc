// SPDX-License-Identifier: Apache-2.0
#include "testing/property/pack_shelf.h"

#include <algorithm>
#include <limits>
#include <string>

#include "runtime/base/assert.h"
#include "storage/chunk/generated_streams.h"
#include "storage/chunk/pack_reader.h"
#include "storage/chunk/pack_writer.h"

namespace skald::logql::property {
namespace {

stream_rows rows_of(const memory_stream& stream) {
  std::vector<memory_entry> entries;
  for (const memory_entry& entry : stream.entries) {
    if (std::find(entries.begin(), entries.end(), entry) == entries.end()) entries.push_back(entry);
  }
  std::stable_sort(
      entries.begin(), entries.end(),
      [](const memory_entry& a, const memory_entry& b) { return a.timestamp_ns < b.timestamp_ns; });
  stream_rows rows(stream.stream);
  for (const memory_entry& entry : entries) {
    stream_rows::pairs metadata;
    for (const label& pair : entry.metadata) metadata.emplace_back(pair.name, pair.value);
    rows.add(entry.timestamp_ns, entry.line, metadata);
  }
  return rows;
}

}  // namespace

block_list pack_shelf::store(const std::vector<memory_stream>& streams, std::uint64_t arrival) {
  std::vector<stream_rows> rows;
  for (const memory_stream& stream : streams) rows.push_back(rows_of(stream));
  pack_writer writer({.columns = column_use::always});
  const std::string key = std::to_string(packs_++);
  const auto written = writer.write({"property", "property", arrival, arrival}, inputs_of(rows));
  SKALD_ASSERT(written.ok() && objects_.put(key, written->views()).ok());
  const auto reader = pack_reader::open(objects_, key).value();
  std::vector<chunk_selection> all;
  for (std::uint32_t i = 0; i < reader->chunk_count(); ++i) {
    all.push_back({i, reader->stream(i).value()});
  }
  return std::move(*reader->blocks(all, {0, std::numeric_limits<std::int64_t>::max()}));
}

}  // namespace skald::logql::property
