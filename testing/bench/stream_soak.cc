// SPDX-License-Identifier: Apache-2.0
// Soak of many active streams against a running node: every stream gets one line a second, in
// pushes of a thousand streams, at a steady pace. Samples the server's resident memory each second
// and prints it with the latencies of pushes.
//
//   stream_soak PORT PID STREAMS SECONDS [CONNECTIONS]
//
// Speaks to 127.0.0.1 only. Ends with status 1 when a push failed.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <snappy.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <mutex>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <thread>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;
constexpr int streams_per_push = 1000;

struct options {
  int port = 3100;
  int pid = 0;
  int streams = 100'000;
  int seconds = 600;
  int connections = 2;
};

struct totals {
  std::mutex mutex;
  std::vector<double> latencies_ms;
  std::atomic<std::uint64_t> lines{0};
  std::atomic<std::uint64_t> failures{0};
  std::atomic<bool> done{false};
};

std::string push_body(int first_stream, std::int64_t second) {
  const std::int64_t now_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                  std::chrono::system_clock::now().time_since_epoch())
                                  .count();
  std::string message;
  protozero::pbf_writer push(message);
  for (int s = first_stream; s < first_stream + streams_per_push; ++s) {
    protozero::pbf_writer stream(push, 1);
    stream.add_string(1, "{app=\"soak\", instance=\"" + std::to_string(s % 997) + "\", pod=\"pod-" +
                             std::to_string(s) + "\"}");
    protozero::pbf_writer entry(stream, 2);
    {
      protozero::pbf_writer stamp(entry, 1);
      stamp.add_int64(1, now_ns / 1'000'000'000);
      stamp.add_int32(2, static_cast<std::int32_t>(now_ns % 1'000'000'000));
    }
    entry.add_string(2, "level=info msg=\"request completed\" second=" + std::to_string(second) +
                            " stream=" + std::to_string(s) +
                            " duration=" + std::to_string((s * 7919 + second * 104729) % 100000) +
                            "us status=200 path=/api/v1/items");
  }
  std::string compressed;
  snappy::Compress(message.data(), message.size(), &compressed);
  return compressed;
}

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  return fd;
}

// Sends one push and reads the head of its answer. Returns the status, 0 when the connection broke.
int send_push(int fd, const std::string& body) {
  std::string request =
      "POST /loki/api/v1/push HTTP/1.1\r\nHost: soak\r\nContent-Type: application/x-protobuf\r\n"
      "Content-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  for (std::size_t sent = 0; sent < request.size();) {
    const ssize_t n = ::send(fd, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return 0;
    sent += static_cast<std::size_t>(n);
  }
  std::string answer;
  char buffer[4096];
  while (answer.find("\r\n\r\n") == std::string::npos) {
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n <= 0) return 0;
    answer.append(buffer, static_cast<std::size_t>(n));
  }
  return std::atoi(answer.c_str() + 9);
}

// One connection: its share of the streams, a push every so often, all of them within each second.
void run_connection(const options& o, int number, totals& sum) {
  const int fd = connect_to(o.port);
  const int pushes = o.streams / streams_per_push;
  const auto begin = steady::now();
  for (int second = 0; second < o.seconds; ++second) {
    for (int p = number; p < pushes; p += o.connections) {
      const auto due = begin + std::chrono::seconds(second) +
                       std::chrono::microseconds(1'000'000LL * p / pushes);
      std::this_thread::sleep_until(due);
      const std::string body = push_body(p * streams_per_push, second);
      const auto start = steady::now();
      const int status = send_push(fd, body);
      const double ms = std::chrono::duration<double, std::milli>(steady::now() - start).count();
      if (status == 204) {
        sum.lines += streams_per_push;
      } else {
        ++sum.failures;
        std::fprintf(stderr, "push answered %d\n", status);
        if (status == 0) return;
      }
      const std::lock_guard lock(sum.mutex);
      sum.latencies_ms.push_back(ms);
    }
  }
  ::close(fd);
}

double resident_mib(int pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/status");
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with("VmRSS:")) return std::atof(line.c_str() + 6) / 1024;
  }
  return 0;
}

void sample_memory(const options& o, const totals& sum, double& peak) {
  for (int second = 0; !sum.done; ++second) {
    const double now = resident_mib(o.pid);
    peak = std::max(peak, now);
    if (second % 30 == 0) {
      std::printf("%4d s: resident %.0f MiB, %llu lines\n", second, now,
                  static_cast<unsigned long long>(sum.lines.load()));
      std::fflush(stdout);
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) {
    std::fprintf(stderr, "usage: stream_soak PORT PID STREAMS SECONDS [CONNECTIONS]\n");
    return 2;
  }
  options o{std::atoi(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]),
            argc > 5 ? std::atoi(argv[5]) : 2};
  totals sum;
  double peak = 0;
  std::thread sampler([&] { sample_memory(o, sum, peak); });
  std::vector<std::thread> connections;
  for (int c = 0; c < o.connections; ++c)
    connections.emplace_back([&, c] { run_connection(o, c, sum); });
  for (auto& c : connections) c.join();
  sum.done = true;
  sampler.join();
  std::sort(sum.latencies_ms.begin(), sum.latencies_ms.end());
  const auto at = [&](double q) {
    return sum.latencies_ms.empty()
               ? 0.0
               : sum.latencies_ms[static_cast<std::size_t>(q * (sum.latencies_ms.size() - 1))];
  };
  std::printf(
      "streams %d, lines %llu, failures %llu; push ms p50 %.1f p99 %.1f max %.1f; peak resident "
      "%.0f MiB\n",
      o.streams, static_cast<unsigned long long>(sum.lines.load()),
      static_cast<unsigned long long>(sum.failures.load()), at(0.5), at(0.99), at(1.0), peak);
  return sum.failures.load() == 0 ? 0 : 1;
}
