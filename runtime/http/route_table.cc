// SPDX-License-Identifier: Apache-2.0
#include "runtime/http/route_table.h"

#include <algorithm>

#include "runtime/http/form_values.h"

namespace skald {
namespace {

// "/a/{b}" -> {"a", "{b}"}. A trailing slash gives an empty last segment, which no pattern of ours
// has.
std::vector<std::string> split_segments(std::string_view path) {
  std::vector<std::string> segments;
  if (!path.empty() && path.front() == '/') path.remove_prefix(1);
  while (true) {
    const std::size_t end = path.find('/');
    segments.emplace_back(path.substr(0, end));
    if (end == std::string_view::npos) return segments;
    path.remove_prefix(end + 1);
  }
}

bool is_variable(const std::string& segment) {
  return !segment.empty() && segment.front() == '{';
}

bool segments_match(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  if (pattern.size() != path.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (is_variable(pattern[i]) ? path[i].empty() : pattern[i] != path[i]) return false;
  }
  return true;
}

}  // namespace

std::string route_metric_label(std::string_view pattern) {
  std::string label;
  for (const char c : pattern) {
    if (c == '{' || c == '}') continue;
    if (c == '/') {
      if (!label.empty()) label += '_';
    } else {
      label += c;
    }
  }
  return label;
}

route_table::route_table(std::string prefix) : prefix_(std::move(prefix)) {
  while (!prefix_.empty() && prefix_.back() == '/') prefix_.pop_back();
  if (!prefix_.empty() && prefix_.front() != '/') prefix_.insert(0, 1, '/');
}

void route_table::add(route added) {
  compiled_route compiled;
  compiled.segments = split_segments(prefix_ + added.pattern);
  compiled.metric_label = route_metric_label(added.pattern);
  compiled.spec = std::move(added);
  routes_.push_back(std::move(compiled));
}

void route_table::add_get_post(std::string pattern, http_handler handler) {
  add({{"GET", "POST"}, std::move(pattern), std::move(handler)});
}

const route_table::compiled_route* route_table::find(const http_request& request,
                                                     bool& path_known) const {
  const std::vector<std::string> decoded = split_segments(request.path);
  const std::vector<std::string> encoded = split_segments(request.raw_path);
  path_known = false;
  for (const compiled_route& candidate : routes_) {
    const auto& path = candidate.spec.match_encoded ? encoded : decoded;
    if (!segments_match(candidate.segments, path)) continue;
    path_known = true;
    const auto& methods = candidate.spec.methods;
    if (std::find(methods.begin(), methods.end(), request.method) != methods.end()) {
      return &candidate;
    }
  }
  return nullptr;
}

void route_table::serve(http_request&& request, responder&& answer) const {
  if (std::string clean = clean_path(request.path); clean != request.path) {
    http_response moved = empty_response(301);
    std::string location = percent_encode_path(clean);
    if (!request.query.empty()) location.append("?").append(request.query);
    moved.headers.emplace_back("Location", std::move(location));
    return answer.send(std::move(moved));
  }
  bool path_known = false;
  const compiled_route* found = find(request, path_known);
  if (found == nullptr) {
    return answer.send(path_known ? empty_response(405) : not_found_response());
  }
  const bool encoded = found->spec.match_encoded;
  const auto path = split_segments(encoded ? request.raw_path : request.path);
  for (std::size_t i = 0; i < path.size(); ++i) {
    const std::string& name = found->segments[i];
    if (!is_variable(name)) continue;
    std::string value = path[i];
    if (encoded) {
      auto decoded = percent_decode(value, false);
      if (!decoded) return answer.send(plain_text_response(400, decoded.error().message));
      value = std::move(decoded).value();
    }
    request.path_values.emplace_back(name.substr(1, name.size() - 2), std::move(value));
  }
  request.route = found->metric_label;
  found->spec.handler(std::move(request), std::move(answer));
}

}  // namespace skald
