// SPDX-License-Identifier: Apache-2.0
// Random queries by the grammar, over the labels and values of random_data. A query is kept in
// parts, so that a failing one can be made smaller.
#pragma once

#include <string>
#include <vector>

#include "testing/property/random_source.h"

namespace skald::logql::property {

// Its text is head, then the stages or the children with `middle` between them, then tail.
struct query_part {
  std::string head;
  std::vector<std::string> stages;  // of a log pipeline
  std::vector<query_part> children;
  std::string middle;
  std::string tail;
  // Same digits whatever the order of additions: may be compared and ranked.
  bool exact = true;

  std::string text() const;
};

query_part random_log_query(random_source& random);
query_part random_metric_query(random_source& random);

// All that have one stage less, or a child in place of its parent.
std::vector<query_part> smaller_queries(const query_part& query);

}  // namespace skald::logql::property
