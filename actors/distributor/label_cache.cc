// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/label_cache.h"

#include <algorithm>
#include <array>
#include <utility>

#include "actors/distributor/level_detector.h"
#include "actors/distributor/push_labels.h"
#include "runtime/base/hash.h"

namespace skald {
namespace {

constexpr std::string_view service_name_label = "service_name";
constexpr std::string_view unknown_service = "unknown_service";
// Entry, table slot, stream_info and its control block, without texts.
constexpr std::size_t fixed_entry_bytes = 320;
// Room in the tables that is not worth giving back.
constexpr std::size_t spare_entries = 4096;

// A label's value, or nothing. Of a repeated name the first counts.
std::optional<std::string_view> value_of(const std::vector<label>& labels, std::string_view name) {
  for (const label& l : labels) {
    if (l.name == name) return std::string_view(l.value);
  }
  return std::nullopt;
}

void discover_service_name(std::vector<label>& labels, const tenant_limits& limits) {
  if (limits.discover_service_name.empty() || value_of(labels, service_name_label)) return;
  std::string_view service = unknown_service;
  for (const std::string& source : limits.discover_service_name) {
    if (const auto value = value_of(labels, source)) {
      service = *value;
      break;
    }
  }
  labels.push_back({std::string(service_name_label), std::string(service)});
}

std::string stream_text(const std::vector<label>& labels) {
  std::string out = "{";
  for (const label& l : labels) {
    if (out.size() > 1) out += ", ";
    out += l.name;
    out += '=';
    append_quoted(out, l.value);
  }
  out += '}';
  return out;
}

std::string quoted_stream(const cached_labels& labels) {
  return "'" +
         (labels.with_duplicates.empty() ? labels.stream->canonical_labels
                                         : stream_text(labels.with_duplicates)) +
         "'";
}

// The first label that is too long or repeated.
template <class Labels>
std::optional<label_violation> check_each(const Labels& all, const std::string& stream,
                                          const tenant_limits& limits) {
  std::string_view last_name;
  for (const label& l : all) {
    if (static_cast<std::int64_t>(l.name.size()) > limits.max_label_name_length) {
      return label_violation{"label_name_too_long",
                             "stream " + stream + " has label name too long: '" + l.name + "'"};
    }
    if (static_cast<std::int64_t>(l.value.size()) > limits.max_label_value_length) {
      return label_violation{"label_value_too_long",
                             "stream " + stream + " has label value too long: '" + l.value + "'"};
    }
    if (l.name == last_name) {
      return label_violation{"duplicate_label_names",
                             "stream " + stream + " has duplicate label name: '" + l.name + "'"};
    }
    last_name = l.name;
  }
  return std::nullopt;
}

std::optional<label_violation> check_enforced(const cached_labels& labels, std::string_view tenant,
                                              const tenant_limits& limits) {
  std::string missing;
  for (const std::string& name : limits.enforced_labels) {
    if (labels.stream->labels.has(name)) continue;
    if (!missing.empty()) missing += ',';
    missing += name;
  }
  if (missing.empty()) return std::nullopt;
  return label_violation{"missing_enforced_labels", "missing required labels '" + missing +
                                                        "' for user '" + std::string(tenant) +
                                                        "' for stream " + quoted_stream(labels) +
                                                        " (policy: '')"};
}

}  // namespace

std::optional<label_violation> check_labels(const cached_labels& labels, std::string_view tenant,
                                            const tenant_limits& limits) {
  if (labels.stream->labels.empty()) {
    return label_violation{"missing_labels",
                           "error at least one label pair is required per stream"};
  }
  if (labels.canonical_labels.size() > stream_labels_bytes_max) {
    return label_violation{
        "label_value_too_long",
        "stream has labels of " + std::to_string(labels.canonical_labels.size()) +
            " bytes together, limit: " + std::to_string(stream_labels_bytes_max)};
  }
  if (labels.exempt) return std::nullopt;
  if (static_cast<std::int64_t>(labels.name_count) > limits.max_label_names_per_series) {
    return label_violation{"max_label_names_per_series",
                           "entry for stream " + quoted_stream(labels) + " has " +
                               std::to_string(labels.name_count) + " label names; limit " +
                               std::to_string(limits.max_label_names_per_series)};
  }
  if (!labels.with_duplicates.empty()) {
    return check_each(labels.with_duplicates, quoted_stream(labels), limits);
  }
  if (static_cast<std::int64_t>(labels.longest_name) > limits.max_label_name_length ||
      static_cast<std::int64_t>(labels.longest_value) > limits.max_label_value_length) {
    return check_each(labels.stream->labels, quoted_stream(labels), limits);
  }
  if (!limits.enforced_labels.empty()) return check_enforced(labels, tenant, limits);
  return std::nullopt;
}

std::uint64_t discovery_rules_id(const tenant_limits& limits) {
  std::string text;
  text.reserve(512);
  for (const std::string& name : limits.discover_service_name) {
    text += name;
    text += '\n';
  }
  text += '\0';
  for (const std::string& name : limits.log_level_fields) {
    text += name;
    text += '\n';
  }
  return xxh3_64(text);
}

result<cached_labels> resolve_labels(std::string_view text, const tenant_limits& limits) {
  auto scanned = scan_push_labels(text);
  if (!scanned.ok()) {
    return error{errc::invalid_argument, "couldn't parse labels: " + scanned.error().message};
  }
  std::vector<label> labels = std::move(scanned).value();
  cached_labels out;
  out.exempt = value_of(labels, "__aggregated_metric__") || value_of(labels, "__pattern__");
  if (!out.exempt) discover_service_name(labels, limits);
  std::stable_sort(labels.begin(), labels.end(),
                   [](const label& a, const label& b) { return a.name < b.name; });
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const label& l = labels[i];
    if (l.name != service_name_label) ++out.name_count;
    out.longest_name = std::max(out.longest_name, l.name.size());
    out.longest_value = std::max(out.longest_value, l.value.size());
    if (i > 0 && labels[i - 1].name == l.name && out.with_duplicates.empty()) {
      out.with_duplicates = labels;
    }
  }
  for (const std::string& field : limits.log_level_fields) {
    if (const auto value = value_of(labels, field)) {
      out.level = normalized_level(*value);
      break;
    }
  }
  auto info = std::make_shared<stream_info>();
  info->labels = label_set(std::move(labels));
  info->canonical_labels = info->labels.canonical();
  info->fingerprint = fingerprint_of(info->canonical_labels);
  out.fingerprint = info->fingerprint;
  out.canonical_labels = info->canonical_labels;
  out.label_count = info->labels.size();
  out.stream = std::move(info);
  return out;
}

label_cache::key label_cache::key_of(std::string_view text, std::uint64_t rules) {
  return {text, rules, xxh3_64(text, rules)};
}

// Each step needs what the one before it loads.
void label_cache::prefetch(std::span<const key> keys) const {
  constexpr std::size_t at_once = 16;
  constexpr std::size_t line_bytes = 64;
  std::array<const entry*, at_once> found;
  for (; !keys.empty(); keys = keys.subspan(std::min(at_once, keys.size()))) {
    const std::size_t n = std::min(at_once, keys.size());
    for (std::size_t i = 0; i < n; ++i) {
      const auto at = by_hash_.find(keys[i].hash);
      found[i] = at == by_hash_.end() ? nullptr : at->second;
      if (found[i] == nullptr) continue;
      for (std::size_t b = 0; b < sizeof(entry); b += line_bytes) {
        __builtin_prefetch(reinterpret_cast<const char*>(found[i]) + b);
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (found[i] == nullptr) continue;
      const std::string_view labels = found[i]->value.canonical_labels;
      for (std::size_t b = 0; b < found[i]->text.size(); b += line_bytes) {
        __builtin_prefetch(found[i]->text.data() + b);
      }
      for (std::size_t b = 0; b < labels.size(); b += line_bytes) {
        __builtin_prefetch(labels.data() + b);
      }
    }
  }
}

result<const cached_labels*> label_cache::find(const key& of, const tenant_limits& limits) {
  entry*& first = by_hash_[of.hash];
  for (entry* one = first; one != nullptr; one = one->next) {
    if (one->rules != of.rules || one->text != of.text) continue;
    ++hits_;
    one->used = true;
    return static_cast<const cached_labels*>(&one->value);
  }
  ++misses_;
  auto value = resolve_labels(of.text, limits);
  if (!value.ok()) {
    if (first == nullptr) by_hash_.erase(of.hash);
    return value.error();
  }
  if (bytes_ > 2 * bytes_max_) [[unlikely]] {
    if (first == nullptr) by_hash_.erase(of.hash);
    not_kept_ = std::move(*value);
    return static_cast<const cached_labels*>(&not_kept_);
  }
  // The raw text, the canonical one and the label set hold about the same bytes each.
  const std::size_t bytes = fixed_entry_bytes + of.text.size() +
                            2 * value->canonical_labels.size() + 64 * value->label_count;
  bytes_ += bytes;
  ring_.push_back(std::make_unique<entry>(entry{std::string(of.text), of.rules, of.hash, first,
                                                /*used=*/false, bytes, std::move(*value)}));
  first = ring_.back().get();
  return static_cast<const cached_labels*>(&first->value);
}

void label_cache::forget(const entry& one) {
  const auto at = by_hash_.find(one.hash);
  entry** link = &at->second;
  while (*link != &one) link = &(*link)->next;
  *link = one.next;
  if (at->second == nullptr) by_hash_.erase(at);
}

void label_cache::trim() {
  while (bytes_ > bytes_max_ && !ring_.empty()) {
    if (hand_ >= ring_.size()) hand_ = 0;
    entry& one = *ring_[hand_];
    if (std::exchange(one.used, false)) {
      ++hand_;
      continue;
    }
    forget(one);
    bytes_ -= one.bytes;
    std::swap(ring_[hand_], ring_.back());
    ring_.pop_back();
  }
  // One push of very many streams must not leave its tables behind.
  if (ring_.capacity() > 4 * ring_.size() + spare_entries) {
    ring_.shrink_to_fit();
    by_hash_.rehash(0);
  }
}

}  // namespace skald
