// SPDX-License-Identifier: Apache-2.0
#include "testing/property/answer_difference.h"

#include <algorithm>
#include <cmath>

#include "runtime/base/go_number.h"

namespace skald::logql::property {
namespace {

constexpr double tolerance = 1e-9;
// Where values cancel out, nothing but rounding is left: of variances of byte sizes.
constexpr double dust = 1e-3;

bool same_number(double a, double b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  if (a == b) return true;
  if (std::isinf(a) || std::isinf(b)) return false;
  return std::abs(a - b) <= tolerance * std::max({std::abs(a), std::abs(b), 1.0}) ||
         (std::abs(a) < dust && std::abs(b) < dust);
}

std::string quoted(const std::string& text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string entry_text(const log_entry& entry) {
  return std::to_string(entry.timestamp_ns) + " " + quoted(entry.line) +
         " stream=" + entry.labels->stream.canonical() +
         " metadata=" + entry.labels->structured_metadata.canonical() +
         " parsed=" + entry.labels->parsed.canonical();
}

std::string compare(const streams_result& a, const streams_result& b, bool) {
  for (std::size_t i = 0; i < std::max(a.entries.size(), b.entries.size()); ++i) {
    const std::string left = i < a.entries.size() ? entry_text(a.entries[i]) : "nothing";
    const std::string right = i < b.entries.size() ? entry_text(b.entries[i]) : "nothing";
    if (left != right) return "entry " + std::to_string(i) + ": " + left + "\n  against " + right;
  }
  return "";
}

std::string compare(const matrix_result& a, const matrix_result& b, bool) {
  for (std::size_t i = 0; i < std::max(a.series.size(), b.series.size()); ++i) {
    if (i >= a.series.size()) return "more series: " + b.series[i].labels.canonical();
    if (i >= b.series.size()) return "fewer series: " + a.series[i].labels.canonical();
    const std::string name = a.series[i].labels.canonical();
    if (a.series[i].labels != b.series[i].labels) {
      return "series " + name + " against " + b.series[i].labels.canonical();
    }
    const auto& left = a.series[i].points;
    const auto& right = b.series[i].points;
    if (left.size() != right.size()) return "numbers of points of " + name;
    for (std::size_t j = 0; j < left.size(); ++j) {
      if (left[j].timestamp_ms != right[j].timestamp_ms ||
          !same_number(left[j].value, right[j].value)) {
        return "point of " + name + " at " + std::to_string(left[j].timestamp_ms);
      }
    }
  }
  return "";
}

std::string compare(vector_result a, vector_result b, bool ordered) {
  const auto by_labels = [](const vector_sample& x, const vector_sample& y) {
    if (x.labels != y.labels) return x.labels < y.labels;
    return x.point.value < y.point.value;
  };
  if (!ordered) {
    std::stable_sort(a.samples.begin(), a.samples.end(), by_labels);
    std::stable_sort(b.samples.begin(), b.samples.end(), by_labels);
  }
  if (a.samples.size() != b.samples.size()) return "numbers of samples";
  for (std::size_t i = 0; i < a.samples.size(); ++i) {
    const vector_sample& left = a.samples[i];
    const vector_sample& right = b.samples[i];
    if (left.labels != right.labels || left.point.timestamp_ms != right.point.timestamp_ms ||
        !same_number(left.point.value, right.point.value)) {
      return "sample " + left.labels.canonical() + " against " + right.labels.canonical();
    }
  }
  return "";
}

std::string compare(const scalar_result& a, const scalar_result& b, bool) {
  const bool same =
      a.point.timestamp_ms == b.point.timestamp_ms && same_number(a.point.value, b.point.value);
  return same ? "" : "scalars";
}

// Which of several ambiguous matches is met first is nobody's promise.
std::string error_kind(const std::string& text) {
  const bool ambiguous = text.starts_with("found duplicate series on the ") ||
                         text.starts_with("multiple matches for labels: ");
  return ambiguous ? "ambiguous match" : text;
}

std::string point_text(const sample_point& point) {
  std::string out = " " + std::to_string(point.timestamp_ms) + ":";
  append_go_float_g(out, point.value);
  return out;
}

}  // namespace

std::string difference(const result<query_result>& a, const result<query_result>& b, bool ordered) {
  if (!a.ok() && !b.ok()) {
    const bool same = error_kind(a.error().message) == error_kind(b.error().message);
    return same ? "" : "error texts";
  }
  if (a.ok() != b.ok()) return a.ok() ? "only the second fails" : "only the first fails";
  if (a->value.index() != b->value.index()) return "kinds of answers";
  return std::visit(
      [&](const auto& left) {
        using kind = std::remove_cvref_t<decltype(left)>;
        return compare(left, std::get<kind>(b->value), ordered);
      },
      a->value);
}

std::string to_text(const result<query_result>& answer) {
  if (!answer.ok()) return "  error: " + answer.error().message + "\n";
  std::string out;
  if (const auto* streams = std::get_if<streams_result>(&answer->value)) {
    for (const log_entry& entry : streams->entries) out += "  " + entry_text(entry) + "\n";
  } else if (const auto* matrix = std::get_if<matrix_result>(&answer->value)) {
    for (const matrix_series& series : matrix->series) {
      out += "  " + series.labels.canonical();
      for (const sample_point& point : series.points) out += point_text(point);
      out += "\n";
    }
  } else if (const auto* vector = std::get_if<vector_result>(&answer->value)) {
    for (const vector_sample& one : vector->samples) {
      out += "  " + one.labels.canonical() + point_text(one.point) + "\n";
    }
  } else {
    out += "  scalar" + point_text(std::get<scalar_result>(answer->value).point) + "\n";
  }
  return out;
}

}  // namespace skald::logql::property
