// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/metric/binary_operation.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace skald::logql {
namespace {

bool is_comparison(binary_op op) {
  return op >= binary_op::equal && op <= binary_op::greater_or_equal;
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// The labels by which samples of the two sides find each other.
label_set match_key(const vector_matching& matching, const label_set& labels) {
  std::vector<label> kept;
  for (const label& l : labels) {
    const bool listed = contains(matching.labels, l.name);
    if (matching.is_on ? listed : (!listed && l.name != "__name__")) kept.push_back(l);
  }
  return label_set(std::move(kept));
}

// Series of one side by key, in the order of the side.
using side_by_key = std::map<label_set, std::vector<std::size_t>>;
side_by_key index_side(const vector_matching& matching, const series_matrix& side) {
  side_by_key by_key;
  for (std::size_t i = 0; i < side.size(); ++i) {
    by_key[match_key(matching, side[i].labels)].push_back(i);
  }
  return by_key;
}

std::uint32_t steps_used(const series_matrix& left, const series_matrix& right) {
  std::uint32_t steps = 0;
  for (const step_series& series : left) steps = std::max(steps, series.points.back().step + 1);
  for (const step_series& series : right) steps = std::max(steps, series.points.back().step + 1);
  return steps;
}

// Steps at which some of the series have a point.
void mark_steps(const series_matrix& side, const std::vector<std::size_t>& members,
                std::vector<bool>& marks) {
  std::fill(marks.begin(), marks.end(), false);
  for (const std::size_t member : members) {
    for (const step_value& point : side[member].points) marks[point.step] = true;
  }
}

series_matrix keep_points(const series_matrix& side, const std::vector<std::size_t>& members,
                          const std::vector<bool>& marks, bool keep_marked) {
  series_matrix kept;
  for (const std::size_t member : members) {
    step_series series{side[member].labels, {}};
    for (const step_value& point : side[member].points) {
      if (marks[point.step] == keep_marked) series.points.push_back(point);
    }
    if (!series.points.empty()) kept.push_back(std::move(series));
  }
  return kept;
}

series_matrix combine_sets(binary_op op, const vector_matching& matching, const series_matrix& left,
                           const series_matrix& right) {
  std::vector<bool> marks(steps_used(left, right));
  const bool is_or = op == binary_op::logical_or;
  const series_matrix& filtered = is_or ? right : left;
  const series_matrix& other = is_or ? left : right;
  const side_by_key other_keys = index_side(matching, other);
  series_matrix output;
  if (is_or) output = left;
  for (const auto& [key, members] : index_side(matching, filtered)) {
    const auto match = other_keys.find(key);
    mark_steps(other, match == other_keys.end() ? std::vector<std::size_t>() : match->second,
               marks);
    const bool keep_marked = op == binary_op::logical_and;
    for (step_series& series : keep_points(filtered, members, marks, keep_marked)) {
      output.push_back(std::move(series));
    }
  }
  if (!is_or) sort_by_labels(output);
  return output;
}

// The result labels of a match: of the `many` side, changed as the matching says.
label_set result_labels(const vector_matching& matching, const label_set& many,
                        const label_set& one) {
  label_set labels = without_empty_labels(many);
  if (matching.cardinality == match_cardinality::one_to_one) {
    std::vector<label> kept;
    for (const label& l : labels) {
      if (contains(matching.labels, l.name) == matching.is_on) kept.push_back(l);
    }
    labels = label_set(std::move(kept));
  }
  for (const std::string& name : matching.include) {
    const std::string_view value = one.get(name);
    if (value.empty()) {
      labels.erase(name);
    } else {
      labels.set(name, value);
    }
  }
  return labels;
}

error duplicate_series(bool swapped) {
  return {errc::internal,
          std::string("found duplicate series on the ") + (swapped ? "left" : "right") +
              " hand-side;many-to-many matching not allowed: matching labels must be unique on one "
              "side"};
}

// Arithmetic and comparison of two sides, one key at a time. `many` is the side that may have
// several samples per key.
class series_matcher {
 public:
  series_matcher(const binary_operation& operation, const vector_matching& matching,
                 const series_matrix& many, const series_matrix& one, const work_bounds& bounds)
      : operation_(operation),
        matching_(matching),
        swapped_(matching.cardinality == match_cardinality::one_to_many),
        many_(many),
        one_(one),
        one_at_(steps_used(many, one)),
        taken_(one_at_.size()),
        work_(bounds) {}

  result<series_matrix> run() {
    const side_by_key many_keys = index_side(matching_, many_);
    for (const auto& [key, members] : index_side(matching_, one_)) {
      SKALD_TRY(place_one_side(members));
      const auto match = many_keys.find(key);
      if (match != many_keys.end()) SKALD_TRY(match_many_side(match->second));
    }
    sort_by_labels(output_);
    return std::move(output_);
  }

 private:
  struct one_sample {
    std::size_t series = none;
    double value = 0;
  };
  static constexpr std::size_t none = static_cast<std::size_t>(-1);

  result<void> place_one_side(const std::vector<std::size_t>& members) {
    std::fill(one_at_.begin(), one_at_.end(), one_sample());
    SKALD_TRY(work_.spend(one_at_.size()));
    for (const std::size_t member : members) {
      SKALD_TRY(work_.spend(one_[member].points.size()));
      for (const step_value& point : one_[member].points) {
        if (one_at_[point.step].series != none) return duplicate_series(swapped_);
        one_at_[point.step] = {member, point.value};
      }
    }
    return {};
  }

  result<void> match_many_side(const std::vector<std::size_t>& members) {
    const bool one_to_one = matching_.cardinality == match_cardinality::one_to_one;
    std::fill(taken_.begin(), taken_.end(), false);
    std::map<label_set, std::vector<bool>> taken_by_labels;  // for group_left and group_right
    for (const std::size_t member : members) {
      SKALD_TRY(work_.spend(many_[member].points.size()));
      std::map<std::size_t, step_series> results;  // by series of the one side
      for (const step_value& point : many_[member].points) {
        const one_sample& other = one_at_[point.step];
        if (other.series == none) continue;
        auto at = results.find(other.series);
        if (at == results.end()) {
          step_series made{
              result_labels(matching_, many_[member].labels, one_[other.series].labels), {}};
          // Labels of the one side, and with them their text, may be put into all of the other.
          SKALD_TRY(work_.add(memory_bytes(made.labels) + taken_.size() / 8));
          at = results.emplace(other.series, std::move(made)).first;
        }
        if (one_to_one) {
          if (taken_[point.step]) {
            return error{errc::internal,
                         "multiple matches for labels: many-to-one matching must be explicit "
                         "(group_left/group_right)"};
          }
          taken_[point.step] = true;
        } else {
          std::vector<bool>& taken = taken_by_labels[at->second.labels];
          taken.resize(taken_.size());
          if (taken[point.step]) {
            return error{errc::internal,
                         "multiple matches for labels: grouping labels must ensure unique "
                         "matches"};
          }
          taken[point.step] = true;
        }
        add_point(at->second, point.step, point.value, other.value);
      }
      for (auto& [series, made] : results) {
        if (made.points.empty()) continue;
        SKALD_TRY(work_.add(made.points.capacity() * sizeof(step_value)));
        output_.push_back(std::move(made));
      }
    }
    return {};
  }

  void add_point(step_series& series, std::uint32_t step, double many, double one) const {
    const double left = swapped_ ? one : many;
    const double right = swapped_ ? many : one;
    const double value = apply_binary(operation_.op, left, right);
    if (!is_comparison(operation_.op) || operation_.return_bool) {
      series.points.push_back({step, value});
    } else if (value != 0) {
      series.points.push_back({step, left});
    }
  }

  const binary_operation& operation_;
  const vector_matching& matching_;
  const bool swapped_;
  const series_matrix& many_;
  const series_matrix& one_;
  std::vector<one_sample> one_at_;  // by step, for the current key
  std::vector<bool> taken_;
  bounded_work work_;
  series_matrix output_;
};

}  // namespace

double apply_binary(binary_op op, double left, double right) {
  switch (op) {
    case binary_op::equal:
      return left == right;
    case binary_op::not_equal:
      return left != right;
    case binary_op::less:
      return left < right;
    case binary_op::less_or_equal:
      return left <= right;
    case binary_op::greater:
      return left > right;
    case binary_op::greater_or_equal:
      return left >= right;
    case binary_op::add:
      return left + right;
    case binary_op::subtract:
      return left - right;
    case binary_op::multiply:
      return left * right;
    case binary_op::divide:
      return right == 0 ? std::numeric_limits<double>::quiet_NaN() : left / right;
    case binary_op::modulo:
      return right == 0 ? std::numeric_limits<double>::quiet_NaN() : std::fmod(left, right);
    case binary_op::power:
      return std::pow(left, right);
    case binary_op::logical_or:
    case binary_op::logical_and:
    case binary_op::logical_unless:
      break;
  }
  SKALD_ASSERT(false && "set operators have no value");
  return 0;
}

series_matrix combine_with_number(const binary_operation& operation, series_matrix matrix,
                                  double number, bool number_is_left) {
  const bool filters = is_comparison(operation.op) && !operation.return_bool;
  for (step_series& series : matrix) {
    std::vector<step_value> kept;
    kept.reserve(series.points.size());
    for (const step_value& point : series.points) {
      const double value = number_is_left ? apply_binary(operation.op, number, point.value)
                                          : apply_binary(operation.op, point.value, number);
      if (!filters) {
        kept.push_back({point.step, value});
      } else if (value != 0) {
        kept.push_back(point);
      }
    }
    series.points = std::move(kept);
  }
  std::erase_if(matrix, [](const step_series& series) { return series.points.empty(); });
  return matrix;
}

result<series_matrix> combine(const binary_operation& operation, const series_matrix& left,
                              const series_matrix& right, const work_bounds& bounds) {
  const vector_matching matching = operation.matching.value_or(vector_matching());
  switch (operation.op) {
    case binary_op::logical_or:
    case binary_op::logical_and:
    case binary_op::logical_unless:
      return combine_sets(operation.op, matching, left, right);
    default:
      break;
  }
  if (matching.cardinality == match_cardinality::one_to_many) {
    return series_matcher(operation, matching, right, left, bounds).run();
  }
  return series_matcher(operation, matching, left, right, bounds).run();
}

}  // namespace skald::logql
