// SPDX-License-Identifier: Apache-2.0
// Turns the stages of a query into a compiled_pipeline: Loki's rewrites, compilation of regular
// expressions and templates, and what parsers must extract. Internal to the pipeline.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/logql/pipeline/pipeline.h"

namespace skald::logql {

// The stages in the order in which they run: within a run of stages without label filter,
// line_format and unpack the line filters come first; in metric queries a line_format whose output
// nobody reads is left out.
std::vector<const stage_expr*> arrange_stages(std::span<const stage_expr> stages, pipeline_use use);

class pipeline_compiler {
 public:
  explicit pipeline_compiler(const pipeline_options& options);
  result<std::shared_ptr<const compiled_pipeline>> compile(std::span<const stage_expr> stages,
                                                           const unwrap_expr* unwrap);

 private:
  result<void> add(const line_filter_expr& expression);
  result<void> add(const label_filter_expr& expression);
  result<void> add(const json_parser_expr& expression);
  result<void> add(const logfmt_parser_expr& expression);
  result<void> add(const regexp_parser_expr& expression);
  result<void> add(const pattern_parser_expr& expression);
  result<void> add(const unpack_expr& expression);
  result<void> add(const line_format_expr& expression);
  result<void> add(const label_format_expr& expression);
  result<void> add(const decolorize_expr& expression);
  result<void> add(const drop_expr& expression);
  result<void> add(const keep_expr& expression);
  result<void> add_unwrap(const unwrap_expr& expression);

  // What compiling must know of a stage.
  struct stage_traits {
    bool reads_lines = false;
    bool reads_labels = false;
    bool only_extracts = false;  // does nothing where no label is wanted
  };
  void add_stage(compiled_pipeline::stage_maker make, const stage_traits& traits);
  void note_early_filter(const label_filter_expr& expression,
                         const compiled_pipeline::stage_maker& make);
  void need_label(const std::string& name);
  void apply_demand();
  void leave_out_idle_parsers();
  void note_needs();

  std::shared_ptr<compiled_pipeline> out_;
  std::vector<stage_traits> traits_;        // of out_->stages_
  std::vector<std::string> needed_labels_;  // that stages read
};

}  // namespace skald::logql
