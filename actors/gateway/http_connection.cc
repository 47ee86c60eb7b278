// SPDX-License-Identifier: Apache-2.0
#include "actors/gateway/http_connection.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <stdexcept>

#include "actors/gateway/http_response_head.h"
#include "runtime/http/content_coding.h"
#include "runtime/http/form_values.h"
#include "runtime/loki_api/error_body.h"

namespace skald {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;

constexpr std::size_t read_bytes = 64 * 1024;
// A connection that never runs dry must let the others of its thread have a turn.
constexpr int read_rounds_max = 32;
// What a client may send ahead while its request is running. Behind it reading stops, and with it
// the notice of a disconnect, until the request is answered.
constexpr std::size_t read_ahead_bytes_max = 256 * 1024;
// How long a refused client may go on sending before the connection is cut: closing at once would
// reset it, and the client would never see the answer.
constexpr std::chrono::milliseconds drain_timeout{2'000};

// Beast's string_view is its own type or std's, depending on how it was built.
std::string to_std(const auto& text) {
  return {text.data(), text.size()};
}

http_response overloaded_response() {
  return decode_error_response({errc::overloaded, "too many bytes in flight, try again later"});
}

}  // namespace

void connection_exchange::send(http_response&& response) {
  // Posted under the lock: after detach() the server may be gone, so nothing may be posted.
  const std::lock_guard lock(mutex_);
  if (answered_) return;
  answered_ = true;
  callback_ = nullptr;
  if (connection_ == nullptr) return;
  asio::post(connection_->executor(),
             [connection = connection_, from = this, response = std::move(response)]() mutable {
               connection->answer(from, std::move(response));
             });
}

void connection_exchange::on_disconnect(std::function<void()> callback) {
  {
    const std::lock_guard lock(mutex_);
    if (answered_) return;
    if (!gone_) {
      callback_ = std::move(callback);
      return;
    }
  }
  callback();
}

void connection_exchange::client_gone() {
  std::function<void()> callback;
  {
    const std::lock_guard lock(mutex_);
    if (gone_) return;
    gone_ = true;
    callback = std::exchange(callback_, nullptr);
  }
  if (callback) callback();
}

void connection_exchange::detach() {
  std::shared_ptr<http_connection> connection;
  const std::lock_guard lock(mutex_);
  connection.swap(connection_);
}

http_connection::http_connection(asio::ip::tcp::socket socket, http_connection_owner& owner)
    : owner_(owner), socket_(std::move(socket)), timer_(socket_.get_executor()) {}

void http_connection::start() {
  error_code ignored;
  const auto remote = socket_.remote_endpoint(ignored);
  if (!ignored) remote_address_ = remote.address().to_string();
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  set_deadline(owner_.options().idle_timeout);
  read_more();
}

// ---- reading ----

// Waits for bytes without lending a buffer to the kernel: idle connections hold no memory for it,
// and the buffer may be used freely while the wait is pending.
void http_connection::read_more() {
  if (reading_ || input_ended_ || state_ == state::closed) return;
  if (is_answering() && input_.size() >= read_ahead_bytes_max) return;
  reading_ = true;
  socket_.async_wait(
      asio::ip::tcp::socket::wait_read,
      [self = shared_from_this()](error_code failure) { self->on_readable(failure); });
}

void http_connection::on_readable(error_code failure) {
  reading_ = false;
  if (state_ == state::closed) return;
  if (failure) return on_end_of_input(true);
  for (int round = 0; round < read_rounds_max && state_ != state::closed; ++round) {
    if (is_answering() && input_.size() >= read_ahead_bytes_max) break;
    const std::size_t bytes = socket_.read_some(input_.prepare(read_bytes), failure);
    if (failure == asio::error::would_block) break;
    if (failure) return on_end_of_input(failure != asio::error::eof);
    // While draining it is never committed: dropped.
    if (state_ != state::draining) {
      input_.commit(bytes);
      if (!is_answering()) parse();
    }
    if (bytes < read_bytes) break;  // there was no more
  }
  if (input_.size() == 0) input_.shrink_to_fit();
  read_more();
}

void http_connection::on_end_of_input(bool reset) {
  input_ended_ = true;
  if (exchange_ != nullptr) exchange_->client_gone();
  if (reset || !is_answering()) close();
}

void http_connection::parse() {
  while (true) {
    if (state_ == state::idle) {
      if (input_.size() == 0) break;
      parser_.emplace();
      parser_->header_limit(static_cast<std::uint32_t>(owner_.options().header_bytes_max));
      parser_->body_limit(boost::none);
      state_ = state::header;
      set_deadline(owner_.options().header_timeout);
    }
    if (state_ == state::header && !parse_header()) break;
    if (state_ == state::body && !parse_body()) break;
    if (state_ != state::idle) return;
  }
  if (input_ended_) close();
}

// Beast throws for one header field, or trailer, of 64 KiB or more.
std::size_t http_connection::put_input(error_code& failure) {
  try {
    return parser_->put(input_.data(), failure);
  } catch (const std::length_error&) {
    failure = http::error::header_limit;
    return 0;
  }
}

// True when the state has moved on.
bool http_connection::parse_header() {
  error_code failure;
  parser_->eager(false);
  input_.consume(put_input(failure));
  if (failure == http::error::need_more) return false;
  if (failure) {
    const bool too_large = failure == http::error::header_limit;
    refuse(plain_text_response(too_large ? 431 : 400, too_large
                                                          ? "431 Request Header Fields Too Large"
                                                          : "400 Bad Request"));
    return true;
  }
  if (!parser_->is_header_done()) return false;
  return accept_body();
}

// Whether the body may be read is decided on the headers alone. Always moves the state on.
bool http_connection::accept_body() {
  const http_server_options& options = owner_.options();
  const auto& message = parser_->get();
  if (message.count(http::field::transfer_encoding) != 0 && !parser_->chunked()) {
    refuse(plain_text_response(501, "unsupported transfer encoding"));
    return true;
  }
  const auto declared = parser_->content_length();
  const std::size_t body_bytes = declared ? static_cast<std::size_t>(*declared) : 0;
  if (body_bytes > options.body_bytes_max) {
    refuse(body_too_large_response(body_bytes, options.body_bytes_max));
    return true;
  }
  if (options.budget != nullptr && !options.budget->reserve(body_bytes, body_lease_)) {
    refuse(overloaded_response());
    return true;
  }
  state_ = state::body;
  if (body_bytes >= body_pool::body_bytes_min) parser_->get().body() = owner_.bodies().take();
  set_deadline(options.body_timeout);
  parser_->eager(true);
  const auto expect = message[http::field::expect];
  if (!parser_->is_done() && input_.size() == 0 &&
      equal_header_names({expect.data(), expect.size()}, "100-continue")) {
    send_continue();
  }
  return true;
}

// A few bytes into an empty socket buffer: they go out at once or the client does without.
void http_connection::send_continue() {
  static constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  error_code ignored;
  socket_.write_some(asio::buffer(text.data(), text.size()), ignored);
}

bool http_connection::parse_body() {
  const http_server_options& options = owner_.options();
  while (!parser_->is_done() && input_.size() > 0) {
    const std::size_t before = parser_->get().body().size();
    error_code failure;
    const std::size_t used = put_input(failure);
    input_.consume(used);
    if (failure && failure != http::error::need_more) {
      refuse(plain_text_response(400, "400 Bad Request"));
      return true;
    }
    const std::size_t after = parser_->get().body().size();
    if (after > options.body_bytes_max) {
      refuse(body_too_large_response(after, options.body_bytes_max));
      return true;
    }
    if (parser_->chunked() && !body_lease_.grow(after - before)) {
      refuse(overloaded_response());
      return true;
    }
    if (used == 0) break;
  }
  if (!parser_->is_done()) return false;
  dispatch();
  return true;
}

// ---- handling ----

std::optional<http_request> http_connection::take_request() {
  auto message = parser_->release();
  http_request request;
  request.method = to_std(message.method_string());
  request.target = to_std(message.target());
  std::string_view target = request.target;
  if (target.starts_with("http://") || target.starts_with("https://")) {
    const std::size_t path = target.find('/', target.find("//") + 2);
    target = path == std::string_view::npos ? std::string_view("/") : target.substr(path);
  }
  const std::size_t question = target.find('?');
  request.raw_path = target.substr(0, question);
  if (question != std::string_view::npos) request.query = target.substr(question + 1);
  auto path = percent_decode(request.raw_path, false);
  if (!path || request.raw_path.empty()) return {};
  request.path = std::move(path).value();
  for (const auto& field : message) {
    request.headers.emplace_back(to_std(field.name_string()), to_std(field.value()));
  }
  request.body = std::move(message.body());
  request.remote_address = remote_address_;
  return request;
}

void http_connection::dispatch() {
  keep_alive_ = parser_->get().keep_alive();
  http_1_0_ = parser_->get().version() < 11;
  auto request = take_request();
  parser_.reset();
  if (!request) return refuse(plain_text_response(400, "400 Bad Request"));
  head_request_ = request->method == "HEAD";
  accepts_gzip_ = list_accepts(request->header("Accept-Encoding"), "gzip");
  state_ = state::handling;
  clear_deadline();
  exchange_ = std::make_shared<connection_exchange>(shared_from_this());
  if (input_ended_) exchange_->client_gone();
  owner_.request_started();
  request_counted_ = true;
  owner_.handle(std::move(*request), responder(exchange_));
  owner_.bodies().give(std::move(request->body));
}

void http_connection::answer(const connection_exchange* from, http_response&& response) {
  // A late answer to a request of before a close, or of before the connection was reused.
  if (state_ != state::handling || exchange_.get() != from) return;
  exchange_->detach();
  exchange_.reset();
  body_lease_.release();
  const bool keep_alive = keep_alive_ && !finish_asked_ && !owner_.stopping();
  write(std::move(response), keep_alive);
}

// ---- writing ----

// Answers a request that was not taken, and closes. What the client still sends is read and dropped
// for a while.
void http_connection::refuse(http_response response) {
  parser_.reset();
  body_lease_.release();
  head_request_ = false;
  drain_after_write_ = true;
  write(std::move(response), false);
}

void http_connection::write(http_response response, bool keep_alive) {
  const http_server_options& options = owner_.options();
  response_head_options head;
  head.keep_alive = keep_alive;
  head.http_1_0 = http_1_0_;
  head.unix_seconds = std::chrono::duration_cast<std::chrono::seconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  if (response.compressible && options.compress_responses && accepts_gzip_ &&
      response.body.size() >= options.compress_bytes_min) {
    if (std::string packed = gzip_compress(response.body); !packed.empty()) {
      response.body = std::move(packed);
      head.gzip = true;
    }
  }
  output_head_ = render_response_head(response, head);
  output_body_ = head_request_ || response.status == 204 || response.status == 304
                     ? std::string()
                     : std::move(response.body);
  output_written_ = 0;
  close_after_write_ = !keep_alive;
  state_ = state::writing;
  write_more();
}

void http_connection::write_more() {
  set_deadline(owner_.options().write_timeout);
  const std::size_t head_left =
      output_head_.size() - std::min(output_written_, output_head_.size());
  const std::size_t body_at = output_written_ + head_left - output_head_.size();
  const std::array<asio::const_buffer, 2> buffers = {
      asio::buffer(output_head_.data() + output_head_.size() - head_left, head_left),
      asio::buffer(output_body_.data() + body_at, output_body_.size() - body_at)};
  socket_.async_write_some(buffers,
                           [self = shared_from_this()](error_code failure, std::size_t bytes) {
                             self->on_write(failure, bytes);
                           });
}

void http_connection::on_write(error_code failure, std::size_t bytes) {
  if (state_ == state::closed) return;
  if (failure) return close();
  output_written_ += bytes;
  if (output_written_ < output_head_.size() + output_body_.size()) return write_more();
  after_write();
}

void http_connection::after_write() {
  output_body_ = std::string();
  if (std::exchange(request_counted_, false)) owner_.request_ended();
  if (close_after_write_) return drain_after_write_ ? drain() : close();
  state_ = state::idle;
  set_deadline(owner_.options().idle_timeout);
  if (finish_asked_ || owner_.stopping()) return close();
  parse();
  read_more();
}

void http_connection::drain() {
  state_ = state::draining;
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  input_.consume(input_.size());
  if (input_ended_) return close();
  set_deadline(drain_timeout);
  read_more();
}

// ---- time and end ----

void http_connection::set_deadline(std::chrono::milliseconds from_now) {
  const auto deadline = std::chrono::steady_clock::now() + from_now;
  const bool sooner = deadline < deadline_;
  deadline_ = deadline;
  // A pending wait finds a later deadline by itself; only a sooner one must interrupt it.
  if (timer_armed_ && sooner) timer_.cancel();
  if (!timer_armed_) arm_timer();
}

void http_connection::clear_deadline() {
  deadline_ = std::chrono::steady_clock::time_point::max();
}

void http_connection::arm_timer() {
  if (deadline_ == std::chrono::steady_clock::time_point::max()) return;
  timer_armed_ = true;
  timer_.expires_at(deadline_);
  timer_.async_wait([self = shared_from_this()](error_code) {
    self->timer_armed_ = false;
    if (self->state_ != state::closed) self->on_deadline();
  });
}

void http_connection::on_deadline() {
  if (std::chrono::steady_clock::now() < deadline_) return arm_timer();
  if (state_ == state::header || state_ == state::body) {
    return refuse(plain_text_response(408, "408 Request Timeout"));
  }
  close();
}

void http_connection::finish() {
  finish_asked_ = true;
  if (state_ == state::idle) close();
}

void http_connection::close() {
  if (state_ == state::closed) return;
  state_ = state::closed;
  if (exchange_ != nullptr) {
    exchange_->client_gone();
    exchange_->detach();
    exchange_.reset();
  }
  if (std::exchange(request_counted_, false)) owner_.request_ended();
  body_lease_.release();
  timer_.cancel();
  error_code ignored;
  socket_.shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
  owner_.connection_closed(this);
}

}  // namespace skald
