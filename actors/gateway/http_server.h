// SPDX-License-Identifier: Apache-2.0
// The HTTP/1.1 listener: sockets, keep-alive, pipelining, time and size limits. It turns bytes into
// http_request values and calls one handler (usually route_table::serve). No CAF here. Context:
// start() and stop() from the owner's thread; the handler runs on the server's own io threads.
// Lifetime: the handler is kept until destruction. Destruction stops at once when stop() was not
// called.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "runtime/base/result.h"
#include "runtime/http/byte_budget.h"
#include "runtime/http/responder.h"

namespace skald {

struct http_server_options {
  // Where to listen; port 0 takes a free one (see http_server::port).
  std::string address = "0.0.0.0";
  std::uint16_t port = 3100;
  // Threads that serve sockets and decode bodies. 0: half the cores, at least one.
  unsigned io_threads = 0;
  // More connections wait in the kernel's backlog.
  std::size_t connections_max = 10'000;
  // Queries travel in the request line: as much as Go's server takes.
  std::size_t header_bytes_max = 1024 * 1024 + 4096;
  // 413 above, on the declared length or while a chunked body grows. Loki:
  // distributor.max_recv_msg_size.
  std::size_t body_bytes_max = 100 * 1024 * 1024;
  // Bodies of all running requests together; 503 with Retry-After above. Checked on the declared
  // length before the body is read. Null: unlimited. May be
  // shared with the body decoders.
  std::shared_ptr<byte_budget> budget;
  std::chrono::milliseconds idle_timeout{
      120'000};  // between requests (server.http_server_idle_timeout)
  std::chrono::milliseconds header_timeout{
      10'000};                                      // from the first byte to the end of the headers
  std::chrono::milliseconds body_timeout{30'000};   // whole body (server.http_server_read_timeout)
  std::chrono::milliseconds write_timeout{30'000};  // without progress while an answer is written
  // How long stop() lets running requests end before it closes their connections.
  std::chrono::milliseconds shutdown_grace{30'000};
  bool compress_responses = true;
  std::size_t compress_bytes_min = 1024;  // smaller bodies stay plain
};

class http_server {
 public:
  http_server(http_server_options options, http_handler handler);
  ~http_server();
  http_server(const http_server&) = delete;
  http_server& operator=(const http_server&) = delete;

  // Binds, listens, and returns with the threads running. Errors: unavailable with the system's
  // reason.
  result<void> start();
  // The port bound. Valid after start().
  std::uint16_t port() const;
  // Stops accepting, closes idle connections, waits until running requests are answered or
  // shutdown_grace has passed, then closes what is left and joins the threads. Blocks; bounded;
  // idempotent. Responders may outlive it.
  void stop();

  std::size_t open_connections() const;
  std::size_t running_requests() const;

 private:
  class implementation;
  std::unique_ptr<implementation> implementation_;
};

}  // namespace skald
