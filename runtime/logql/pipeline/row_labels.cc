// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/row_labels.h"

#include <algorithm>

#include "runtime/logql/pipeline/label_builder.h"

namespace skald::logql {
namespace {

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

void add(hash128& sum, std::string_view name, std::string_view value) {
  const hash128 part = label_builder::label_hash(name, value);
  sum.low += part.low;
  sum.high += part.high;
}

// The value in the final set, error labels included.
bool find_final(const label_builder& builder, std::string_view name, std::string_view& value) {
  if (name == error_label && builder.has_error()) {
    value = builder.error();
    return true;
  }
  if (name == error_details_label && !builder.error_details().empty() &&
      !builder.is_stream_only()) {
    value = builder.error_details();
    return true;
  }
  const name_id id = builder.find(name);
  return id != no_name && builder.get(id, value);
}

}  // namespace

const stream_info& row_labels::stream() const {
  return builder_->stream();
}
bool row_labels::is_stream_only() const {
  return builder_->is_stream_only();
}

std::string_view row_labels::get(std::string_view name) const {
  std::string_view value;
  return find_final(*builder_, name, value) ? value : std::string_view();
}

bool row_labels::has(std::string_view name) const {
  std::string_view value;
  return find_final(*builder_, name, value);
}

bool row_labels::has_error() const {
  return builder_->has_error();
}
bool row_labels::preserves_error() const {
  return get(preserve_error_label) == "true";
}

std::span<const row_label> row_labels::sorted() const {
  return builder_->sorted();
}

label_set row_labels::to_label_set() const {
  if (is_stream_only()) return stream().labels;
  return without({});
}

label_set row_labels::only(std::span<const std::string_view> names) const {
  std::vector<label> labels;
  for (const std::string_view name : names) {
    std::string_view value;
    if (find_final(*builder_, name, value)) {
      labels.push_back({std::string(name), std::string(value)});
    }
  }
  return label_set(std::move(labels));
}

label_set row_labels::without(std::span<const std::string_view> names) const {
  std::vector<label> labels;
  for (const row_label& item : sorted()) {
    if (!is_one_of(names, item.name)) {
      labels.push_back({std::string(item.name), std::string(item.value)});
    }
  }
  return label_set(std::move(labels));
}

hash128 row_labels::hash() const {
  return builder_->hash();
}

hash128 row_labels::hash_with_categories() const {
  return builder_->hash_with_categories();
}

hash128 row_labels::hash_only(std::span<const std::string_view> names) const {
  hash128 sum;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string_view value;
    if (is_one_of(names.subspan(0, i), names[i])) continue;
    if (find_final(*builder_, names[i], value)) add(sum, names[i], value);
  }
  return sum;
}

hash128 row_labels::hash_without(std::span<const std::string_view> names) const {
  hash128 sum = builder_->hash();
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string_view value;
    if (is_one_of(names.subspan(0, i), names[i])) continue;
    if (!find_final(*builder_, names[i], value)) continue;
    const hash128 part = label_builder::label_hash(names[i], value);
    sum.low -= part.low;
    sum.high -= part.high;
  }
  return sum;
}

hash128 row_labels::hash_of(const label_set& labels) {
  hash128 sum;
  for (const label& item : labels) add(sum, item.name, item.value);
  return sum;
}

}  // namespace skald::logql
