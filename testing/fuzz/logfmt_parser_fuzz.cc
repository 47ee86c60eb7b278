// SPDX-License-Identifier: Apache-2.0
// logfmt in all its forms on arbitrary lines.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/logql/pipeline/label_builder.h"
#include "runtime/logql/pipeline/parser/logfmt_parser.h"
#include "testing/fuzz/stage_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skald::logql;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  for (int flags = 0; flags < 4; ++flags) {
    const logfmt_options options{(flags & 1) != 0, (flags & 2) != 0};
    fuzz_stage(
        [&](label_builder& labels) { return std::make_unique<logfmt_parser>(labels, options); },
        line);
  }
  fuzz_stage(
      [](label_builder& labels) {
        return std::make_unique<logfmt_expression_parser>(
            labels,
            std::vector<logfmt_expression_parser::target>{{"a", "b"}, {"b", "a"}, {"c", "x"}},
            false);
      },
      line);
  return 0;
}
