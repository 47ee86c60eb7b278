// SPDX-License-Identifier: Apache-2.0
// What -target names: roles, and the older groups read, write and backend. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

namespace skald {

enum class role : unsigned {
  distributor = 1u << 0,
  ingester = 1u << 1,
  querier = 1u << 2,
  query_frontend = 1u << 3,
  query_scheduler = 1u << 4,
  compactor = 1u << 5,
  ruler = 1u << 6,
  index_gateway = 1u << 7,
  pattern_ingester = 1u << 8,
};

class role_set {
 public:
  constexpr role_set() = default;
  constexpr bool has(role r) const { return (bits_ & static_cast<unsigned>(r)) != 0; }
  constexpr void add(role r) { bits_ |= static_cast<unsigned>(r); }
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(role_set, role_set) = default;

 private:
  unsigned bits_ = 0;
};

// The roles of a target list. Errors: invalid_argument, `unrecognised module name: x`
// (table-manager: says that the compactor does its work).
result<role_set> resolve_targets(const std::vector<std::string>& targets);

// One target per line, what it runs indented below it: the text of -list-targets.
std::string list_targets();

// "query-frontend" and so on.
std::string_view to_string(role r);
std::vector<role> all_roles();

}  // namespace skald
