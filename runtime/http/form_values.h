// SPDX-License-Identifier: Apache-2.0
// Parameters of a request: the URL's query string and, for form posts, the body; percent coding;
// path cleaning.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/http/http_message.h"

namespace skald {

// Decoded pairs in order of appearance. A copyable value.
class form_values {
 public:
  // The first value, or an empty view when there is none (Go's Form.Get does not tell the two apart
  // either).
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  // All values in order.
  std::vector<std::string_view> all(std::string_view name) const;
  // Replaces all values of a name.
  void set(std::string_view name, std::string_view value);

  void append(std::string name, std::string value) {
    pairs_.emplace_back(std::move(name), std::move(value));
  }
  auto begin() const { return pairs_.begin(); }
  auto end() const { return pairs_.end(); }

 private:
  std::vector<std::pair<std::string, std::string>> pairs_;
};

// `a=1&b=x+y%20z`. Errors: invalid_argument for a bad escape or a ';' separator (Go's texts).
result<form_values> parse_form(std::string_view encoded);

// Body pairs first (they win, as in Go's Request.Form), then those of the URL. The body counts only
// for POST, PUT and PATCH with application/x-www-form-urlencoded. Errors: invalid_argument.
result<form_values> request_form(const http_request& request);

// Percent-decoding; '+' stays unless `plus_is_space`. Errors: invalid_argument (invalid URL escape
// "%zz").
result<std::string> percent_decode(std::string_view text, bool plus_is_space);
std::string percent_encode_path(std::string_view path);

// Without doubled slashes and dot segments; a trailing slash stays.
std::string clean_path(std::string_view path);

// The part of a Content-Type before ';', lower case, without blanks.
std::string media_type(std::string_view content_type);
// Whether a comma list (Accept-Encoding, ...) names `item` with a quality above zero.
bool list_accepts(std::string_view list, std::string_view item);

}  // namespace skald
