// SPDX-License-Identifier: Apache-2.0
// unwrap: a label's value becomes the sample, with its conversions and the filters behind it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/pipeline/stage.h"
#include "runtime/logql/syntax/ast.h"

namespace skald::logql {

// The sample that a label's value gives.
result<double> unwrapped_value(std::string_view text, unwrap_conversion conversion);

class unwrap_extractor : public sample_extractor {
 public:
  unwrap_extractor(label_builder& labels, const std::string& label, unwrap_conversion conversion,
                   std::vector<std::unique_ptr<stage>> post_filters);
  bool extract(row_context& row, double& value) override;

 private:
  name_id name_;
  unwrap_conversion conversion_;
  std::vector<std::unique_ptr<stage>> post_filters_;
};

}  // namespace skald::logql
