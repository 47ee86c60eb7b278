// SPDX-License-Identifier: Apache-2.0
// The limits of all tenants at one moment: defaults and complete per-tenant values. Immutable,
// shared; a reload makes a new one. Readers keep the pointer for one request, so that a request
// sees one set of limits.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/limits/tenant_limits.h"

namespace skald {

class limits_snapshot {
 public:
  using override_map = std::map<std::string, tenant_limits, std::less<>>;

  limits_snapshot() = default;
  // `overrides` are complete values: the defaults with the tenant's own keys applied
  // (runtime/config does that).
  explicit limits_snapshot(tenant_limits defaults, override_map overrides = {})
      : defaults_(std::move(defaults)), overrides_(std::move(overrides)) {}

  // Lives as long as the snapshot. O(log overrides).
  const tenant_limits& for_tenant(std::string_view tenant) const {
    const auto it = overrides_.find(tenant);
    return it == overrides_.end() ? defaults_ : it->second;
  }
  const tenant_limits& defaults() const { return defaults_; }
  const override_map& overrides() const { return overrides_; }

 private:
  tenant_limits defaults_;
  override_map overrides_;
};

using limits_snapshot_ptr = std::shared_ptr<const limits_snapshot>;

// Where the current snapshot is found. Safe from any thread; never empty.
class limits_source {
 public:
  explicit limits_source(limits_snapshot_ptr initial) : current_(std::move(initial)) {}
  limits_snapshot_ptr get() const { return current_.load(std::memory_order_acquire); }
  void set(limits_snapshot_ptr next) { current_.store(std::move(next), std::memory_order_release); }

 private:
  std::atomic<limits_snapshot_ptr> current_;
};

}  // namespace skald
