// SPDX-License-Identifier: Apache-2.0
// skald: one binary for every role. Reads flags and configuration, runs one node until SIGTERM or
// SIGINT. Exit status: 0 after an orderly stop, 1 for a bad configuration or a failed start, 2 for
// bad flags, 3 when a part of the node has ended for good.
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>

#include <cstdio>
#include <string>
#include <vector>

#include "runtime/base/log.h"
#include "runtime/config/command_line.h"
#include "runtime/config/config_loader.h"
#include "runtime/config/runtime_overrides.h"
#include "runtime/config/targets.h"
#include "runtime/node/node.h"
#include "runtime/node/version.h"

// Read by jemalloc before main. Few arenas, and freed memory goes back after seconds, also when
// nothing is allocated any more: rows move between threads, and every thread's own arena would keep
// its high-water mark (docs/adr/0009-memory.md). The environment's MALLOC_CONF goes before it.
extern "C" {
extern const char* malloc_conf;
const char* malloc_conf = "narenas:4,dirty_decay_ms:2000,muzzy_decay_ms:0,background_thread:true";
}

namespace skald {
namespace {

// Blocks the signals that stop the process in all threads, so that main can wait for them.
sigset_t block_stop_signals() {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  sigaddset(&stop, SIGINT);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  return stop;
}

// Connections, packs and index files share the process's descriptors: take as many as the system
// allows.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    log_warn("node", "the limit of open files stays low", {{"limit", limit.rlim_cur}});
  }
}

// What flags alone ask for, or -1 to go on.
int answer_flags(const command_line& flags) {
  if (flags.help) {
    std::fputs(flag_help().c_str(), stdout);
    return 0;
  }
  if (flags.version) {
    std::fputs(version_text(version, branch, revision).c_str(), stdout);
    return 0;
  }
  if (flags.list_targets) {
    std::fputs(list_targets().c_str(), stdout);
    return 0;
  }
  return -1;
}

void apply_logging(const node_config& config) {
  if (const auto level = parse_log_level(config.server.log_level); level.ok())
    set_log_level(*level);
  if (const auto format = parse_log_format(config.server.log_format); format.ok())
    set_log_format(*format);
}

void log_warnings(const overrides_watcher& watcher) {
  for (const std::string& warning : watcher.warnings()) log_warn("runtime_config", warning);
}

// Re-reads the overrides file while the node runs.
void poll_overrides(overrides_watcher& watcher, node& running) {
  auto next = watcher.poll();
  if (!next.ok()) {
    log_error("runtime_config", "overrides not loaded, the former ones stay",
              {log_field(next.error())});
  } else if (*next != nullptr) {
    running.set_limits(*next);
    log_info("runtime_config", "overrides loaded");
    log_warnings(watcher);
  }
}

// Returns the process's exit status.
int run_until_stopped(const loaded_config& loaded, const sigset_t& stop_signals) {
  overrides_watcher watcher(loaded.config.runtime_config, loaded.config.limits);
  auto limits = watcher.poll();
  if (!limits.ok()) {
    log_error("runtime_config", "failed to load the overrides file", {log_field(limits.error())});
    return 1;
  }
  log_warnings(watcher);
  node running(loaded.config);
  if (*limits != nullptr) running.set_limits(*limits);
  if (auto started = running.start(); !started.ok()) {
    log_error("node", "failed to start", {log_field(started.error())});
    return 1;
  }
  log_info("node", "skald started", {{"version", version}, {"http_port", running.http_port()}});
  auto next_poll = std::chrono::steady_clock::now() + watcher.period();
  while (!running.has_failed()) {
    const timespec wait{0, 500'000'000};
    const int signal_number = sigtimedwait(&stop_signals, nullptr, &wait);
    if (signal_number > 0) {
      log_info("node", "stopping", {{"signal", signal_number == SIGTERM ? "SIGTERM" : "SIGINT"}});
      running.stop();
      log_info("node", "stopped");
      return 0;
    }
    if (watcher.has_files() && std::chrono::steady_clock::now() >= next_poll) {
      poll_overrides(watcher, running);
      next_poll = std::chrono::steady_clock::now() + watcher.period();
    }
  }
  log_error("node", "a part of the node has ended for good, stopping");
  running.stop();
  return 3;
}

int run(const std::vector<std::string>& arguments) {
  const auto flags = parse_command_line(arguments);
  if (!flags.ok()) {
    std::fprintf(stderr, "%s\n%s\n", flags.error().message.c_str(),
                 std::string(flag_help_hint()).c_str());
    return 2;
  }
  if (const int status = answer_flags(*flags); status >= 0) return status;
  const auto loaded = load_config(*flags);
  if (!loaded.ok()) {
    std::fprintf(stderr, "%s\n", loaded.error().message.c_str());
    return 1;
  }
  apply_logging(loaded->config);
  for (const std::string& warning : loaded->warnings) log_warn("config", warning);
  if (flags->print_config_stderr) std::fputs(dump_config(loaded->config).c_str(), stderr);
  if (flags->verify_config) {
    log_info("config", "config is valid");
    return 0;
  }
  raise_descriptor_limit();
  const sigset_t stop_signals = block_stop_signals();
  return run_until_stopped(*loaded, stop_signals);
}

}  // namespace
}  // namespace skald

int main(int argc, char** argv) {
  return skald::run(std::vector<std::string>(argv + 1, argv + argc));
}
