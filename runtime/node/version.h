// SPDX-License-Identifier: Apache-2.0
// What -version, buildinfo and metrics say of this build.
#pragma once

namespace skald {

inline constexpr const char* version = "0.1.0";
inline constexpr const char* branch = "main";
inline constexpr const char* revision = "unknown";

}  // namespace skald
