// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/shape/fragment_scan.h"

namespace skald {
namespace {

class json_fragment {
 public:
  json_fragment(const scan_range& rest, key_tree& keys, scanned_fragment& found)
      : rest_(rest), keys_(keys), found_(found) {}

  bool scan(const line_position& from) {
    object_ = from.object;
    if (from.at_start) {
      if (!take_behind_space('{')) return false;
      return members(true);
    }
    if (from.kind == slot_kind::json_string && !take('"')) return false;
    return behind_value();
  }

 private:
  bool take(char wanted) {
    if (rest_.at == rest_.end || *rest_.at != wanted) return false;
    ++rest_.at;
    return true;
  }
  bool take_behind_space(char wanted) {
    skip_space();
    return take(wanted);
  }
  void skip_space() {
    while (rest_.at < rest_.end && is_json_space(*rest_.at)) ++rest_.at;
  }

  // Behind a value or a closing brace.
  bool behind_value() {
    while (true) {
      if (take_behind_space(',')) return members(false);
      if (!take('}')) return false;
      if (object_ == shape_set::json_root) {
        skip_space();
        found_.end = rest_.at;
        found_.kind = slot_kind::none;
        return rest_.at == rest_.end;
      }
      object_ = keys_.parent(object_);
    }
  }

  // Behind '{' or ','.
  bool members(bool may_close) {
    while (true) {
      skip_space();
      if (may_close && rest_.at < rest_.end && *rest_.at == '}') return behind_value();
      if (!take('"')) return false;
      const char* key_end = find_closing_quote(rest_);
      if (key_end == nullptr) return false;
      const std::string_view key(rest_.at, static_cast<std::size_t>(key_end - rest_.at));
      // A key with a bad escape is an error to the parser, and no key needs one.
      if (key.find('\\') != std::string_view::npos) return false;
      rest_.at = key_end + 1;
      if (!take_behind_space(':')) return false;
      skip_space();
      if (rest_.at == rest_.end) return false;
      const std::uint32_t path = keys_.child(object_, key);
      if (*rest_.at != '{') return value(path);
      if (keys_.depth(path) > shape_depth_max) return false;
      ++rest_.at;
      object_ = path;
      may_close = true;
    }
  }

  bool value(std::uint32_t path) {
    found_.path = path;
    found_.object = object_;
    found_.kind = slot_kind::json_scalar;
    if (*rest_.at == '[') found_.kind = slot_kind::json_array;
    if (*rest_.at == '"') {
      found_.kind = slot_kind::json_string;
      ++rest_.at;
    }
    found_.end = rest_.at;
    return true;
  }

  scan_range rest_;
  key_tree& keys_;
  scanned_fragment& found_;
  std::uint32_t object_ = shape_set::json_root;
};

bool scan_logfmt(const line_position& from, scan_range rest, key_tree& keys,
                 scanned_fragment& found) {
  if (!from.at_start) {
    if (from.kind == slot_kind::logfmt_quoted) {
      if (rest.at == rest.end || *rest.at != '"') return false;
      ++rest.at;
    }
    if (rest.at < rest.end && !is_logfmt_separator(*rest.at)) return false;
  }
  while (rest.at < rest.end && is_logfmt_separator(*rest.at)) ++rest.at;
  found.object = shape_set::logfmt_root;
  if (rest.at == rest.end) {
    found.end = rest.at;
    found.kind = slot_kind::none;
    return !from.at_start;
  }
  const char* key = rest.at;
  while (rest.at < rest.end && *rest.at != '=' && *rest.at != '"' &&
         !is_logfmt_separator(*rest.at)) {
    ++rest.at;
  }
  if (rest.at == key || rest.at == rest.end || *rest.at != '=') return false;
  found.path = keys.child(shape_set::logfmt_root, {key, static_cast<std::size_t>(rest.at - key)});
  ++rest.at;
  found.kind = slot_kind::logfmt_bare;
  if (rest.at < rest.end && *rest.at == '"') {
    found.kind = slot_kind::logfmt_quoted;
    ++rest.at;
  }
  found.end = rest.at;
  return true;
}

bool looks_like_json(const scan_range& line) {
  const char* at = line.at;
  while (at < line.end && is_json_space(*at)) ++at;
  return at < line.end && *at == '{';
}

}  // namespace

bool scan_fragment(const line_position& from, const scan_range& rest, key_tree& keys,
                   scanned_fragment& found) {
  const bool json = from.at_start ? looks_like_json(rest) : from.object != shape_set::logfmt_root;
  if (!json) return scan_logfmt(from, rest, keys, found);
  return json_fragment(rest, keys, found).scan(from);
}

}  // namespace skald
