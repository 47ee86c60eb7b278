// SPDX-License-Identifier: Apache-2.0
#include "testing/reference/plain_vector.h"

#include <re2/re2.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

namespace skald::logql::reference {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

template <class Keeps>
label_set kept_labels(const label_set& labels, Keeps keeps) {
  label_set out;
  for (const label& l : labels) {
    if (keeps(l)) out.set(l.name, l.value);
  }
  return out;
}

double reduce(vector_op op, const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  double sum = 0;
  double best = nan;
  double mean = 0;
  double seen = 0;
  for (const double v : values) {
    sum += v;
    if (std::isnan(best) || (op == vector_op::min ? v < best : v > best)) best = v;
    ++seen;
    const bool stays = std::isinf(mean) && !std::isnan(v) && (!std::isinf(v) || v == mean);
    if (!stays) mean += v / seen - mean / seen;
  }
  switch (op) {
    case vector_op::sum:
      return sum;
    case vector_op::avg:
      return mean;
    case vector_op::min:
    case vector_op::max:
      return best;
    case vector_op::count:
      return count;
    default:
      break;
  }
  if (values.size() == 1) return 0;  // one value has no spread, be it infinite
  double squares = 0;
  for (const double v : values) squares += (v - sum / count) * (v - sum / count);
  return op == vector_op::stdvar ? squares / count : std::sqrt(squares / count);
}

// NaN comes last; ties go by labels.
void sort_by_value(step_vector& vector, bool descending) {
  std::stable_sort(vector.begin(), vector.end(),
                   [&](const labelled_value& a, const labelled_value& b) {
                     if (std::isnan(a.value) != std::isnan(b.value)) return std::isnan(b.value);
                     if (!std::isnan(a.value) && a.value != b.value) {
                       return descending ? a.value > b.value : a.value < b.value;
                     }
                     return a.labels < b.labels;
                   });
}

}  // namespace

label_set group_of(const std::optional<grouping_expr>& grouping, const label_set& labels) {
  if (!grouping) return {};
  return kept_labels(labels, [&](const label& l) {
    const bool listed = contains(grouping->labels, l.name);
    if (!grouping->is_without) return listed;
    return !listed && l.name != "__name__" && !l.value.empty();
  });
}

step_vector aggregate_vector(const vector_aggregation& aggregation, const step_vector& input) {
  step_vector output;
  if (aggregation.op == vector_op::sort || aggregation.op == vector_op::sort_desc) {
    output = input;
    sort_by_value(output, aggregation.op == vector_op::sort_desc);
    return output;
  }
  std::map<label_set, step_vector> groups;
  for (const labelled_value& sample : input) {
    groups[group_of(aggregation.grouping, sample.labels)].push_back(sample);
  }
  for (auto& [labels, members] : groups) {
    if (aggregation.op == vector_op::topk || aggregation.op == vector_op::bottomk ||
        aggregation.op == vector_op::approx_topk) {
      sort_by_value(members, aggregation.op != vector_op::bottomk);
      const auto most = static_cast<std::size_t>(aggregation.parameter);
      if (members.size() > most) members.resize(most);
      output.insert(output.end(), members.begin(), members.end());
      continue;
    }
    std::vector<double> values;
    for (const labelled_value& member : members) values.push_back(member.value);
    output.push_back({labels, reduce(aggregation.op, values)});
  }
  return output;
}

double binary_value(binary_op op, double left, double right) {
  switch (op) {
    case binary_op::equal:
      return left == right ? 1 : 0;
    case binary_op::not_equal:
      return left != right ? 1 : 0;
    case binary_op::less:
      return left < right ? 1 : 0;
    case binary_op::less_or_equal:
      return left <= right ? 1 : 0;
    case binary_op::greater:
      return left > right ? 1 : 0;
    case binary_op::greater_or_equal:
      return left >= right ? 1 : 0;
    case binary_op::add:
      return left + right;
    case binary_op::subtract:
      return left - right;
    case binary_op::multiply:
      return left * right;
    case binary_op::divide:
      return right == 0 ? nan : left / right;
    case binary_op::modulo:
      return right == 0 ? nan : std::fmod(left, right);
    case binary_op::power:
      return std::pow(left, right);
    default:
      return nan;
  }
}

namespace {

bool is_comparison(binary_op op) {
  return op == binary_op::equal || op == binary_op::not_equal || op == binary_op::less ||
         op == binary_op::less_or_equal || op == binary_op::greater ||
         op == binary_op::greater_or_equal;
}

label_set match_key(const vector_matching& matching, const label_set& labels) {
  return kept_labels(labels, [&](const label& l) {
    const bool listed = contains(matching.labels, l.name);
    return matching.is_on ? listed : !listed && l.name != "__name__";
  });
}

bool has_key(const vector_matching& matching, const step_vector& vector, const label_set& labels) {
  return std::any_of(vector.begin(), vector.end(), [&](const labelled_value& other) {
    return match_key(matching, other.labels) == match_key(matching, labels);
  });
}

step_vector combine_sets(binary_op op, const vector_matching& matching, const step_vector& left,
                         const step_vector& right) {
  step_vector output;
  if (op == binary_op::logical_or) {
    output = left;
    for (const labelled_value& sample : right) {
      if (!has_key(matching, left, sample.labels)) output.push_back(sample);
    }
    return output;
  }
  for (const labelled_value& sample : left) {
    const bool found = has_key(matching, right, sample.labels);
    if (found == (op == binary_op::logical_and)) output.push_back(sample);
  }
  return output;
}

label_set matched_labels(const vector_matching& matching, const label_set& many,
                         const label_set& one) {
  const bool one_to_one = matching.cardinality == match_cardinality::one_to_one;
  label_set labels = kept_labels(many, [&](const label& l) {
    if (l.value.empty()) return false;
    return !one_to_one || contains(matching.labels, l.name) == matching.is_on;
  });
  for (const std::string& name : matching.include) {
    if (one.get(name).empty()) {
      labels.erase(name);
    } else {
      labels.set(name, one.get(name));
    }
  }
  return labels;
}

}  // namespace

step_vector combine_with_number(const binary_operation& operation, const step_vector& vector,
                                double number, bool number_is_left) {
  step_vector output;
  for (const labelled_value& sample : vector) {
    const double left = number_is_left ? number : sample.value;
    const double right = number_is_left ? sample.value : number;
    const double value = binary_value(operation.op, left, right);
    if (!is_comparison(operation.op) || operation.return_bool) {
      output.push_back({sample.labels, value});
    } else if (value == 1) {
      output.push_back(sample);
    }
  }
  return output;
}

result<step_vector> combine_vectors(const binary_operation& operation, const step_vector& left,
                                    const step_vector& right) {
  const vector_matching matching = operation.matching.value_or(vector_matching());
  if (operation.op == binary_op::logical_or || operation.op == binary_op::logical_and ||
      operation.op == binary_op::logical_unless) {
    return combine_sets(operation.op, matching, left, right);
  }
  const bool swapped = matching.cardinality == match_cardinality::one_to_many;
  const bool one_to_one = matching.cardinality == match_cardinality::one_to_one;
  const step_vector& many_side = swapped ? right : left;
  const step_vector& one_side = swapped ? left : right;
  std::map<label_set, const labelled_value*> ones;
  for (const labelled_value& one : one_side) {
    if (!ones.emplace(match_key(matching, one.labels), &one).second) {
      return error{errc::internal, std::string("found duplicate series on the ") +
                                       (swapped ? "left" : "right") +
                                       " hand-side;many-to-many matching not allowed: matching "
                                       "labels must be unique on one side"};
    }
  }
  step_vector output;
  std::map<label_set, std::vector<label_set>> taken;  // results by key
  for (const labelled_value& many : many_side) {
    const label_set key = match_key(matching, many.labels);
    const auto one = ones.find(key);
    if (one == ones.end()) continue;
    const label_set labels = matched_labels(matching, many.labels, one->second->labels);
    std::vector<label_set>& before = taken[key];
    if (one_to_one && !before.empty()) {
      return error{errc::internal,
                   "multiple matches for labels: many-to-one matching must be explicit "
                   "(group_left/group_right)"};
    }
    if (std::find(before.begin(), before.end(), labels) != before.end()) {
      return error{errc::internal,
                   "multiple matches for labels: grouping labels must ensure unique matches"};
    }
    before.push_back(labels);
    const double l = swapped ? one->second->value : many.value;
    const double r = swapped ? many.value : one->second->value;
    const double value = binary_value(operation.op, l, r);
    if (!is_comparison(operation.op) || operation.return_bool) {
      output.push_back({labels, value});
    } else if (value == 1) {
      output.push_back({labels, l});
    }
  }
  return output;
}

namespace {

// The replacement with $1, ${1}, ${name} and $$ filled in.
std::string expanded(const std::string& text, const re2::RE2& regex,
                     const std::vector<re2::StringPiece>& groups) {
  static const re2::RE2 reference("^(?:\\$\\$|\\$(\\w+)|\\$\\{(\\w+)\\})");
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    re2::StringPiece hit[3];
    const re2::StringPiece rest(text.data() + at, text.size() - at);
    if (!reference.Match(rest, 0, rest.size(), re2::RE2::ANCHOR_START, hit, 3)) {
      out += text[at++];
      continue;
    }
    at += hit[0].size();
    const std::string name = hit[1].empty() ? hit[2].ToString() : hit[1].ToString();
    if (name.empty()) {
      out += '$';
      continue;
    }
    std::size_t number = groups.size();
    if (name.find_first_not_of("0123456789") == std::string::npos) {
      number = name.size() < 4 ? std::stoul(name) : number;
    } else if (const auto group = regex.NamedCapturingGroups().find(name);
               group != regex.NamedCapturingGroups().end()) {
      number = static_cast<std::size_t>(group->second);
    }
    if (number < groups.size()) out += groups[number].ToString();
  }
  return out;
}

}  // namespace

step_vector replace_labels(const label_replace_expr& replace, const step_vector& input) {
  const re2::RE2 regex("^(?:" + replace.regex + ")$", re2::RE2::Quiet);
  step_vector output = input;
  for (labelled_value& sample : output) {
    const std::string source(sample.labels.get(replace.source));
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) +
                                         1);
    if (!regex.Match(source, 0, source.size(), re2::RE2::ANCHOR_BOTH, groups.data(),
                     static_cast<int>(groups.size()))) {
      continue;
    }
    const std::string value = expanded(replace.replacement, regex, groups);
    sample.labels = kept_labels(sample.labels, [](const label& l) { return !l.value.empty(); });
    if (value.empty()) {
      sample.labels.erase(replace.destination);
    } else {
      sample.labels.set(replace.destination, value);
    }
  }
  return output;
}

}  // namespace skald::logql::reference
