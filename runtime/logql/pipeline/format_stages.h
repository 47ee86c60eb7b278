// SPDX-License-Identifier: Apache-2.0
// line_format and label_format: stages that run templates.
#pragma once

#include <string>
#include <vector>

#include "runtime/logql/pipeline/stage.h"
#include "runtime/logql/template/template.h"

namespace skald::logql {

class line_format_stage : public stage {
 public:
  line_format_stage(label_builder& labels, compiled_template text);
  bool process(row_context& row) override;

 private:
  compiled_template template_;
  name_id single_ = no_name;  // the template is just {{.name}}
  bool single_is_error_ = false;
  std::string out_;
};

class label_format_stage : public stage {
 public:
  struct item {
    std::string name;
    std::string source;                   // of a rename
    std::vector<compiled_template> text;  // one element, or none for a rename
  };
  label_format_stage(label_builder& labels, std::vector<item> items);
  bool process(row_context& row) override;

 private:
  class snapshot;
  void rename(name_id target, name_id source, row_context& row);

  std::vector<item> items_;
  std::vector<name_id> targets_;
  std::vector<name_id> sources_;
  std::size_t template_count_ = 0;
  std::vector<row_label> snapshot_;
  std::string out_;
};

}  // namespace skald::logql
