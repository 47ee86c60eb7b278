// SPDX-License-Identifier: Apache-2.0
// Look-ups over the files of a view, merged.
#include <algorithm>
#include <unordered_map>

#include "storage/index/index_catalog.h"
#include "storage/index/index_catalog_state.h"
#include "storage/index/index_look_up.h"

namespace skald {
namespace {

// Several files may hold one chunk: a slot file and its shipped form, or a day that was indexed
// twice.
void fold_duplicates(std::vector<pack_chunk>& chunks) {
  std::sort(chunks.begin(), chunks.end(), [](const pack_chunk& a, const pack_chunk& b) {
    return a.directory_entry != b.directory_entry ? a.directory_entry < b.directory_entry
                                                  : a.stream < b.stream;
  });
  const auto same = [](const pack_chunk& a, const pack_chunk& b) {
    return a.directory_entry == b.directory_entry && a.stream == b.stream;
  };
  chunks.erase(std::unique(chunks.begin(), chunks.end(), same), chunks.end());
}

// Adds tables of files up.
class table_merger {
 public:
  void add(chunk_table more) {
    if (out_.packs.empty()) {
      out_ = std::move(more);
      return;
    }
    if (streams_.empty()) note_all();
    std::vector<std::uint32_t> numbers;
    numbers.reserve(more.streams.size());
    for (indexed_stream& s : more.streams) {
      const auto [known, is_new] =
          streams_.try_emplace(s.fingerprint, static_cast<std::uint32_t>(out_.streams.size()));
      if (is_new) out_.streams.push_back(std::move(s));
      numbers.push_back(known->second);
    }
    for (pack_chunks& pack : more.packs) {
      for (pack_chunk& chunk : pack.chunks) chunk.stream = numbers[chunk.stream];
      const auto [known, is_new] = packs_.try_emplace(pack.key, out_.packs.size());
      if (is_new) {
        out_.packs.push_back(std::move(pack));
      } else {
        repeated_.push_back(known->second);
        std::vector<pack_chunk>& chunks = out_.packs[known->second].chunks;
        chunks.insert(chunks.end(), pack.chunks.begin(), pack.chunks.end());
      }
    }
  }

  chunk_table take() {
    for (const std::size_t pack : repeated_) fold_duplicates(out_.packs[pack].chunks);
    std::sort(out_.packs.begin(), out_.packs.end(),
              [](const pack_chunks& a, const pack_chunks& b) { return a.key < b.key; });
    return std::move(out_);
  }

 private:
  // One file alone needs no maps.
  void note_all() {
    for (std::size_t i = 0; i < out_.streams.size(); ++i) {
      streams_.emplace(out_.streams[i].fingerprint, static_cast<std::uint32_t>(i));
    }
    for (std::size_t i = 0; i < out_.packs.size(); ++i) packs_.emplace(out_.packs[i].key, i);
  }

  chunk_table out_;
  std::unordered_map<stream_fingerprint, std::uint32_t> streams_;  // positions in out_
  std::unordered_map<std::string, std::size_t> packs_;
  std::vector<std::size_t> repeated_;  // packs of several files
};

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

std::vector<stream_chunks> chunks_by_stream(const chunk_table& table) {
  std::vector<stream_chunks> out;
  out.reserve(table.streams.size());
  for (const indexed_stream& s : table.streams) {
    out.push_back({s.fingerprint, s.canonical_labels, {}});
  }
  for (const pack_chunks& pack : table.packs) {
    for (const pack_chunk& c : pack.chunks) {
      out[c.stream].chunks.push_back({out[c.stream].fingerprint, pack.key, c.directory_entry,
                                      c.min_timestamp_ns, c.max_timestamp_ns, c.rows,
                                      c.line_bytes});
    }
  }
  for (stream_chunks& s : out) {
    std::stable_sort(s.chunks.begin(), s.chunks.end(), [](const chunk_ref& a, const chunk_ref& b) {
      if (a.min_timestamp_ns != b.min_timestamp_ns) return a.min_timestamp_ns < b.min_timestamp_ns;
      return a.directory_entry < b.directory_entry;
    });
  }
  std::sort(out.begin(), out.end(), [](const stream_chunks& a, const stream_chunks& b) {
    return a.fingerprint < b.fingerprint;
  });
  return out;
}

index_view::index_view(std::unique_ptr<implementation> state) : state_(std::move(state)) {}
index_view::~index_view() = default;
index_view::index_view(index_view&&) noexcept = default;

result<void> index_view::implementation::for_each_file(
    const std::function<result<void>(index_file&)>& look) const {
  for (const auto& slot : own_) {
    SKALD_TRY_ASSIGN(const auto file, catalog_.open_files_.get(slot->place));
    SKALD_TRY(look(*file));
  }
  for (const auto& [key, entry] : downloaded_) {
    const auto file = catalog_.open_files_.get(entry->place);
    auto looked = file.ok() ? look(**file) : result<void>(file.error());
    if (looked.ok()) continue;
    // Also one that somebody removed is fetched anew.
    const bool is_gone = !file.ok() && file.error().code == errc::not_found;
    if (is_gone || looked.error().code == errc::corrupt) catalog_.forget_damaged(key, *entry);
    return looked;
  }
  return {};
}

bool index_view::holds(const std::string& object_key) const {
  return state_->object_keys_.contains(object_key);
}

result<std::vector<indexed_stream>> index_view::series(const index_query& query) const {
  std::vector<indexed_stream> out;
  bool several_files = false;
  SKALD_TRY(state_->for_each_file([&](index_file& file) -> result<void> {
    SKALD_TRY_ASSIGN(auto found, file.series(query));
    if (out.empty()) {
      out = std::move(found);
      return {};
    }
    several_files |= !found.empty();
    std::move(found.begin(), found.end(), std::back_inserter(out));
    return {};
  }));
  // One file has each stream once.
  if (!several_files) return out;
  std::sort(out.begin(), out.end(), [](const indexed_stream& a, const indexed_stream& b) {
    return a.fingerprint < b.fingerprint;
  });
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

result<chunk_table> index_view::chunks(const index_query& query) const {
  table_merger merger;
  SKALD_TRY(state_->for_each_file([&](index_file& file) -> result<void> {
    SKALD_TRY_ASSIGN(auto found, file.chunks(query));
    merger.add(std::move(found));
    return {};
  }));
  return merger.take();
}

result<std::vector<stream_chunks>> index_view::chunk_refs(const index_query& query) const {
  SKALD_TRY_ASSIGN(const chunk_table found, chunks(query));
  return chunks_by_stream(found);
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
  SKALD_TRY_ASSIGN(const chunk_table found, chunks(query));
  index_volume out;
  out.streams = found.streams.size();
  for (const pack_chunks& pack : found.packs) {
    for (const pack_chunk& c : pack.chunks) {
      add_to_volume(out, query.range, c.min_timestamp_ns, c.max_timestamp_ns, c.rows, c.line_bytes);
    }
  }
  return out;
}

}  // namespace skald
