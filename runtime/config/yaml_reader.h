// SPDX-License-Identifier: Apache-2.0
// Walks a YAML document along the key table and fills a draft. The only place, with config_value
// and limit_values, that sees yaml-cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/keys/config_keys.h"

namespace skald {

struct yaml_findings {
  // Known keys without effect, once each: "table_manager: the compactor applies retention: ...";
  // and values that do less than they seem to.
  std::vector<std::string> warnings;
};

// Errors: invalid_argument. Syntax errors as `yaml: line 3: ...`; unknown keys and wrong types, all
// of them, as `yaml: construct errors: line 2: field x not found in type loki.ConfigWrapper; line
// 5: ...`.
result<yaml_findings> read_yaml(std::string_view text, config_draft& draft);

// Reads `overrides:` of an overrides file: calls `apply` per tenant with a draft whose limits are
// those that the tenant has so far. Unknown keys are ignored. Errors as above.
struct override_sink {
  virtual ~override_sink() = default;
  virtual tenant_limits limits_of(const std::string& tenant) = 0;
  virtual void set_limits(const std::string& tenant, tenant_limits limits) = 0;
  virtual void warn(const std::string& tenant, const std::string& about) = 0;
};
result<void> read_overrides_yaml(std::string_view text, override_sink& sink);

}  // namespace skald
