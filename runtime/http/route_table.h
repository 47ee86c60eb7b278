// SPDX-License-Identifier: Apache-2.0
// Which handler serves a path, with Loki's rules for everything else: unknown path 404 with Go's
// text, known path with another method 405 without body, unclean path 301. Filled once at start,
// then read-only and safe from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/http/http_message.h"
#include "runtime/http/responder.h"

namespace skald {

struct route {
  std::vector<std::string> methods;  // "GET", "POST", ...
  std::string pattern;  // "/loki/api/v1/label/{name}/values"; a {segment} matches one segment
  http_handler handler;
  // Match the percent-encoded path, so that a value may hold %2F (rule namespaces). Otherwise the
  // decoded path is matched, and an encoded slash splits segments as it does in Loki.
  bool match_encoded = false;
};

class route_table {
 public:
  // `prefix` ("" or "/x/y") goes before every pattern (server.http_path_prefix).
  explicit route_table(std::string prefix = "");

  // Routes may share a pattern with different methods. Of two patterns that both match, the one
  // added first wins.
  void add(route added);
  // Shorthand for add() with GET and POST, as the query endpoints want it.
  void add_get_post(std::string pattern, http_handler handler);

  // Answers itself (404, 405, 301) or calls the handler with path_values and route set.
  void serve(http_request&& request, responder&& answer) const;

 private:
  struct compiled_route {
    route spec;
    std::vector<std::string> segments;
    std::string metric_label;
  };
  const compiled_route* find(const http_request& request, bool& path_known) const;

  std::string prefix_;
  std::vector<compiled_route> routes_;
};

// The value of the `route` label of loki_request_duration_seconds:
// "/loki/api/v1/label/{name}/values" gives "loki_api_v1_label_name_values".
std::string route_metric_label(std::string_view pattern);

}  // namespace skald
