// SPDX-License-Identifier: Apache-2.0
// The labels of one row after the pipeline: the stream's labels, structured metadata and parsed
// labels, with Loki's rules of who hides whom, and the error labels. A view onto the runner's
// scratch memory: valid until the sink returns. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/base/hash.h"
#include "runtime/model/labels.h"

namespace skald::logql {

class label_builder;

enum class label_category : std::uint8_t { stream, structured_metadata, parsed };

struct row_label {
  std::string_view name;
  std::string_view value;
  label_category category = label_category::stream;
  friend bool operator==(const row_label&, const row_label&) = default;
};

class row_labels {
 public:
  explicit row_labels(label_builder& builder) : builder_(&builder) {}

  // The row's stream as stored: its original identity, whatever the pipeline did to the labels.
  const stream_info& stream() const;
  // The labels are exactly the stream's own: nothing added, removed or overwritten and no error.
  // Then whatever was computed for the stream before can be used again.
  bool is_stream_only() const;

  // Value in the final set; empty when absent or empty. `__error__`, `__error_details__` and
  // `__preserve_error__` are ordinary names here. About 10 ns.
  std::string_view get(std::string_view name) const;
  // Whether the final set has the name, be it with an empty value.
  bool has(std::string_view name) const;
  bool has_error() const;
  // `__preserve_error__` is "true": the error must not fail a metric query.
  bool preserves_error() const;

  // The final set sorted by name, error labels included (they count as parsed). Built at the first
  // call for a row.
  std::span<const row_label> sorted() const;
  label_set to_label_set() const;
  // Only the names given that are present; or all but those.
  label_set only(std::span<const std::string_view> names) const;
  label_set without(std::span<const std::string_view> names) const;

  // Keys for hash tables: equal for equal sets of (name, value) pairs, whatever their order and
  // category; 128 bits, so different sets may be taken as different. No sorting, no allocation.
  hash128 hash() const;
  // Equal for sets whose labels have equal categories, too.
  hash128 hash_with_categories() const;
  hash128 hash_only(std::span<const std::string_view> names) const;
  hash128 hash_without(std::span<const std::string_view> names) const;
  // The same hash of a set made by to_label_set(), only() or without().
  static hash128 hash_of(const label_set& labels);

 private:
  label_builder* builder_;
};

}  // namespace skald::logql
