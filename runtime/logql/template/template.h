// SPDX-License-Identifier: Apache-2.0
// The template language of line_format and label_format: Go's text/template with missingkey=zero
// and Loki's functions. A text is compiled once; executing it appends to a buffer of the caller.
// Templates of plain text and fields run without allocation.
// Thread context: a compiled template is immutable and safe for use from many threads.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/cancellation.h"
#include "runtime/base/result.h"

namespace skald::logql {

// What a template sees of one entry. Views stay valid during one execution.
class template_fields {
 public:
  virtual ~template_fields() = default;
  // The value of a label, stream, metadata, parsed and error labels alike. A view whose data() is
  // null says that there is no such label.
  virtual std::string_view get(std::string_view name) const = 0;
  // All labels, in any order. Only called for templates that use `.` as a whole.
  virtual void append_all(
      std::vector<std::pair<std::string_view, std::string_view>>& out) const = 0;
};

struct template_input {
  const template_fields* fields = nullptr;  // never null
  std::string_view line;                    // __line__
  std::int64_t timestamp_ns = 0;            // __timestamp__
  const cancellation* cancelled = nullptr;  // of the query, when somebody can end it
};

class template_program;

// A compiled template. Cheap to copy.
class compiled_template {
 public:
  // `name` is what error texts call the template: "line" or "label".
  // Errors: invalid_argument with Go's text, `template: line:1: unclosed action`.
  static result<compiled_template> parse(std::string_view name, std::string_view text);

  // Appends the output for one entry. On error `out` has its old content.
  // Errors: invalid_argument with Go's text, the value of __error_details__:
  // `template: line:1:3: executing "line" at <.a.b>: can't evaluate field b in type string`.
  result<void> execute(const template_input& input, std::string& out) const;

  // Names of all fields that the template can read (.name, $.name): what a parser must extract.
  // Sorted, each once.
  const std::vector<std::string>& field_names() const;
  // Whether the template reads `.` as a whole, so that field_names() is not all it needs.
  bool reads_all_fields() const;
  // The name when the text is exactly `{{.name}}` (a plain label copy), else empty.
  std::string_view single_field() const;

 private:
  explicit compiled_template(std::shared_ptr<const template_program> program);
  std::shared_ptr<const template_program> program_;
};

}  // namespace skald::logql
