// SPDX-License-Identifier: Apache-2.0
#include "runtime/model/labels.h"

#include <algorithm>

#include "runtime/model/go_string.h"

namespace skald {

label_set::label_set(std::vector<label> labels) : labels_(std::move(labels)) {
  // Most come from places that keep them in order.
  const auto out_of_order =
      std::adjacent_find(labels_.begin(), labels_.end(),
                         [](const label& a, const label& b) { return a.name >= b.name; });
  if (out_of_order == labels_.end()) return;
  std::stable_sort(labels_.begin(), labels_.end(),
                   [](const label& a, const label& b) { return a.name < b.name; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    if (i + 1 < labels_.size() && labels_[i].name == labels_[i + 1].name) continue;
    if (kept != i) labels_[kept] = std::move(labels_[i]);
    ++kept;
  }
  labels_.resize(kept);
}

namespace {
auto find_name(const std::vector<label>& labels, std::string_view name) {
  return std::lower_bound(labels.begin(), labels.end(), name,
                          [](const label& l, std::string_view n) { return l.name < n; });
}

// Null when there is none. Streams have few labels, and mostly a length tells names apart.
const label* find_label(const std::vector<label>& labels, std::string_view name) {
  constexpr std::size_t few_labels = 32;
  if (labels.size() <= few_labels) {
    for (const label& one : labels) {
      if (one.name == name) return &one;
    }
    return nullptr;
  }
  const auto at = find_name(labels, name);
  return at != labels.end() && at->name == name ? &*at : nullptr;
}
}  // namespace

std::string_view label_set::get(std::string_view name) const {
  const label* const at = find_label(labels_, name);
  return at != nullptr ? std::string_view(at->value) : std::string_view();
}

bool label_set::has(std::string_view name) const {
  return find_label(labels_, name) != nullptr;
}

void label_set::set(std::string_view name, std::string_view value) {
  const auto at = labels_.begin() + (find_name(labels_, name) - labels_.begin());
  if (at != labels_.end() && at->name == name) {
    at->value = value;
  } else {
    labels_.insert(at, {std::string(name), std::string(value)});
  }
}

void label_set::erase(std::string_view name) {
  const auto at = labels_.begin() + (find_name(labels_, name) - labels_.begin());
  if (at != labels_.end() && at->name == name) labels_.erase(at);
}

std::string label_set::canonical() const {
  std::string out = "{";
  for (const label& l : labels_) {
    if (out.size() > 1) out += ", ";
    out += l.name;
    out += '=';
    append_quoted(out, l.value);
  }
  out += '}';
  return out;
}

void append_quoted(std::string& out, std::string_view value) {
  append_go_quoted(out, value);
}

namespace {

// A cursor over label text; each step skips white space first.
struct label_scanner {
  std::string_view text;
  std::size_t at = 0;

  void skip_space() {
    while (at < text.size() &&
           (text[at] == ' ' || text[at] == '\t' || text[at] == '\n' || text[at] == '\r')) {
      ++at;
    }
  }
  bool take(char c) {
    skip_space();
    if (at >= text.size() || text[at] != c) return false;
    ++at;
    return true;
  }
  error fail(std::string_view what) const {
    return {errc::invalid_argument,
            "label text at byte " + std::to_string(at) + ": " + std::string(what)};
  }
};

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

result<std::string_view> take_name(label_scanner& in) {
  in.skip_space();
  const std::size_t begin = in.at;
  while (in.at < in.text.size() &&
         (is_name_start(in.text[in.at]) ||
          (in.at > begin &&
           (in.text[in.at] == ':' || (in.text[in.at] >= '0' && in.text[in.at] <= '9'))))) {
    ++in.at;
  }
  if (in.at == begin) return in.fail("expected a label name");
  return in.text.substr(begin, in.at - begin);
}

}  // namespace

result<label_set> parse_labels(std::string_view text) {
  label_scanner in{text};
  std::vector<label> labels;
  if (!in.take('{')) return in.fail("expected '{'");
  bool first = true;
  while (!in.take('}')) {
    if (!first && !in.take(',')) return in.fail("expected ',' or '}'");
    if (!first && in.take('}')) break;  // a trailing comma is allowed
    first = false;
    SKALD_TRY_ASSIGN(const std::string_view name, take_name(in));
    if (!in.take('=')) return in.fail("expected '='");
    in.skip_space();
    SKALD_TRY_ASSIGN(go_string_token token, scan_go_string(in.text.substr(in.at)));
    in.at += token.length;
    labels.push_back({std::string(name), std::move(token.value)});
  }
  in.skip_space();
  if (in.at != text.size()) return in.fail("unexpected text after '}'");
  return label_set(std::move(labels));
}

result<stream_ptr> make_stream(std::string_view canonical_labels) {
  SKALD_TRY_ASSIGN(label_set labels, parse_labels(canonical_labels));
  auto info = std::make_shared<stream_info>();
  info->canonical_labels = canonical_labels;
  info->labels = std::move(labels);
  info->fingerprint = fingerprint_of(canonical_labels);
  return stream_ptr(std::move(info));
}

}  // namespace skald
