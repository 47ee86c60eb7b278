// SPDX-License-Identifier: Apache-2.0
#include "testing/reference/line_labels.h"

#include <algorithm>

namespace skald::logql::reference {

line_labels::line_labels(const label_set& stream, const std::vector<label>& metadata,
                         const extraction_hints& hints)
    : stream_(stream), hints_(hints) {
  for (const label& pair : metadata) {
    const std::string name = stream.has(pair.name) ? pair.name + "_extracted" : pair.name;
    if (name == "__error__") {
      error = pair.value;
    } else if (name == "__error_details__") {
      details = pair.value;
    } else {
      added_[name] = {pair.value, true};
    }
  }
}

std::optional<std::string> line_labels::get(const std::string& name) const {
  const auto added = added_.find(name);
  if (added != added_.end()) return added->second.value;
  if (deleted_.contains(name)) return std::nullopt;
  const std::string base(stream_.get(name));
  if (base.empty()) return std::nullopt;
  return base;
}

std::string line_labels::parsed_name(const std::string& name) const {
  const auto added = added_.find(name);
  const bool in_metadata = added != added_.end() && added->second.is_metadata;
  return stream_.has(name) || in_metadata ? name + "_extracted" : name;
}

void line_labels::set_parsed(const std::string& name, const std::string& value) {
  extracted_.insert(name);
  added_[name] = {value, false};
}

void line_labels::erase(const std::string& name) {
  added_.erase(name);
  deleted_.insert(name);
}

bool line_labels::has_all_needed() const {
  return !hints_.needed.empty() &&
         std::all_of(hints_.needed.begin(), hints_.needed.end(),
                     [this](const std::string& name) { return extracted_.contains(name); });
}

bool line_labels::parsers_may_run() const {
  if (!hints_.restricted) return true;
  return !hints_.needed.empty() && !has_all_needed();
}

bool line_labels::is_wanted(const std::string& name) const {
  return !hints_.restricted || hints_.needed.empty() || hints_.needed.contains(name);
}

bool line_labels::is_wanted_prefix(const std::string& prefix) const {
  return !hints_.restricted || hints_.needed.empty() ||
         std::any_of(hints_.needed.begin(), hints_.needed.end(),
                     [&](const std::string& name) { return name.starts_with(prefix); });
}

void line_labels::fail_parser(const std::string& word, const std::optional<std::string>& text) {
  error = word;
  if (text) details = *text;
  if (hints_.restricted && hints_.needed.contains("__error__")) {
    set_parsed("__preserve_error__", "true");
  }
}

entry_labels line_labels::final_labels() const {
  entry_labels out;
  if (added_.empty() && deleted_.empty() && error.empty()) {
    out.stream = stream_;
    return out;
  }
  for (const label& base : stream_) {
    if (!deleted_.contains(base.name) && !added_.contains(base.name)) {
      out.stream.set(base.name, base.value);
    }
  }
  for (const auto& [name, label] : added_) {
    (label.is_metadata ? out.structured_metadata : out.parsed).set(name, label.value);
  }
  if (!error.empty()) out.parsed.set("__error__", error);
  if (!details.empty()) out.parsed.set("__error_details__", details);
  return out;
}

}  // namespace skald::logql::reference
