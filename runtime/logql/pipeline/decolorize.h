// SPDX-License-Identifier: Apache-2.0
// decolorize: removes ANSI escape sequences from the line.
#pragma once

#include <memory>

#include "runtime/logql/pipeline/stage.h"

namespace re2 {
class RE2;
}

namespace skald::logql {

class decolorize_stage : public stage {
 public:
  decolorize_stage();
  ~decolorize_stage() override;
  bool process(row_context& row) override;

 private:
  std::unique_ptr<re2::RE2> sequence_;
};

}  // namespace skald::logql
