// SPDX-License-Identifier: Apache-2.0
// json, json with expressions and unpack on arbitrary lines: no crash, no endless loop, and labels
// that are valid names.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "runtime/logql/pipeline/label_builder.h"
#include "runtime/logql/pipeline/parser/json_expression_parser.h"
#include "runtime/logql/pipeline/parser/json_parser.h"
#include "runtime/logql/pipeline/parser/unpack_parser.h"
#include "testing/fuzz/stage_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skald::logql;
  const std::string_view line(reinterpret_cast<const char*>(data), size);
  fuzz_stage([](label_builder& labels) { return std::make_unique<json_parser>(labels); }, line);
  fuzz_stage([](label_builder& labels) { return std::make_unique<unpack_parser>(labels); }, line);
  fuzz_stage(
      [](label_builder& labels) {
        return std::make_unique<json_expression_parser>(
            labels, std::vector<json_expression_parser::target>{
                        {"a", {std::string("a"), std::int64_t{1}, std::string("b")}},
                        {"b", {std::string("b")}},
                        {"c", {std::int64_t{0}, std::string("c")}}});
      },
      line);
  return 0;
}
