// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/pipeline.h"

#include "runtime/logql/pipeline/pipeline_compiler.h"

namespace skald::logql {

result<std::shared_ptr<const compiled_pipeline>> compiled_pipeline::compile(
    std::span<const stage_expr> stages, const unwrap_expr* unwrap,
    const pipeline_options& options) {
  return pipeline_compiler(options).compile(stages, unwrap);
}

bool compiled_pipeline::is_empty() const {
  return leading_.empty() && stages_.empty() && !has_unwrap();
}

}  // namespace skald::logql
