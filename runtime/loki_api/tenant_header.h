// SPDX-License-Identifier: Apache-2.0
// Which tenants a request speaks for (X-Scope-OrgID). Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/http/http_message.h"

namespace skald {

struct tenant_options {
  bool auth_enabled = false;                  // Loki's auth_enabled (Loki's own default is true)
  std::string no_auth_tenant = "fake";        // tenant of every request when auth is off
  bool multi_tenant_queries_enabled = false;  // querier.multi_tenant_queries_enabled
};

// The tenant of a write, delete, rule or limits request.
// Errors: unauthorized "no org id"; invalid_argument with Loki's text (multiple org IDs present,
// ...).
result<std::string> resolve_tenant(const http_request& request, const tenant_options& options);

// The tenants of a read: sorted, each once, at least one. Errors: as above; several tenants while
// the feature is off are invalid_argument.
result<std::vector<std::string>> resolve_read_tenants(const http_request& request,
                                                      const tenant_options& options);

}  // namespace skald
