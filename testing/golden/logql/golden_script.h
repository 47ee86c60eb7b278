// SPDX-License-Identifier: Apache-2.0
// Golden scripts of LogQL: data, queries and their answers as text (README.md has the format).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/engine/query_result.h"
#include "runtime/logql/plan/query_limits.h"
#include "testing/reference/plain_pipeline.h"

namespace skald::logql::golden {

struct script_case {
  std::size_t line_number = 0;  // of the query
  query_request request;
  std::vector<reference::stored_entry> data;
  bool with_reference = true;  // the reference evaluator understands the query
  std::vector<std::string> answer;
};

struct script {
  std::vector<script_case> cases;
};

// Errors: invalid_argument naming the line.
result<script> read_script(std::string_view text);

// An answer as scripts write it, one element a row.
std::vector<std::string> answer_rows(const result<query_result>& answer);

// The text with other answers, one per case.
std::string rewrite(std::string_view text, const std::vector<std::vector<std::string>>& answers);

}  // namespace skald::logql::golden
