// SPDX-License-Identifier: Apache-2.0
// Tenant identity as X-Scope-OrgID gives it.
#pragma once

#include <string>
#include <string_view>

namespace skald {

// The tenant of every request when auth_enabled is false; Loki's name, so that object paths carry
// over.
inline constexpr std::string_view default_tenant = "fake";

// 1 to 150 bytes of A-Z a-z 0-9 ! - _ . * ' ( ), and neither "." nor "..".
inline bool is_valid_tenant(std::string_view id) {
  if (id.empty() || id.size() > 150 || id == "." || id == "..") return false;
  for (const char c : id) {
    const bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!word && std::string_view("!-_.*'()").find(c) == std::string_view::npos) return false;
  }
  return true;
}

}  // namespace skald
