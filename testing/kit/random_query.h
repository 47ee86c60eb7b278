// SPDX-License-Identifier: Apache-2.0
// Random lines of json, logfmt and neither, with labels that clash, repeat and do not
// convert, and random queries about them.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "runtime/logql/plan/query_limits.h"
#include "runtime/model/labels.h"

namespace skald {

class query_generator {
 public:
  explicit query_generator(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }
  bool chance(unsigned percent) { return below(100) < percent; }
  std::mt19937_64& random() { return random_; }

  std::string line();
  std::vector<label> metadata();
  // Times of entries are in the first 60 seconds.
  logql::query_request request();
  // A log query, or a metric query.
  std::string log_query() { return selector() + stages(); }
  std::string metric_query();

 private:
  template <class T>
  const T& pick(const std::vector<T>& of) {
    return of[below(of.size())];
  }
  std::string key();
  std::string value();
  std::string json_line();
  std::string logfmt_line();
  std::string selector() { return pick<std::string>({"{app=~\".+\"}", "{app=\"a1\"}"}); }
  std::string label_name();
  std::string line_filter();
  std::string label_filter(int depth);
  std::string parser();
  std::string other_stage();
  std::string stages();
  std::string unwrap();
  std::string names();

  std::mt19937_64 random_;
};

}  // namespace skald
