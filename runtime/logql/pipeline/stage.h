// SPDX-License-Identifier: Apache-2.0
// What every stage of a running pipeline is. A stage belongs to one runner and may keep caches.
// Internal to the pipeline.
#pragma once

#include <cstdint>
#include <string_view>

#include "runtime/base/cancellation.h"
#include "runtime/logql/pipeline/label_builder.h"
#include "runtime/logql/pipeline/row_arena.h"

namespace skald::logql {

// The row that is being worked on. Texts that a stage makes go to the arena.
struct row_context {
  label_builder& labels;
  row_arena& arena;
  std::int64_t timestamp_ns = 0;
  std::string_view line;
  const cancellation* cancelled = nullptr;  // of the query, when somebody can end it
};

class stage {
 public:
  virtual ~stage() = default;
  // False drops the row.
  virtual bool process(row_context& row) = 0;
};

// The unwrap stage: turns the row's labels into a sample.
class sample_extractor {
 public:
  virtual ~sample_extractor() = default;
  // False: the row gives no sample.
  virtual bool extract(row_context& row, double& value) = 0;
};

}  // namespace skald::logql
