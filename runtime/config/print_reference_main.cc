// SPDX-License-Identifier: Apache-2.0
// Prints docs/configuration.md.
#include <cstdio>

#include "runtime/config/config_reference.h"

int main() {
  std::fputs(skald::config_reference_markdown().c_str(), stdout);
}
