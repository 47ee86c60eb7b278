// SPDX-License-Identifier: Apache-2.0
// Any bytes as a query: no crash, no hang, and what parses prints to a text that parses to the
// same print.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "runtime/logql/syntax/parser.h"
#include "runtime/logql/syntax/printer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace skald::logql;  // NOLINT: a fuzz target is one function
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)parse_query(text);
  const auto query = parse_for_printing(text);
  if (!query.ok()) return 0;
  (void)pretty_print(*query);
  const std::string print = to_string(*query);
  // Literals that are not finite, and names that are no identifiers, have no text that is read
  // back.
  // `logfmt !` extracts a label named "!", whose print `!="!"` reads as an operator; Loki does so
  // too.
  const bool reads_otherwise =
      print.find(" !=\"") != std::string::npos || print.find(",!=\"") != std::string::npos;
  if (reads_otherwise) return 0;
  if (print.find("NaN") != std::string::npos || print.find("Inf") != std::string::npos) return 0;
  const auto again = parse_for_printing(print);
  if (again.ok() && to_string(*again) != print) std::abort();
  return 0;
}
