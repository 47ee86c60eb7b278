// SPDX-License-Identifier: Apache-2.0
#include "actors/gateway/http_server.h"

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/strand.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "actors/gateway/http_connection.h"

namespace skald {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// After a failed accept (mostly: no file descriptor left) trying again at once would only burn the
// processor.
constexpr std::chrono::milliseconds accept_pause{100};

unsigned thread_count(const http_server_options& options) {
  if (options.io_threads != 0) return options.io_threads;
  return std::max(1u, std::thread::hardware_concurrency() / 2);
}

}  // namespace

class http_server::implementation final : public http_connection_owner {
 public:
  implementation(http_server_options options, http_handler handler)
      : options_(std::move(options)),
        handler_(std::move(handler)),
        io_(static_cast<int>(thread_count(options_))),
        work_(io_.get_executor()),
        accept_strand_(asio::make_strand(io_)),
        acceptor_(accept_strand_),
        accept_timer_(accept_strand_) {}

  ~implementation() override { stop(std::chrono::milliseconds(0)); }

  result<void> start();
  void stop(std::chrono::milliseconds grace);
  std::uint16_t port() const { return port_; }
  std::size_t open_connections() const {
    const std::lock_guard lock(mutex_);
    return connections_.size();
  }
  std::size_t running_requests() const { return running_requests_.load(); }

  const http_server_options& options() const override { return options_; }
  body_pool& bodies() override { return bodies_; }
  void handle(http_request&& request, responder&& answer) override;
  bool stopping() const override { return stopping_.load(); }
  void request_started() override { ++running_requests_; }
  void request_ended() override { --running_requests_; }
  void connection_closed(http_connection* connection) override;

 private:
  result<void> listen();
  void accept();
  void on_accept(error_code failure, tcp::socket socket);
  void close_acceptor();
  void ask_all(void (http_connection::*what)());

  const http_server_options options_;
  const http_handler handler_;
  body_pool bodies_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::strand<asio::io_context::executor_type> accept_strand_;
  tcp::acceptor acceptor_;
  asio::steady_timer accept_timer_;
  bool accepting_ = false;  // on accept_strand_
  std::uint16_t port_ = 0;
  std::vector<std::thread> threads_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::size_t> running_requests_{0};
  mutable std::mutex mutex_;
  std::condition_variable all_closed_;
  std::unordered_map<http_connection*, std::weak_ptr<http_connection>> connections_;
};

result<void> http_server::implementation::listen() {
  error_code failure;
  const auto address = asio::ip::make_address(options_.address, failure);
  const auto step = [&](auto action) {
    if (!failure) action();
  };
  const tcp::endpoint endpoint(address, options_.port);
  step([&] { acceptor_.open(endpoint.protocol(), failure); });
  step([&] { acceptor_.set_option(tcp::acceptor::reuse_address(true), failure); });
  step([&] { acceptor_.bind(endpoint, failure); });
  step([&] { acceptor_.listen(asio::socket_base::max_listen_connections, failure); });
  step([&] { port_ = acceptor_.local_endpoint(failure).port(); });
  if (!failure) return {};
  return error{errc::unavailable, "cannot listen on " + options_.address + ":" +
                                      std::to_string(options_.port) + ": " + failure.message()};
}

result<void> http_server::implementation::start() {
  SKALD_TRY(listen());
  asio::post(accept_strand_, [this] { accept(); });
  for (unsigned i = 0; i < thread_count(options_); ++i) {
    threads_.emplace_back([this] { io_.run(); });
  }
  return {};
}

void http_server::implementation::handle(http_request&& request, responder&& answer) {
  // A handler that throws drops its responder, which answers 500.
  try {
    handler_(std::move(request), std::move(answer));
  } catch (const std::exception&) {
  }
}

void http_server::implementation::accept() {
  if (accepting_ || stopping_ || open_connections() >= options_.connections_max) return;
  accepting_ = true;
  acceptor_.async_accept(asio::make_strand(io_), [this](error_code failure, tcp::socket socket) {
    on_accept(failure, std::move(socket));
  });
}

void http_server::implementation::on_accept(error_code failure, tcp::socket socket) {
  accepting_ = false;
  if (stopping_) return;
  if (failure) {
    accept_timer_.expires_after(accept_pause);
    accept_timer_.async_wait([this](error_code) { accept(); });
    return;
  }
  auto connection = std::make_shared<http_connection>(std::move(socket), *this);
  {
    const std::lock_guard lock(mutex_);
    connections_.emplace(connection.get(), connection);
  }
  const auto executor = connection->executor();
  asio::post(executor, [this, connection = std::move(connection)] {
    // stop() may have asked the connections before this one was registered.
    if (stopping_) return connection->close();
    connection->start();
  });
  accept();
}

void http_server::implementation::connection_closed(http_connection* connection) {
  {
    const std::lock_guard lock(mutex_);
    connections_.erase(connection);
    if (connections_.empty()) all_closed_.notify_all();
  }
  asio::post(accept_strand_, [this] { accept(); });
}

void http_server::implementation::close_acceptor() {
  asio::post(accept_strand_, [this] {
    error_code ignored;
    acceptor_.close(ignored);
    accept_timer_.cancel();
  });
}

void http_server::implementation::ask_all(void (http_connection::*what)()) {
  std::vector<std::shared_ptr<http_connection>> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, weak] : connections_) {
      if (auto connection = weak.lock()) all.push_back(std::move(connection));
    }
  }
  for (auto& connection : all) {
    const auto executor = connection->executor();
    asio::post(executor, [connection = std::move(connection), what] { ((*connection).*what)(); });
  }
}

void http_server::implementation::stop(std::chrono::milliseconds grace) {
  if (stopping_.exchange(true)) return;
  if (threads_.empty()) return;
  close_acceptor();
  ask_all(&http_connection::finish);
  {
    std::unique_lock lock(mutex_);
    all_closed_.wait_for(lock, grace, [this] { return connections_.empty(); });
  }
  ask_all(&http_connection::close);
  work_.reset();
  // Every connection is closed or about to be, so the threads run out of work.
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

http_server::http_server(http_server_options options, http_handler handler)
    : implementation_(std::make_unique<implementation>(std::move(options), std::move(handler))) {}
http_server::~http_server() = default;

result<void> http_server::start() {
  return implementation_->start();
}
std::uint16_t http_server::port() const {
  return implementation_->port();
}
void http_server::stop() {
  implementation_->stop(implementation_->options().shutdown_grace);
}
std::size_t http_server::open_connections() const {
  return implementation_->open_connections();
}
std::size_t http_server::running_requests() const {
  return implementation_->running_requests();
}

}  // namespace skald
