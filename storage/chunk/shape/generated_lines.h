// SPDX-License-Identifier: Apache-2.0
// JSON, logfmt, text and hostile lines for tests: same seed, same lines.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace skald {

class line_generator {
 public:
  explicit line_generator(std::uint64_t seed);

  // Lines of one program with one or a few shapes.
  std::string json();
  std::string logfmt();
  std::string text();
  // Keys in random order, repeated, odd, nested; values of every kind.
  std::string wild_json();
  std::string wild_logfmt();
  // A line of the above with bytes changed, cut, repeated or put in.
  std::string mutated();
  // One of the worst: empty, NULs, 100 KB, 3,000 brackets, cut escapes, invalid UTF-8...
  std::string hostile();
  // Any of the above, mostly tame.
  std::string any();

  std::uint64_t below(std::uint64_t bound) { return engine_() % bound; }

 private:
  std::string hex(std::size_t digits);
  std::string_view one_of(const std::vector<std::string_view>& words) {
    return words[below(words.size())];
  }
  std::string wild_value(int depth);
  std::string wild_object(int depth);
  std::string string_body();
  std::string wild_key();

  std::mt19937_64 engine_;
};

}  // namespace skald
