// SPDX-License-Identifier: Apache-2.0
// Ends the process when an orderly stop takes too long: the only guarantee against a system call
// that hangs. Everything acknowledged is durable long before.
#pragma once

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "runtime/base/log.h"

namespace skald {

// Armed by construction, disarmed by destruction.
class shutdown_watchdog {
 public:
  explicit shutdown_watchdog(std::chrono::nanoseconds timeout)
      : thread_([this, timeout] {
          std::unique_lock lock(mutex_);
          if (disarm_.wait_for(lock, timeout, [this] { return disarmed_; })) return;
          log_error("node", "the stop took too long, exiting");
          ::_exit(0);
        }) {}
  ~shutdown_watchdog() {
    {
      const std::lock_guard lock(mutex_);
      disarmed_ = true;
    }
    disarm_.notify_all();
    thread_.join();
  }
  shutdown_watchdog(const shutdown_watchdog&) = delete;
  shutdown_watchdog& operator=(const shutdown_watchdog&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable disarm_;
  bool disarmed_ = false;
  std::thread thread_;
};

}  // namespace skald
