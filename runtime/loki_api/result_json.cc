// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/result_json.h"

#include <algorithm>

#include "runtime/base/go_number.h"
#include "runtime/loki_api/json_writer.h"
#include "runtime/loki_api/stats_json.h"

namespace skald {
namespace {

void append_point(std::string& out, const logql::sample_point& point) {
  out += '[';
  append_json_seconds(out, point.timestamp_ms);
  out += ",\"";
  append_go_float_f(out, point.value + 0.0);  // -0 is printed as 0
  out += "\"]";
}

// {"structuredMetadata":{...},"parsed":{...}}: each left out when empty.
void append_categories(std::string& out, const logql::entry_labels& labels) {
  out += ",{";
  if (!labels.structured_metadata.empty()) {
    out += "\"structuredMetadata\":";
    append_json_labels(out, labels.structured_metadata);
  }
  if (!labels.parsed.empty()) {
    if (!labels.structured_metadata.empty()) out += ',';
    out += "\"parsed\":";
    append_json_labels(out, labels.parsed);
  }
  out += '}';
}

// The text of an answer on its way. Nothing is added any more once it is too long.
struct answer_text {
  std::string& out;
  const encoding_flags& flags;
  std::uint64_t bytes_max = 0;  // 0: no bound

  bool is_too_long() const { return bytes_max > 0 && out.size() > bytes_max; }
};

void append_entry(const answer_text& text, const logql::log_entry& entry) {
  if (text.is_too_long()) return;
  std::string& out = text.out;
  out += "[\"";
  append_integer(out, entry.timestamp_ns);
  out += "\",";
  append_json_string(out, entry.line);
  if (text.flags.categorize_labels) append_categories(out, *entry.labels);
  out += ']';
}

void append_value(const answer_text& text, const logql::streams_result& streams) {
  std::string& out = text.out;
  const auto groups = text.flags.categorize_labels && !text.flags.all_labels_in_stream
                          ? logql::group_categorized(streams)
                          : logql::group_flat(streams);
  append_json_array(out, groups, [&](const logql::log_stream& stream) {
    if (text.is_too_long()) return;
    out += "{\"stream\":";
    append_json_labels_at(out, stream.labels);
    out += ",\"values\":";
    append_json_array(out, stream.entries,
                      [&](const logql::log_entry* entry) { append_entry(text, *entry); });
    out += '}';
  });
}

void append_value(const answer_text& text, const logql::matrix_result& matrix) {
  std::string& out = text.out;
  append_json_array(out, matrix.series, [&](const logql::matrix_series& series) {
    if (text.is_too_long()) return;
    out += "{\"metric\":";
    append_json_labels(out, series.labels);
    out += ",\"values\":";
    append_json_array(out, series.points, [&](const auto& point) { append_point(out, point); });
    out += '}';
  });
}

void append_value(const answer_text& text, const logql::vector_result& vector) {
  std::string& out = text.out;
  append_json_array(out, vector.samples, [&](const logql::vector_sample& sample) {
    if (text.is_too_long()) return;
    out += "{\"metric\":";
    append_json_labels(out, sample.labels);
    out += ",\"value\":";
    append_point(out, sample.point);
    out += '}';
  });
}

// Loki writes the time of a scalar in milliseconds, unlike all others.
void append_value(const answer_text& text, const logql::scalar_result& scalar) {
  std::string& out = text.out;
  out += '[';
  append_integer(out, scalar.point.timestamp_ms);
  out += ",\"";
  append_go_float_f(out, scalar.point.value + 0.0);
  out += "\"]";
}

std::string_view type_name(const logql::streams_result&) {
  return "streams";
}
std::string_view type_name(const logql::matrix_result&) {
  return "matrix";
}
std::string_view type_name(const logql::vector_result&) {
  return "vector";
}
std::string_view type_name(const logql::scalar_result&) {
  return "scalar";
}

// A guess that spares the growing: lines plus their framing, with room for the escapes of JSON in
// JSON. What is not filled costs no memory.
std::size_t size_hint(const logql::query_result& answer) {
  std::size_t bytes = 4096;
  if (const auto* streams = std::get_if<logql::streams_result>(&answer.value)) {
    for (const auto& entry : streams->entries) bytes += entry.line.size() * 3 / 2 + 48;
  }
  return bytes;
}

std::string volume_head(std::string_view type) {
  std::string out = R"({"status":"success","data":{"resultType":")";
  out += type;
  out += "\",\"result\":";
  return out;
}

void append_volume_point(std::string& out, std::int64_t milliseconds, std::uint64_t bytes) {
  out += '[';
  append_json_seconds(out, milliseconds);
  out += ",\"";
  append_integer(out, bytes);
  out += "\"]";
}

void close_with_stats(std::string& out, const logql::query_stats& stats) {
  out += ",\"stats\":";
  append_stats_json(out, stats);
  out += "}}\n";
}

}  // namespace

http_response query_json_response(std::string body) {
  http_response response;
  response.content_type = "application/json; charset=UTF-8";
  response.body = std::move(body);
  response.headers.emplace_back("Vary", "Accept-Encoding");
  response.compressible = true;
  return response;
}

result<std::string> render_query_result(const logql::query_result& answer,
                                        const encoding_flags& flags, std::uint64_t bytes_max) {
  std::string out;
  const std::size_t hint = size_hint(answer);
  out.reserve(bytes_max > 0 ? std::min<std::uint64_t>(hint, bytes_max) : hint);
  const answer_text text{out, flags, bytes_max};
  out += R"({"status":"success")";
  if (!answer.warnings.empty()) {
    out += ",\"warnings\":";
    append_json_strings(out, answer.warnings);
  }
  out += R"(,"data":{"resultType":")";
  out += std::visit([](const auto& value) { return type_name(value); }, answer.value);
  out += '"';
  if (!flags.names.empty()) {
    out += ",\"encodingFlags\":";
    append_json_strings(out, flags.names);
  }
  out += ",\"result\":";
  std::visit([&](const auto& value) { append_value(text, value); }, answer.value);
  if (text.is_too_long()) {
    return error{errc::resource_exhausted,
                 "the query's answer is longer than one query may take memory (limit: " +
                     std::to_string(bytes_max) +
                     " bytes, skald.query_memory_limit); ask for fewer lines or series"};
  }
  close_with_stats(out, answer.stats);
  return out;
}

void sort_volumes(std::vector<volume_sample>& samples) {
  std::sort(samples.begin(), samples.end(), [](const auto& a, const auto& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.labels < b.labels;
  });
}

std::string render_volume(const std::vector<volume_sample>& samples, std::int64_t end_ns,
                          const logql::query_stats& stats) {
  std::string out = volume_head("vector");
  append_json_array(out, samples, [&](const volume_sample& sample) {
    out += "{\"metric\":";
    append_json_labels(out, sample.labels);
    out += ",\"value\":";
    append_volume_point(out, end_ns / 1'000'000, sample.bytes);
    out += '}';
  });
  close_with_stats(out, stats);
  return out;
}

std::string render_volume_range(const std::vector<volume_series>& series,
                                const logql::query_stats& stats) {
  const bool is_matrix = std::any_of(series.begin(), series.end(),
                                     [](const auto& one) { return one.points.size() > 1; });
  std::string out = volume_head(is_matrix ? "matrix" : "vector");
  append_json_array(out, series, [&](const volume_series& one) {
    out += "{\"metric\":";
    append_json_labels(out, one.labels);
    if (is_matrix) {
      out += ",\"values\":";
      append_json_array(out, one.points, [&](const auto& point) {
        append_volume_point(out, point.first, point.second);
      });
    } else {
      out += ",\"value\":";
      append_volume_point(out, one.points.front().first, one.points.front().second);
    }
    out += '}';
  });
  close_with_stats(out, stats);
  return out;
}

}  // namespace skald
