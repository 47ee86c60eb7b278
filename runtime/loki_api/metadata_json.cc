// SPDX-License-Identifier: Apache-2.0
// The answers of result_json.h that are not query results: labels, series, index statistics,
// detected fields, build.
#include "runtime/loki_api/json_writer.h"
#include "runtime/loki_api/result_json.h"

namespace skald {
namespace {

void append_field(std::string& out, const detected_field& field) {
  out += "{\"label\":";
  append_json_string(out, field.name);
  out += ",\"type\":";
  append_json_string(out, field.type);
  out += ",\"cardinality\":";
  append_integer(out, field.cardinality);
  out += ",\"parsers\":";
  if (field.parsers.empty()) {
    out += "null";
  } else {
    append_json_strings(out, field.parsers);
  }
  if (!field.json_path.empty()) {
    out += ",\"jsonPath\":";
    append_json_strings(out, field.json_path);
  }
  out += '}';
}

}  // namespace

std::string render_label_values(const std::vector<std::string_view>& values) {
  std::string out = R"({"status":"success")";
  if (!values.empty()) {
    out += ",\"data\":";
    append_json_array(out, values, [&](std::string_view value) { append_json_string(out, value); });
  }
  out += "}\n";
  return out;
}

std::string render_series(const std::vector<const label_set*>& series) {
  std::string out = R"({"status":"success","data":)";
  append_json_array(out, series,
                    [&](const label_set* labels) { append_json_labels(out, *labels); });
  out += "}\n";
  return out;
}

std::string render_index_stats(const index_stats& stats) {
  std::string out = "{\"streams\":";
  append_integer(out, stats.streams);
  out += ",\"chunks\":";
  append_integer(out, stats.chunks);
  out += ",\"bytes\":";
  append_integer(out, stats.bytes);
  out += ",\"entries\":";
  append_integer(out, stats.entries);
  out += "}\n";
  return out;
}

std::string render_detected_labels(const std::vector<detected_label>& found) {
  if (found.empty()) return "{}\n";
  std::string out = "{\"detectedLabels\":";
  append_json_array(out, found, [&](const detected_label& one) {
    out += "{\"label\":";
    append_json_string(out, one.name);
    out += ",\"cardinality\":";
    append_integer(out, one.cardinality);
    out += '}';
  });
  out += "}\n";
  return out;
}

std::string render_detected_fields(const std::vector<detected_field>& fields, std::uint32_t limit) {
  if (fields.empty()) return "{}\n";
  std::string out = "{\"fields\":";
  append_json_array(out, fields, [&](const detected_field& field) { append_field(out, field); });
  out += ",\"limit\":";
  append_integer(out, limit);
  out += "}\n";
  return out;
}

std::string render_detected_field_values(const std::vector<std::string>& values,
                                         std::uint32_t limit) {
  if (values.empty()) return "{}\n";
  std::string out = "{\"limit\":";
  append_integer(out, limit);
  out += ",\"values\":";
  append_json_strings(out, values);
  out += "}\n";
  return out;
}

std::string render_patterns(const std::vector<pattern_series>& patterns) {
  std::string out = R"({"status":"success","data":)";
  append_json_array(out, patterns, [&](const pattern_series& one) {
    out += "{\"pattern\":";
    append_json_string(out, one.pattern);
    out += ",\"level\":";
    append_json_string(out, one.level);
    out += ",\"samples\":";
    append_json_array(out, one.samples, [&](const auto& sample) {
      out += '[';
      append_integer(out, sample.first);
      out += ',';
      append_integer(out, sample.second);
      out += ']';
    });
    out += '}';
  });
  out += "}\n";
  return out;
}

std::string render_format_query(std::string_view formatted) {
  std::string out = R"({"status":"success","data":)";
  append_json_string(out, formatted);
  out += "}\n";
  return out;
}

std::string render_build_info(const build_info& info) {
  std::string out = "{";
  const auto member = [&out](std::string_view key, std::string_view value) {
    if (out.size() > 1) out += ',';
    append_json_string(out, key);
    out += ':';
    append_json_string(out, value);
  };
  member("version", info.version);
  member("revision", info.revision);
  member("branch", info.branch);
  member("buildUser", info.build_user);
  member("buildDate", info.build_date);
  member("goVersion", info.go_version);
  out += "}\n";
  return out;
}

}  // namespace skald
