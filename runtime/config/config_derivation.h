// SPDX-License-Identifier: Apache-2.0
// What follows from the given values: paths below path_prefix, the object store among several ways
// to name it, older places of keys; and the checks of the whole. Pure.
#pragma once

#include <string>
#include <vector>

#include "runtime/base/result.h"
#include "runtime/config/keys/config_keys.h"

namespace skald {

// Fills the draft's config; adds to `warnings`.
// Errors: invalid_argument with all problems, one `CONFIG ERROR: ...` line each under Loki's
// headline when there are several.
result<void> derive_config(config_draft& draft, std::vector<std::string>& warnings);

// What is wrong with the effective values, all of it.
std::vector<std::string> validate_config(const node_config& config);

// Splits s3://key:secret@endpoint/bucket, s3://region/bucket and s3://endpoint/bucket into fields
// that are still empty. Errors: invalid_argument.
result<void> apply_s3_url(s3_config& s3);

// The settings of a node that no file describes: a single one with its data under `folder`, without
// authentication.
void apply_single_node_defaults(node_config& config, const std::string& folder);

}  // namespace skald
