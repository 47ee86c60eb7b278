// SPDX-License-Identifier: Apache-2.0
// One Skald process: makes every part from a node_config, wires them, and takes them down again in
// an order in which nothing acknowledged can be lost. Contains no decisions about data. Context:
// start() and stop() from one thread. Blocks in both.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/base/result.h"
#include "runtime/config/node_config.h"
#include "runtime/limits/limits_snapshot.h"

namespace skald {

class node {
 public:
  explicit node(node_config config);
  // Stops at once what stop() has not stopped.
  ~node();
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  // Opens storage, starts all actors and listens. Replay of the write-ahead log goes on in the
  // background: /ready tells. Errors: what kept a part from starting, with its name.
  result<void> start();
  // The HTTP port. Valid after start().
  std::uint16_t http_port() const;
  // Stops serving, makes everything durable, ends all actors. Returns within
  // graceful_shutdown_timeout plus the ingester's shutdown timeout. Idempotent.
  void stop();
  // A part has ended for good: the process should stop and exit with status 3.
  bool has_failed() const;
  // New limits for all tenants, from the overrides file.
  void set_limits(limits_snapshot_ptr limits);

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace skald
