// SPDX-License-Identifier: Apache-2.0
#include "testing/kit/query_answer.h"

#include <cmath>
#include <cstring>
#include <utility>
#include <variant>
#include <vector>

namespace skald {
namespace {

void print_number(std::string& out, double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof(bits));
  out += std::isnan(value) ? "NaN" : std::to_string(value) + "#" + std::to_string(bits);
}

}  // namespace

result<logql::query_result> run_query(const logql::query_plan& plan,
                                      const std::function<block_list()>& make_blocks) {
  logql::query_stats stats;
  std::vector<logql::leaf_result> leaves;
  for (std::size_t i = 0; i < plan.leaves().size(); ++i) {
    block_list blocks = make_blocks();
    SKALD_TRY_ASSIGN(logql::leaf_result leaf,
                     logql::run_leaf(plan, i, blocks, cancellation(), stats));
    leaves.push_back(std::move(leaf));
  }
  return logql::finish(plan, std::move(leaves), stats);
}

std::string print_answer(const result<logql::query_result>& answer) {
  if (!answer.ok()) return "error: " + answer.error().message;
  std::string out;
  if (const auto* streams = std::get_if<logql::streams_result>(&answer->value)) {
    for (const auto& entry : streams->entries) {
      out += std::to_string(entry.timestamp_ns) + " " + entry.line + " " +
             entry.labels->stream.canonical() + entry.labels->structured_metadata.canonical() +
             entry.labels->parsed.canonical() + "\n";
    }
    return out;
  }
  for (const auto& series : std::get<logql::matrix_result>(answer->value).series) {
    out += series.labels.canonical() + ":";
    for (const auto& point : series.points) {
      out += " " + std::to_string(point.timestamp_ms) + "=";
      print_number(out, point.value);
    }
    out += "\n";
  }
  return out;
}

std::string print_counts(const logql::query_stats& stats) {
  std::string out;
  for (const logql::source_stats* source : {&stats.store, &stats.memory}) {
    out += std::to_string(source->lines) + "/" + std::to_string(source->line_bytes) + "/" +
           std::to_string(source->lines_after_filter) + "/" + std::to_string(source->duplicates) +
           " ";
  }
  return out;
}

}  // namespace skald
