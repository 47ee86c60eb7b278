// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/detected_fields.h"

#include <algorithm>
#include <map>
#include <set>

#include "runtime/base/go_number.h"
#include "runtime/base/units.h"
#include "runtime/logql/pipeline/parser/json_scanner.h"
#include "runtime/logql/pipeline/parser/key_cache.h"
#include "runtime/logql/pipeline/pipeline.h"
#include "runtime/logql/pipeline/pipeline_runner.h"
#include "runtime/logql/pipeline/row_arena.h"

namespace skald {
namespace {

using values_by_name = std::map<std::string, std::set<std::string>, std::less<>>;

constexpr int json_depth_max = 64;

bool is_error_name(std::string_view name) {
  return name == logql::error_label || name == logql::error_details_label ||
         name == logql::preserve_error_label;
}

bool is_boolean(std::string_view value) {
  constexpr std::string_view words[] = {"t", "T", "TRUE",  "true",  "True",
                                        "f", "F", "FALSE", "false", "False"};
  return std::find(std::begin(words), std::end(words), value) != std::end(words);
}

logql::compiled_pipeline_ptr compile_parser(logql::stage_expr parser) {
  const logql::stage_expr stages[] = {std::move(parser)};
  auto compiled = logql::compiled_pipeline::compile(stages, nullptr, {});
  SKALD_ASSERT(compiled.ok());
  return std::move(compiled).value();
}

class parsed_labels final : public logql::row_sink {
 public:
  bool on_row(const logql::pipeline_row& row) override {
    failed = row.labels.has_error();
    for (const logql::row_label& label : row.labels.sorted()) {
      if (label.category != logql::label_category::parsed || is_error_name(label.name)) continue;
      found.emplace_back(label.name, label.value);
    }
    return true;
  }
  bool failed = false;
  std::vector<std::pair<std::string, std::string>> found;
};

// Where in the JSON object each label name comes from; the first place wins.
class json_paths {
 public:
  explicit json_paths(std::string_view line) { walk(line, {}, 0); }
  const std::vector<std::string>* of(std::string_view name) const {
    const auto at = paths_.find(name);
    return at == paths_.end() ? nullptr : &at->second;
  }

 private:
  void walk(std::string_view object, const std::string& prefix, int depth) {
    if (depth > json_depth_max) return;
    const auto on_member = [&](std::string_view key, const logql::json_value& value) {
      std::string name = prefix;
      if (!name.empty()) name += '_';
      logql::append_sanitized(name, key);
      path_.emplace_back(key);
      path_bytes_ += key.size();
      if (value.type == logql::json_type::object) {
        walk(value.text, name, depth + 1);
      } else if ((bytes_ += 2 * (name.size() + path_bytes_)) <= bytes_max) {
        paths_.emplace(name, path_);
        paths_.emplace(name + std::string(logql::clash_suffix), path_);
      }
      path_bytes_ -= key.size();
      path_.pop_back();
      return bytes_ <= bytes_max ? logql::json_error::none : logql::json_error::stopped;
    };
    logql::json_each_member(object, arena_, on_member);
  }

  // The members of one object each repeat the path above them.
  static constexpr std::size_t bytes_max = 16 << 20;

  logql::row_arena arena_;
  std::vector<std::string> path_;
  std::size_t path_bytes_ = 0;
  std::size_t bytes_ = 0;
  std::map<std::string, std::vector<std::string>, std::less<>> paths_;
};

// The fields of one entry.
struct entry_fields {
  values_by_name parsed;
  std::string_view parser;  // empty: no parser understood the line
};

// Parses entries one by one as JSON, or else as logfmt.
class entry_parser {
 public:
  entry_parser()
      : json_(compile_parser(logql::json_parser_expr{})),
        logfmt_(compile_parser(logql::logfmt_parser_expr{})) {}

  entry_fields parse(const logql::log_entry& entry) {
    entry_fields out;
    for (const label& one : entry.labels->parsed) {
      if (!is_error_name(one.name)) out.parsed[one.name].insert(one.value);
    }
    if (!run(json_, entry, out, "json")) run(logfmt_, entry, out, "logfmt");
    return out;
  }

 private:
  bool run(logql::pipeline_runner& runner, const logql::log_entry& entry, entry_fields& out,
           std::string_view parser) {
    parsed_labels sink;
    const std::vector<metadata_pair> metadata = metadata_of(*entry.labels);
    runner.run_line(stream_of(*entry.labels), metadata, entry.timestamp_ns, entry.line, sink);
    if (sink.failed) return false;
    for (auto& [name, value] : sink.found) out.parsed[name].insert(std::move(value));
    out.parser = parser;
    return true;
  }

  static std::vector<metadata_pair> metadata_of(const logql::entry_labels& labels) {
    std::vector<metadata_pair> pairs;
    for (const label& one : labels.structured_metadata) pairs.push_back({one.name, one.value});
    return pairs;
  }

  stream_ptr stream_of(const logql::entry_labels& labels) {
    if (!stream_ || stream_->labels != labels.stream) {
      auto made = std::make_shared<stream_info>();
      made->labels = labels.stream;
      stream_ = std::move(made);
    }
    return stream_;
  }

  logql::pipeline_runner json_;
  logql::pipeline_runner logfmt_;
  stream_ptr stream_;
};

class field_collector {
 public:
  explicit field_collector(std::size_t limit) : limit_(limit) {}

  void add_metadata(const label& one) {
    if (field* known = find(one.name)) add_values(*known, {one.value});
  }
  void add_entry(const logql::log_entry& entry, const entry_fields& fields) {
    std::optional<json_paths> paths;
    for (const auto& [name, values] : fields.parsed) {
      field* known = find(name);
      if (known == nullptr) continue;
      add_values(*known, values);
      if (fields.parser.empty()) continue;
      auto& parsers = known->out.parsers;
      if (std::find(parsers.begin(), parsers.end(), fields.parser) == parsers.end()) {
        parsers.emplace_back(fields.parser);
      }
      if (fields.parser != "json" || !known->out.json_path.empty()) continue;
      if (!paths) paths.emplace(entry.line);
      if (const auto* path = paths->of(name)) known->out.json_path = *path;
    }
  }
  std::vector<detected_field> take() {
    std::vector<detected_field> out;
    for (auto& [name, one] : fields_) {
      one.out.name = name;
      one.out.cardinality = one.values.size();
      out.push_back(std::move(one.out));
    }
    return out;
  }

 private:
  struct field {
    detected_field out;
    std::set<std::string> values;
  };

  field* find(const std::string& name) {
    const auto at = fields_.find(name);
    if (at != fields_.end()) return &at->second;
    return fields_.size() < limit_ ? &fields_[name] : nullptr;
  }
  static void add_values(field& one, const std::set<std::string>& values) {
    if (!values.empty()) one.out.type = detected_type(*values.begin());
    one.values.insert(values.begin(), values.end());
  }

  const std::size_t limit_;
  std::map<std::string, field> fields_;
};

bool is_number(std::string_view value) {
  double ignored = 0;
  return try_parse_go_float(value, ignored);
}

bool is_uuid(std::string_view value) {
  constexpr std::size_t size = 36;
  if (value.size() != size) return false;
  for (std::size_t i = 0; i < size; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = value[i];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !digit) return false;
  }
  return true;
}

bool is_worth_showing(std::string_view name, const std::set<std::string_view>& values) {
  constexpr std::string_view places[] = {"cluster", "namespace", "instance", "pod"};
  if (std::find(std::begin(places), std::end(places), name) != std::end(places)) return true;
  const bool flags = std::all_of(values.begin(), values.end(),
                                 [](std::string_view v) { return v == "0" || v == "1"; });
  return flags || !std::all_of(values.begin(), values.end(),
                               [](std::string_view v) { return is_number(v) || is_uuid(v); });
}

}  // namespace

std::string_view detected_type(std::string_view value) {
  if (parse_go_int(value, 10).ok()) return "int";
  if (is_number(value)) return "float";
  if (is_boolean(value)) return "boolean";
  if (parse_go_duration(value).ok()) return "duration";
  if (parse_bytes(value).ok()) return "bytes";
  return "string";
}

std::vector<detected_field> detect_fields(const logql::streams_result& streams, std::size_t limit) {
  field_collector fields(limit);
  entry_parser parser;
  for (const logql::log_stream& stream : logql::group_flat(streams)) {
    for (const logql::log_entry* entry : stream.entries) {
      for (const label& one : entry->labels->structured_metadata) fields.add_metadata(one);
      fields.add_entry(*entry, parser.parse(*entry));
    }
  }
  return fields.take();
}

std::vector<std::string> detect_field_values(const logql::streams_result& streams,
                                             std::string_view field, std::size_t limit) {
  std::set<std::string> values;
  entry_parser parser;
  for (const logql::log_entry& entry : streams.entries) {
    if (values.size() >= limit) break;
    const label_set& metadata = entry.labels->structured_metadata;
    if (metadata.has(field)) values.emplace(metadata.get(field));
    const entry_fields fields = parser.parse(entry);
    if (const auto at = fields.parsed.find(field); at != fields.parsed.end()) {
      values.insert(at->second.begin(), at->second.end());
    }
  }
  std::vector<std::string> out(values.begin(), values.end());
  if (out.size() > limit) out.resize(limit);
  return out;
}

std::vector<detected_label> detect_labels(std::span<const label_set* const> streams) {
  std::map<std::string_view, std::set<std::string_view>> values;
  for (const label_set* labels : streams) {
    for (const label& one : *labels) values[one.name].insert(one.value);
  }
  std::vector<detected_label> out;
  for (const auto& [name, texts] : values) {
    if (is_worth_showing(name, texts)) out.push_back({std::string(name), texts.size()});
  }
  return out;
}

}  // namespace skald
