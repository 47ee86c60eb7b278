// SPDX-License-Identifier: Apache-2.0
// The labels of one line on its way through a pipeline, kept in plain maps: who hides whom, the
// error, and which names parsers have taken. One object per line; values are owned.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/logql/engine/query_result.h"
#include "runtime/model/labels.h"

namespace skald::logql::reference {

// What a metric query lets parsers extract (extraction hints). Without restriction: everything.
struct extraction_hints {
  bool restricted = false;
  std::set<std::string> needed;  // when restricted; empty: parsers do not run
};

class line_labels {
 public:
  line_labels(const label_set& stream, const std::vector<label>& metadata,
              const extraction_hints& hints);

  // Absent and empty stream labels are the same; the two error labels are not found.
  std::optional<std::string> get(const std::string& name) const;
  // `name_extracted` where the stream or the metadata has the name.
  std::string parsed_name(const std::string& name) const;
  bool is_extracted(const std::string& name) const { return extracted_.contains(name); }
  void set_parsed(const std::string& name, const std::string& value);
  void erase(const std::string& name);

  bool parsers_may_run() const;
  bool is_wanted(const std::string& name) const;
  // Some wanted name starts so.
  bool is_wanted_prefix(const std::string& prefix) const;
  // There are needed names, and all were extracted.
  bool has_all_needed() const;
  // A parser's error; it marks the line when the query asks for the error label.
  void fail_parser(const std::string& word, const std::optional<std::string>& text);

  // Labels as an answer shows them, error labels among the parsed ones.
  entry_labels final_labels() const;

  std::string error;
  std::string details;

 private:
  struct added_label {
    std::string value;
    bool is_metadata = false;
  };
  const label_set& stream_;
  const extraction_hints& hints_;
  std::map<std::string, added_label> added_;
  std::set<std::string> deleted_;
  std::set<std::string> extracted_;
};

}  // namespace skald::logql::reference
