// SPDX-License-Identifier: Apache-2.0
// An HTTP request and its answer as plain values; nothing here knows sockets. Copyable,
// thread-compatible.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace skald {

using http_header = std::pair<std::string, std::string>;

// Whether two header names are the same (ASCII case is ignored).
bool equal_header_names(std::string_view a, std::string_view b);

struct http_request {
  std::string method;    // "GET", "POST", ... as sent
  std::string target;    // as sent: path, '?' and query string
  std::string raw_path;  // the target's path, still percent-encoded
  std::string path;      // decoded
  std::string query;     // raw query string without '?'
  std::vector<http_header> headers;
  std::string body;  // as received: content codings are not removed
  std::string remote_address;

  // Set by the route table: values of `{name}` segments in the order of the pattern, and the
  // route's metric label.
  std::vector<http_header> path_values;
  std::string route;

  // The first header of this name, or an empty view.
  std::string_view header(std::string_view name) const;
  // The value of a `{name}` segment of the route, or an empty view.
  std::string_view path_value(std::string_view name) const;
};

struct http_response {
  int status = 200;
  std::string content_type;  // empty: no Content-Type header
  std::string body;
  std::vector<http_header> headers;  // further headers
  // Whether the server may compress the body when the client accepts gzip and the body is not tiny.
  bool compressible = false;
};

// `text` with a final newline, text/plain and nosniff: how Loki's push, tenancy and operating
// endpoints answer errors.
http_response plain_text_response(int status, std::string_view text);
// 404 with Loki's text, which Grafana searches for.
http_response not_found_response();
// A status without body and without Content-Type (204, 405, 301 ...).
http_response empty_response(int status);

}  // namespace skald
