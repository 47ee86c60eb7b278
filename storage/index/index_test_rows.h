// SPDX-License-Identifier: Apache-2.0
// What the index's tests share: rows with owned text, a directory that goes away, a clock set by
// hand, and the naive answers to every look-up.
#pragma once

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "runtime/base/clock.h"
#include "storage/file/piece_source.h"
#include "storage/index/index_query.h"

namespace skald::index_testing {

class temporary_directory {
 public:
  temporary_directory() {
    const char* base = ::getenv("TEST_TMPDIR");
    std::string pattern = std::string(base != nullptr ? base : "/tmp") + "/index_test.XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~temporary_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

class manual_clock final : public clock {
 public:
  std::int64_t wall_now_ns() const override { return now_ns; }
  std::chrono::steady_clock::time_point now() const override { return {}; }
  std::int64_t now_ns = 20'000 * nanoseconds_per_day;
};

inline std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void spill(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc).write(bytes.data(), bytes.size());
}

// Bytes in pieces of `piece_bytes`.
inline piece_source pieces_of_text(std::string text, std::size_t piece_bytes = 1000) {
  return [text = std::move(text), piece_bytes, at = std::size_t{0}]() mutable {
    const std::string_view piece = std::string_view(text).substr(at, piece_bytes);
    at += piece.size();
    return result<std::string_view>(piece);
  };
}

inline result<std::string> text_of(const piece_source& pieces) {
  std::string out;
  while (true) {
    SKALD_TRY_ASSIGN(const std::string_view piece, pieces());
    if (piece.empty()) return out;
    out += piece;
  }
}

struct owned_row {
  std::string labels;
  chunk_ref chunk;
};

inline owned_row make_row(std::vector<label> labels, std::int64_t min_ns, std::int64_t max_ns,
                          const std::string& pack = "pack", std::uint32_t entry = 0) {
  owned_row out;
  out.labels = label_set(std::move(labels)).canonical();
  out.chunk = {fingerprint_of(out.labels), pack, entry, min_ns, max_ns, 10, 1000};
  return out;
}

inline std::vector<index_row> views(const std::vector<owned_row>& rows) {
  std::vector<index_row> out;
  for (const owned_row& r : rows) out.push_back({r.labels, r.chunk});
  return out;
}

inline label_matcher match(const std::string& name, match_op op, const std::string& value) {
  return label_matcher::make(name, op, value).value();
}

inline index_query query_for(std::vector<label_matcher> matchers, time_range range = {0, INT64_MAX},
                             const std::string& tenant = "fake") {
  index_query out;
  out.tenant = tenant;
  out.matchers = std::move(matchers);
  out.range = range;
  return out;
}

// Rows of one tenant, answered by looking at each.
struct naive_index {
  std::vector<owned_row> rows;

  std::vector<const owned_row*> matching(const index_query& q, bool in_range) const {
    std::vector<const owned_row*> out;
    for (const owned_row& r : rows) {
      const label_set labels = parse_labels(r.labels).value();
      if (!matches_all(q.matchers, labels) || !q.shard.contains(r.chunk.stream)) continue;
      if (in_range && !q.range.overlaps(r.chunk.min_timestamp_ns, r.chunk.max_timestamp_ns))
        continue;
      out.push_back(&r);
    }
    return out;
  }
  std::vector<std::string> series(const index_query& q, bool in_range = true) const {
    std::set<std::string> out;
    for (const owned_row* r : matching(q, in_range)) out.insert(r->labels);
    return {out.begin(), out.end()};
  }
  std::vector<chunk_ref> chunks(const index_query& q) const {
    std::vector<chunk_ref> out;
    for (const owned_row* r : matching(q, true)) out.push_back(r->chunk);
    return out;
  }
  std::vector<std::string> names(const index_query& q) const {
    std::set<std::string> out;
    for (const owned_row* r : matching(q, false)) {
      const label_set labels = parse_labels(r->labels).value();
      for (const label& l : labels) out.insert(l.name);
    }
    return {out.begin(), out.end()};
  }
  std::vector<std::string> values(const std::string& name, const index_query& q) const {
    std::set<std::string> out;
    for (const owned_row* r : matching(q, false)) {
      const std::string value(parse_labels(r->labels).value().get(name));
      if (!value.empty()) out.insert(value);
    }
    return {out.begin(), out.end()};
  }
};

inline std::vector<std::string> labels_of(const std::vector<indexed_stream>& streams) {
  std::vector<std::string> out;
  for (const indexed_stream& s : streams) out.push_back(s.canonical_labels);
  std::sort(out.begin(), out.end());
  return out;
}

inline std::vector<chunk_ref> sorted(std::vector<chunk_ref> chunks) {
  std::sort(chunks.begin(), chunks.end(), [](const chunk_ref& a, const chunk_ref& b) {
    return std::tie(a.stream, a.min_timestamp_ns, a.max_timestamp_ns, a.pack_key,
                    a.directory_entry) < std::tie(b.stream, b.min_timestamp_ns, b.max_timestamp_ns,
                                                  b.pack_key, b.directory_entry);
  });
  return chunks;
}

inline std::vector<chunk_ref> flatten(const std::vector<stream_chunks>& streams) {
  std::vector<chunk_ref> out;
  for (const stream_chunks& s : streams) out.insert(out.end(), s.chunks.begin(), s.chunks.end());
  return sorted(std::move(out));
}

}  // namespace skald::index_testing
