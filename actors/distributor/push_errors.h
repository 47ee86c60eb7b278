// SPDX-License-Identifier: Apache-2.0
// Collects why entries of one push were refused and words it as Loki does: equal texts are counted
// together. Bounded: of more than `texts_max` different texts only the number of entries is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skald {

// Refused (or changed) lines of one reason; the reason is Loki's metric label ("line_too_long",
// "rate_limited", ...).
struct reason_count {
  std::string_view reason;  // static storage
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  friend bool operator==(const reason_count&, const reason_count&) = default;
};

// Adds to the entry of `reason`, or makes one.
void add_reason(std::vector<reason_count>& counts, std::string_view reason, std::uint64_t lines,
                std::uint64_t bytes);

class push_errors {
 public:
  static constexpr std::size_t texts_max = 32;

  // Whether add() would still keep a new text; asked before one is made.
  bool wants_text() const { return groups_.size() < texts_max; }
  void add(std::string text);
  // An entry refused without a text.
  void add_untold() { ++untold_; }

  bool empty() const { return groups_.empty() && untold_ == 0; }
  // One text as it is; several as `2 errors like: ...; 1 errors like: ...`.
  std::string text() const;

 private:
  struct group {
    std::string text;
    std::uint64_t count;
  };
  std::vector<group> groups_;
  std::uint64_t untold_ = 0;
};

// `2026-11-14T15:51:57Z`, cut to the second.
std::string format_second(std::int64_t timestamp_ns);

}  // namespace skald
