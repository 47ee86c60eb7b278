// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <ctime>
#include <memory>

#include "runtime/metrics/metric_registry.h"

namespace skald {
namespace {

constexpr metric_definition cpu_seconds{"process_cpu_seconds_total",
                                        "User and system CPU time of the process."};
constexpr metric_definition resident_bytes{"process_resident_memory_bytes",
                                           "Resident memory of the process."};
constexpr metric_definition open_fds{"process_open_fds", "Open file descriptors."};
constexpr metric_definition start_time{"process_start_time_seconds",
                                       "Start of the process, Unix time."};

double read_cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double read_resident_bytes() {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen("/proc/self/statm", "r"), std::fclose);
  unsigned long total = 0;
  unsigned long resident = 0;
  if (!file || std::fscanf(file.get(), "%lu %lu", &total, &resident) != 2) return 0;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double count_open_fds() {
  std::unique_ptr<DIR, int (*)(DIR*)> dir(opendir("/proc/self/fd"), closedir);
  if (!dir) return 0;
  double count = 0;
  while (readdir(dir.get()) != nullptr) ++count;
  return count - 3;  // ".", ".." and the directory itself
}

}  // namespace

void register_process_metrics(metric_registry& registry, std::string_view version) {
  registry.get_gauge(metric_names::build_info, {{"version", std::string(version)}}).set(1);
  registry.get_gauge(start_time).set(static_cast<double>(std::time(nullptr)));
  const counter cpu = registry.get_counter(cpu_seconds);
  const gauge resident = registry.get_gauge(resident_bytes);
  const gauge fds = registry.get_gauge(open_fds);
  registry.before_render([cpu, resident, fds] {
    const double grown = read_cpu_seconds() - cpu.value();
    if (grown > 0) cpu.add(grown);
    resident.set(read_resident_bytes());
    fds.set(count_open_fds());
  });
}

}  // namespace skald
