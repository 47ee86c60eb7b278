// SPDX-License-Identifier: Apache-2.0
// A stream's identity: its label set, the canonical text of it, and the fingerprint made of that
// text.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/hash.h"
#include "runtime/base/result.h"

namespace skald {

struct label {
  std::string name;
  std::string value;
  friend auto operator<=>(const label&, const label&) = default;
};

// Labels sorted by name, each name at most once. A copyable value; immutable use from many threads
// is safe.
class label_set {
 public:
  label_set() = default;
  // Sorts. Of a repeated name the last value stays.
  explicit label_set(std::vector<label> labels);

  bool empty() const { return labels_.empty(); }
  std::size_t size() const { return labels_.size(); }
  auto begin() const { return labels_.begin(); }
  auto end() const { return labels_.end(); }

  // The value, or an empty view when there is no such label (Prometheus does not tell the two
  // apart).
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  // Sets or replaces one label. O(size).
  void set(std::string_view name, std::string_view value);
  void erase(std::string_view name);

  // `{a="1", b="x\"y"}`: names sorted, values quoted as Go's strconv.Quote does. The identity of a
  // stream on disk, on the wire and in hashes.
  std::string canonical() const;

  friend bool operator==(const label_set&, const label_set&) = default;
  friend auto operator<=>(const label_set&, const label_set&) = default;

 private:
  std::vector<label> labels_;
};

// Parses the label text of a push: `{name="value", ...}` with Go string escapes or back quotes, any
// order, white space allowed. Errors: invalid_argument saying where (the text that Loki's push API
// gives is made by the caller).
result<label_set> parse_labels(std::string_view text);

// Appends `value` as strconv.Quote of Go writes it, with the quotes.
void append_quoted(std::string& out, std::string_view value);

// 128-bit XXH3 of the canonical label text: the stream's identity everywhere.
using stream_fingerprint = hash128;
inline stream_fingerprint fingerprint_of(std::string_view canonical_labels) {
  return xxh3_128(canonical_labels);
}

// What every part of the system may know of a stream. Made once, then shared read-only.
struct stream_info {
  stream_fingerprint fingerprint;
  std::string canonical_labels;
  label_set labels;
};
using stream_ptr = std::shared_ptr<const stream_info>;

// Errors: those of parse_labels.
result<stream_ptr> make_stream(std::string_view canonical_labels);

}  // namespace skald
