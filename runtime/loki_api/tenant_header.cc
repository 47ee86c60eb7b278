// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/tenant_header.h"

#include <algorithm>

#include "runtime/model/go_string.h"
#include "runtime/model/tenant_id.h"

namespace skald {
namespace {

constexpr std::size_t tenant_bytes_max = 150;
// A request with more is no honest query, and each tenant costs a plan of its own.
constexpr std::size_t read_tenants_max = 128;

error invalid(std::string message) {
  return {errc::invalid_argument, std::move(message)};
}

result<void> check_tenant(std::string_view id) {
  // Loki looks at the characters first, then at the length, then at the two reserved names.
  for (std::size_t at = 0; at < id.size();) {
    std::size_t length = 0;
    decode_utf8(id.substr(at), length);
    const std::string_view character = id.substr(at, length);
    const bool reserved = character == ".";
    if (!reserved && !is_valid_tenant(character)) {
      return invalid("tenant ID '" + std::string(id) + "' contains unsupported character '" +
                     std::string(character) + "'");
    }
    at += length;
  }
  if (id.size() > tenant_bytes_max) return invalid("tenant ID is too long: max 150 characters");
  if (id == "." || id == "..") return invalid("tenant ID is '.' or '..'");
  if (id.empty()) return error{errc::unauthorized, "no org id"};
  return {};
}

// Sorted, each once.
result<std::vector<std::string>> tenants_of(std::string_view header) {
  if (header.empty()) return error{errc::unauthorized, "no org id"};
  std::vector<std::string> tenants;
  while (true) {
    const std::size_t end = header.find('|');
    const std::string_view id = header.substr(0, end);
    SKALD_TRY(check_tenant(id));
    tenants.emplace_back(id);
    if (tenants.size() > read_tenants_max) return invalid("too many org IDs");
    if (end == std::string_view::npos) break;
    header.remove_prefix(end + 1);
  }
  std::sort(tenants.begin(), tenants.end());
  tenants.erase(std::unique(tenants.begin(), tenants.end()), tenants.end());
  return tenants;
}

}  // namespace

result<std::string> resolve_tenant(const http_request& request, const tenant_options& options) {
  if (!options.auth_enabled) return options.no_auth_tenant;
  SKALD_TRY_ASSIGN(std::vector<std::string> tenants, tenants_of(request.header("X-Scope-OrgID")));
  if (tenants.size() != 1) return invalid("multiple org IDs present");
  return std::move(tenants.front());
}

result<std::vector<std::string>> resolve_read_tenants(const http_request& request,
                                                      const tenant_options& options) {
  if (!options.auth_enabled) return std::vector<std::string>{options.no_auth_tenant};
  SKALD_TRY_ASSIGN(std::vector<std::string> tenants, tenants_of(request.header("X-Scope-OrgID")));
  if (tenants.size() != 1 && !options.multi_tenant_queries_enabled) {
    return invalid("multiple org IDs present");
  }
  return tenants;
}

}  // namespace skald
