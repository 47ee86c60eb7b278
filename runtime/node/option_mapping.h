// SPDX-License-Identifier: Apache-2.0
// From Loki's configuration to the options of Skald's modules. Pure.
#pragma once

#include <cstdint>

#include "actors/distributor/distributor_options.h"
#include "actors/gateway/http_server.h"
#include "actors/ingester/ingester_options.h"
#include "actors/querier/querier_options.h"
#include "runtime/config/node_config.h"

namespace skald {

// What the machine offers.
struct machine_size {
  unsigned cores = 1;
  std::uint64_t memory_bytes = 0;
};

http_server_options http_options_of(const node_config& config, const machine_size& machine);
ingester_options ingester_options_of(const node_config& config, const machine_size& machine,
                                     std::uint64_t incarnation);
querier_options querier_options_of(const node_config& config, const machine_size& machine);
// Of one query.
std::uint64_t query_memory_bytes_of(const node_config& config, const machine_size& machine);
distributor_options distributor_options_of(const node_config& config);

}  // namespace skald
