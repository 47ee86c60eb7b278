// SPDX-License-Identifier: Apache-2.0
// Any bytes as a template: no crash, no hang, bounded memory.
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/logql/template/template.h"

namespace {

class fixed_fields final : public skald::logql::template_fields {
 public:
  std::string_view get(std::string_view name) const override {
    if (name == "a") return "7";
    if (name == "b") return "{\"k\":[1,2,{\"n\":null}]}";
    return {};
  }
  void append_all(std::vector<std::pair<std::string_view, std::string_view>>& out) const override {
    out.emplace_back("a", get("a"));
    out.emplace_back("b", get("b"));
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto compiled = skald::logql::compiled_template::parse("line", text);
  if (!compiled.ok()) return 0;
  const fixed_fields fields;
  std::string out;
  (void)compiled->execute({&fields, "a line", 1793491200123456789}, out);
  return 0;
}
