// SPDX-License-Identifier: Apache-2.0
// The pattern parser and the pattern line filter: the input is a pattern, a newline and a line.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/logql/pipeline/label_builder.h"
#include "runtime/logql/pipeline/parser/pattern_parser.h"
#include "runtime/logql/scan/line_pattern.h"
#include "testing/fuzz/stage_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skald::logql;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = input.find('\n');
  const std::string_view pattern = input.substr(0, cut);
  const std::string_view line =
      cut == std::string_view::npos ? std::string_view() : input.substr(cut + 1);
  if (const auto nodes = compile_parser_pattern(pattern); nodes.ok()) {
    fuzz_stage(
        [&](label_builder& labels) { return std::make_unique<pattern_parser>(labels, *nodes); },
        line);
  }
  if (const auto filter = line_pattern::compile(pattern); filter.ok()) filter->matches(line);
  return 0;
}
