// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/targets.h"

#include <array>

namespace skald {
namespace {

struct named_role {
  role value;
  std::string_view name;
};

constexpr std::array<named_role, 9> roles{{
    {role::compactor, "compactor"},
    {role::distributor, "distributor"},
    {role::index_gateway, "index-gateway"},
    {role::ingester, "ingester"},
    {role::pattern_ingester, "pattern-ingester"},
    {role::querier, "querier"},
    {role::query_frontend, "query-frontend"},
    {role::query_scheduler, "query-scheduler"},
    {role::ruler, "ruler"},
}};

struct group {
  std::string_view name;
  std::vector<role> members;
};

const std::array<group, 4>& groups() {
  static const std::array<group, 4> all{{
      {"all",
       {role::compactor, role::distributor, role::index_gateway, role::ingester,
        role::pattern_ingester, role::querier, role::query_frontend, role::query_scheduler,
        role::ruler}},
      {"backend", {role::compactor, role::index_gateway, role::query_scheduler, role::ruler}},
      {"read", {role::querier, role::query_frontend}},
      {"write", {role::distributor, role::ingester}},
  }};
  return all;
}

result<role_set> resolve_one(std::string_view name) {
  role_set out;
  for (const group& g : groups()) {
    if (g.name != name) continue;
    for (const role r : g.members) out.add(r);
    return out;
  }
  for (const named_role& r : roles) {
    if (r.name != name) continue;
    out.add(r.value);
    return out;
  }
  if (name == "table-manager") {
    return error{
        errc::invalid_argument,
        "the table-manager is gone: the compactor applies retention, run -target=compactor"};
  }
  return error{errc::invalid_argument, "unrecognised module name: " + std::string(name)};
}

}  // namespace

result<role_set> resolve_targets(const std::vector<std::string>& targets) {
  role_set out;
  for (const std::string& target : targets) {
    SKALD_TRY_ASSIGN(const role_set one, resolve_one(target));
    for (const named_role& r : roles) {
      if (one.has(r.value)) out.add(r.value);
    }
  }
  if (out.empty()) return error{errc::invalid_argument, "no target given"};
  return out;
}

std::string list_targets() {
  std::string out;
  for (const group& g : groups()) {
    out += std::string(g.name) + "\n";
    for (const role r : g.members) out += "  " + std::string(to_string(r)) + "\n";
  }
  for (const named_role& r : roles) out += std::string(r.name) + "\n";
  return out;
}

std::string_view to_string(role r) {
  for (const named_role& named : roles) {
    if (named.value == r) return named.name;
  }
  return "unknown";
}

std::vector<role> all_roles() {
  std::vector<role> out;
  for (const named_role& r : roles) out.push_back(r.value);
  return out;
}

}  // namespace skald
