// SPDX-License-Identifier: Apache-2.0
// SKALD_ASSERT checks what only a bug of ours can break. It is on in every build: a process that
// has lost an invariant stops before it writes anything wrong.
#pragma once

namespace skald {

// Prints the failed condition to standard error and aborts.
[[noreturn]] void assertion_failed(const char* condition, const char* file, int line);

}  // namespace skald

#define SKALD_ASSERT(condition)                                  \
  do {                                                           \
    if (!(condition)) [[unlikely]]                               \
      ::skald::assertion_failed(#condition, __FILE__, __LINE__); \
  } while (false)
