// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/decolorize.h"

#include <re2/re2.h>

namespace skald::logql {
namespace {

// An introducer (ESC or CSI), then either text up to BEL, or numbers and a final byte.
constexpr char sequence_regex[] =
    "[\\x{1B}\\x{9B}][\\[\\]()#;?]*"
    "(?:(?:(?:[a-zA-Z0-9]*(?:;[a-zA-Z0-9]*)*)?\\x07)"
    "|(?:(?:[0-9]{1,4}(?:;[0-9]{0,4})*)?[0-9A-PRZcf-ntqry=><~]))";

bool has_introducer(std::string_view line) {
  return line.find('\x1B') != std::string_view::npos ||
         line.find("\xC2\x9B") != std::string_view::npos;
}

}  // namespace

decolorize_stage::decolorize_stage() : sequence_(std::make_unique<re2::RE2>(sequence_regex)) {}
decolorize_stage::~decolorize_stage() = default;

bool decolorize_stage::process(row_context& row) {
  if (!has_introducer(row.line)) return true;
  const re2::StringPiece text(row.line.data(), row.line.size());
  char* const buffer = row.arena.allocate(text.size());
  std::size_t kept = 0;
  std::size_t at = 0;
  re2::StringPiece hit;
  while (at < text.size() &&
         sequence_->Match(text, at, text.size(), re2::RE2::UNANCHORED, &hit, 1)) {
    const auto start = static_cast<std::size_t>(hit.data() - text.data());
    std::memcpy(buffer + kept, text.data() + at, start - at);
    kept += start - at;
    at = start + hit.size();
  }
  std::memcpy(buffer + kept, text.data() + at, text.size() - at);
  kept += text.size() - at;
  row.arena.trim(text.size() - kept);
  row.line = {buffer, kept};
  return true;
}

}  // namespace skald::logql
