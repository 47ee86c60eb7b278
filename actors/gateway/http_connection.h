// SPDX-License-Identifier: Apache-2.0
// One client connection of http_server: reads requests, hands them to the handler one after
// another, writes the answers in order. Internal to http_server. Includes Beast: for http_server.cc
// and http_connection.cc only. Context: every member but the constructor runs on the connection's
// strand. Lifetime: owned by its pending operations.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "actors/gateway/http_server.h"
#include "actors/gateway/request_body.h"

namespace skald {

class http_connection;

// What a connection needs of its server. Safe from any thread; outlives all connections.
class http_connection_owner {
 public:
  virtual ~http_connection_owner() = default;
  virtual const http_server_options& options() const = 0;
  virtual body_pool& bodies() = 0;
  // What of the request is left when it returns is the caller's.
  virtual void handle(http_request&& request, responder&& answer) = 0;
  virtual bool stopping() const = 0;
  virtual void request_started() = 0;
  virtual void request_ended() = 0;
  virtual void connection_closed(http_connection* connection) = 0;
};

// The answering side of one request: lets any thread answer, and forgets the connection once it is
// closed.
class connection_exchange final : public http_exchange {
 public:
  explicit connection_exchange(std::shared_ptr<http_connection> connection)
      : connection_(std::move(connection)) {}

  void send(http_response&& response) override;
  void on_disconnect(std::function<void()> callback) override;
  // The client has closed its side: runs the callback once.
  void client_gone();
  // The connection is closed: answers go nowhere from here on.
  void detach();

 private:
  std::mutex mutex_;
  std::shared_ptr<http_connection> connection_;
  std::function<void()> callback_;
  bool answered_ = false;
  bool gone_ = false;
};

class http_connection : public std::enable_shared_from_this<http_connection> {
 public:
  http_connection(boost::asio::ip::tcp::socket socket, http_connection_owner& owner);

  boost::asio::any_io_executor executor() { return socket_.get_executor(); }
  void start();
  // Answers the running request. Called by its exchange, on the strand.
  void answer(const connection_exchange* from, http_response&& response);
  // Closes now when no request is on its way, else after the running one.
  void finish();
  void close();

 private:
  enum class state { idle, header, body, handling, writing, draining, closed };
  using parser_type = boost::beast::http::request_parser<appended_body>;

  // A request is running or being answered: input is only kept, to be parsed afterwards.
  bool is_answering() const { return state_ == state::handling || state_ == state::writing; }
  void read_more();
  void on_readable(boost::system::error_code failure);
  void on_end_of_input(bool reset);
  void parse();
  std::size_t put_input(boost::system::error_code& failure);
  bool parse_header();
  bool parse_body();
  bool accept_body();
  void send_continue();
  void dispatch();
  std::optional<http_request> take_request();
  void refuse(http_response response);
  void write(http_response response, bool keep_alive);
  void write_more();
  void on_write(boost::system::error_code failure, std::size_t bytes);
  void after_write();
  void drain();
  void set_deadline(std::chrono::milliseconds from_now);
  void clear_deadline();
  void arm_timer();
  void on_deadline();

  http_connection_owner& owner_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
  std::string remote_address_;

  state state_ = state::idle;
  bool reading_ = false;       // a read is pending
  bool timer_armed_ = false;   // a timer wait is pending
  bool input_ended_ = false;   // the client has closed its side
  bool finish_asked_ = false;  // close after the running request
  boost::beast::flat_buffer input_;
  std::optional<parser_type> parser_;
  byte_lease body_lease_;

  std::shared_ptr<connection_exchange> exchange_;  // of the running request
  bool request_counted_ = false;
  // Of the running request, needed to write its answer.
  bool keep_alive_ = false;
  bool head_request_ = false;
  bool http_1_0_ = false;
  bool accepts_gzip_ = false;

  std::string output_head_;
  std::string output_body_;
  std::size_t output_written_ = 0;
  bool close_after_write_ = false;
  bool drain_after_write_ = false;
};

}  // namespace skald
