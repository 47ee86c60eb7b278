// SPDX-License-Identifier: Apache-2.0
// Look-ups over the files of a view, merged.
#include <algorithm>
#include <unordered_map>

#include "storage/index/index_catalog.h"
#include "storage/index/index_catalog_state.h"
#include "storage/index/index_look_up.h"

namespace skald {
namespace {

bool same_row(const chunk_ref& a, const chunk_ref& b) {
  return a.directory_entry == b.directory_entry && a.pack_key == b.pack_key;
}

// Several files may hold one row: a slot file and its shipped form, or a day that was indexed
// twice.
void fold_duplicates(std::vector<chunk_ref>& chunks) {
  std::sort(chunks.begin(), chunks.end(), [](const chunk_ref& a, const chunk_ref& b) {
    if (a.min_timestamp_ns != b.min_timestamp_ns) return a.min_timestamp_ns < b.min_timestamp_ns;
    if (a.directory_entry != b.directory_entry) return a.directory_entry < b.directory_entry;
    return a.pack_key < b.pack_key;
  });
  chunks.erase(std::unique(chunks.begin(), chunks.end(), same_row), chunks.end());
}

void append_sorted_unique(std::vector<std::string>& out, std::vector<std::string> more) {
  if (out.empty()) {
    out = std::move(more);
    return;
  }
  std::vector<std::string> merged;
  merged.reserve(out.size() + more.size());
  std::set_union(std::make_move_iterator(out.begin()), std::make_move_iterator(out.end()),
                 std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()),
                 std::back_inserter(merged));
  out = std::move(merged);
}

}  // namespace

index_view::index_view(std::unique_ptr<implementation> state) : state_(std::move(state)) {}
index_view::~index_view() = default;
index_view::index_view(index_view&&) noexcept = default;

result<void> index_view::implementation::for_each_file(
    const std::function<result<void>(index_file&)>& look) const {
  for (const auto& file : own_) SKALD_TRY(look(*file));
  for (const auto& [key, entry] : downloaded_) {
    auto looked = look(*entry->file);
    if (looked.ok()) continue;
    if (looked.error().code == errc::corrupt) catalog_.forget_damaged(key, *entry);
    return looked;
  }
  return {};
}

bool index_view::holds(const std::string& object_key) const {
  return state_->object_keys_.contains(object_key);
}

result<std::vector<indexed_stream>> index_view::series(const index_query& query) const {
  std::vector<indexed_stream> out;
  SKALD_TRY(state_->for_each_file([&](index_file& file) -> result<void> {
    SKALD_TRY_ASSIGN(auto found, file.series(query));
    std::move(found.begin(), found.end(), std::back_inserter(out));
    return {};
  }));
  std::sort(out.begin(), out.end(), [](const indexed_stream& a, const indexed_stream& b) {
    return a.fingerprint < b.fingerprint;
  });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

result<std::vector<stream_chunks>> index_view::chunk_refs(const index_query& query) const {
  std::vector<stream_chunks> out;
  std::unordered_map<stream_fingerprint, std::size_t> position;
  std::size_t files = 0;
  SKALD_TRY(state_->for_each_file([&](index_file& file) -> result<void> {
    SKALD_TRY_ASSIGN(auto found, file.chunk_refs(query));
    if (found.empty()) return {};
    if (++files == 1) {
      out = std::move(found);
      return {};
    }
    if (files == 2) {
      for (std::size_t i = 0; i < out.size(); ++i) position[out[i].fingerprint] = i;
    }
    for (stream_chunks& s : found) {
      const auto [known, is_new] = position.try_emplace(s.fingerprint, out.size());
      if (is_new) {
        out.push_back(std::move(s));
      } else {
        std::vector<chunk_ref>& chunks = out[known->second].chunks;
        std::move(s.chunks.begin(), s.chunks.end(), std::back_inserter(chunks));
      }
    }
    return {};
  }));
  if (files < 2) return out;
  for (stream_chunks& s : out) fold_duplicates(s.chunks);
  std::sort(out.begin(), out.end(), [](const stream_chunks& a, const stream_chunks& b) {
    return a.fingerprint < b.fingerprint;
  });
  return out;
}

result<std::vector<std::string>> index_view::label_names(const index_query& query) const {
  std::vector<std::string> out;
  SKALD_TRY(state_->for_each_file([&](index_file& file) -> result<void> {
    SKALD_TRY_ASSIGN(auto names, file.label_names(query));
    append_sorted_unique(out, std::move(names));
    return {};
  }));
  return out;
}

result<std::vector<std::string>> index_view::label_values(std::string_view name,
                                                          const index_query& query) const {
  std::vector<std::string> out;
  SKALD_TRY(state_->for_each_file([&](index_file& file) -> result<void> {
    SKALD_TRY_ASSIGN(auto values, file.label_values(name, query));
    append_sorted_unique(out, std::move(values));
    return {};
  }));
  return out;
}

result<index_volume> index_view::stats(const index_query& query) const {
  SKALD_TRY_ASSIGN(const auto found, chunk_refs(query));
  index_volume out;
  for (const stream_chunks& s : found) {
    ++out.streams;
    for (const chunk_ref& c : s.chunks) {
      add_to_volume(out, query.range, c.min_timestamp_ns, c.max_timestamp_ns, c.rows, c.line_bytes);
    }
  }
  return out;
}

}  // namespace skald
