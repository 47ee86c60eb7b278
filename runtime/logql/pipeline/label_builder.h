// SPDX-License-Identifier: Apache-2.0
// The labels of the row at hand while stages work on it: stream labels, structured metadata and
// parsed labels with the rules of who hides whom, the error, which names were extracted, and the
// hints that limit extraction. Names are interned to small numbers, so every operation is a look-up
// in an array. Belongs to one runner; values are views that live until begin_row().
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/hash.h"
#include "runtime/logql/pipeline/row_labels.h"
#include "runtime/model/labels.h"
#include "runtime/model/log_block.h"

namespace skald::logql {

using name_id = std::uint32_t;
constexpr name_id no_name = 0xffffffff;

inline constexpr std::string_view error_label = "__error__";
inline constexpr std::string_view error_details_label = "__error_details__";
inline constexpr std::string_view preserve_error_label = "__preserve_error__";
inline constexpr std::string_view clash_suffix = "_extracted";

class stage;
struct row_context;

class label_builder {
 public:
  label_builder();

  // ---- Names ----
  name_id intern(std::string_view name);
  // no_name when it was never interned.
  name_id find(std::string_view name) const;
  std::string_view name(name_id id) const { return names_[id].text; }
  // `name_extracted`.
  name_id clash_name(name_id id);
  std::size_t name_count() const { return names_.size(); }
  std::size_t name_bytes() const { return name_bytes_; }

  // ---- Extraction hints, set once ----
  void require(std::span<const std::string> names);
  void set_no_labels() { no_labels_ = true; }
  void set_preserve_error() { preserve_error_ = true; }
  void add_early_filter(name_id id, stage* filter);

  // Parsers need not run.
  bool no_labels() const { return no_labels_ || all_required_extracted(); }
  bool all_required_extracted() const {
    return required_count_ > 0 && required_extracted_ == required_count_;
  }
  // Whether a parser may extract the name; or any name that begins so.
  bool is_wanted(name_id id) const { return required_count_ == 0 || names_[id].required; }
  bool is_wanted_prefix(std::string_view prefix) const;
  // Only names on a list are wanted.
  bool has_requirements() const { return required_count_ > 0; }
  bool preserves_error() const { return preserve_error_; }
  // Runs the early filter of a name just extracted; false drops the row.
  bool passes_early(name_id id, row_context& row) const;

  // ---- Rows ----
  void set_stream(const stream_ptr& stream);
  void begin_row(std::span<const metadata_pair> metadata);

  const stream_info& stream() const { return *stream_; }

  // Loki's Get: false when absent. The error labels are not reachable.
  bool get(name_id id, std::string_view& value) const;
  // The category of a present label.
  bool get(name_id id, std::string_view& value, label_category& category) const;
  bool in_stream(name_id id) const { return names_[id].stream_epoch == stream_epoch_; }
  bool in_metadata(name_id id) const;
  // The name under which a parser stores a label found as `id`.
  name_id parsed_name(name_id id) { return in_stream(id) || in_metadata(id) ? clash_name(id) : id; }
  bool is_extracted(name_id id) const {
    return names_[id].row_epoch == row_epoch_ && names_[id].extracted;
  }
  void set_parsed(name_id id, std::string_view value);
  void erase(name_id id);

  // ---- Errors ----
  std::string_view error() const { return error_; }
  std::string_view error_details() const { return error_details_; }
  bool has_error() const { return !error_.empty(); }
  // Texts must live as long as the row.
  void set_error(std::string_view error, std::string_view details) {
    error_ = error;
    if (details.data() != nullptr) error_details_ = details;
  }
  void clear_error() { error_ = {}; }
  void clear_error_details() { error_details_ = {}; }

  // ---- Results ----
  // Nothing but the stream's labels.
  bool is_stream_only() const { return added_count_ == 0 && deleted_count_ == 0 && error_.empty(); }
  // Calls visit(name, value, category) for the final set, unsorted, error labels included.
  template <class Visitor>
  void for_each(Visitor visit) const {
    const bool bare = is_stream_only();
    for (const stream_label& label : stream_labels_) {
      if (bare || !is_hidden(label.id)) visit(label.name, label.value, label_category::stream);
    }
    if (bare) return;
    for (const added_label& label : added_) {
      if (label.live) visit(name(label.id), label.value, label.category);
    }
    if (!error_.empty()) visit(error_label, error_, label_category::parsed);
    if (!error_details_.empty()) visit(error_details_label, error_details_, label_category::parsed);
  }
  // Sorted, built once per row.
  std::span<const row_label> sorted();
  hash128 hash() const;
  // The same for sets whose labels have equal categories, too.
  hash128 hash_with_categories() const;
  // Hash of one label, as summed up by hash().
  static hash128 label_hash(std::string_view name, std::string_view value);

 private:
  struct name_state {
    std::string_view text;
    std::uint64_t hash = 0;
    name_id clash = no_name;
    std::uint32_t stream_epoch = 0;
    std::uint32_t stream_index = 0;
    std::uint32_t row_epoch = 0;
    std::int32_t added = -1;  // index into added_, valid when row_epoch is current
    std::int32_t early = -1;  // index into early_filters_
    bool deleted = false;     // likewise valid for the current row
    bool extracted = false;
    bool required = false;
  };
  struct stream_label {
    name_id id;
    std::string_view name;
    std::string_view value;
    hash128 hash;
  };
  struct added_label {
    name_id id;
    std::string_view value;
    label_category category;
    bool live;
  };

  name_state& touch(name_id id);
  bool is_hidden(name_id id) const {
    const name_state& state = names_[id];
    return state.row_epoch == row_epoch_ && (state.deleted || state.added >= 0);
  }
  void add_metadata(const metadata_pair& pair);
  void grow_table();

  std::vector<name_state> names_;
  std::deque<std::string> name_texts_;
  std::size_t name_bytes_ = 0;
  std::vector<name_id> table_;  // open addressing, a power of two
  name_id error_id_ = no_name;
  name_id error_details_id_ = no_name;

  bool no_labels_ = false;
  bool preserve_error_ = false;
  std::vector<std::string> required_names_;
  std::size_t required_count_ = 0;
  std::size_t required_extracted_ = 0;
  std::vector<stage*> early_filters_;

  stream_ptr stream_;
  std::uint32_t stream_epoch_ = 0;
  std::vector<stream_label> stream_labels_;
  hash128 stream_hash_;

  std::uint32_t row_epoch_ = 0;
  std::vector<added_label> added_;
  std::size_t added_count_ = 0;  // live ones
  std::size_t deleted_count_ = 0;
  std::string_view error_;
  std::string_view error_details_;

  std::vector<row_label> unsorted_;
  std::vector<row_label> sorted_;
  bool sorted_valid_ = false;
};

}  // namespace skald::logql
