// SPDX-License-Identifier: Apache-2.0
#include "actors/gateway/http_server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "runtime/http/content_coding.h"

namespace skald {
namespace {

using std::chrono::milliseconds;

// A hang that the server should not have fails a test after so long.
constexpr std::chrono::seconds patience_max{30};

// A blocking client over one connection.
class raw_client {
 public:
  explicit raw_client(std::uint16_t port) {
    socket_ = ::socket(AF_INET, SOCK_STREAM, 0);
    const timeval patience{patience_max.count(), 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }
  ~raw_client() { close(); }

  bool connected() const { return connected_; }
  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void half_close() { ::shutdown(socket_, SHUT_WR); }
  void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }
  // Resets the connection instead of closing it in order.
  void reset() {
    const linger now{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  // One response: head and body by Content-Length. Empty at the end of input.
  std::string read_response() {
    while (input_.find("\r\n\r\n") == std::string::npos) {
      if (!fill()) return std::exchange(input_, {});
    }
    const std::size_t head = input_.find("\r\n\r\n") + 4;
    const std::size_t length_at = input_.find("Content-Length: ");
    std::size_t body = 0;
    if (length_at < head) body = std::stoul(input_.substr(length_at + 16));
    if (input_.starts_with("HTTP/1.1 1")) body = 0;
    while (input_.size() < head + body) {
      if (!fill()) break;
    }
    std::string response = input_.substr(0, head + body);
    input_.erase(0, head + body);
    return response;
  }
  // Whether the server has closed, with nothing left to read.
  bool at_end() { return input_.empty() && !fill(); }

 private:
  bool fill() {
    char chunk[65536];
    const ssize_t got = ::recv(socket_, chunk, sizeof chunk, 0);
    if (got <= 0) return false;
    input_.append(chunk, static_cast<std::size_t>(got));
    return true;
  }
  int socket_ = -1;
  bool connected_ = false;
  std::string input_;
};

// Collects requests whose answers a test wants to give later.
class pending_requests {
 public:
  void add(http_request&& request, responder&& answer) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({std::move(request), std::move(answer)});
    arrived_.notify_all();
  }
  std::pair<http_request, responder> take() {
    std::unique_lock lock(mutex_);
    const bool there = arrived_.wait_for(lock, patience_max, [this] { return !waiting_.empty(); });
    if (!there) return {};
    auto first = std::move(waiting_.front());
    waiting_.pop_front();
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<std::pair<http_request, responder>> waiting_;
};

http_response text(std::string body) {
  http_response response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

// Echoes method, path, query and the body's length; "/wait" is left to the test; "/big" is
// compressible.
class HttpServer : public ::testing::Test {
 protected:
  void start(http_server_options options = {}) {
    options.address = "127.0.0.1";
    options.port = 0;
    if (options.io_threads == 0) options.io_threads = 2;
    server_ = std::make_unique<http_server>(std::move(options),
                                            [this](http_request&& request, responder&& answer) {
                                              handle(std::move(request), std::move(answer));
                                            });
    const auto started = server_->start();
    ASSERT_TRUE(started.ok()) << started.error().message;
  }
  void handle(http_request&& request, responder&& answer) {
    if (request.path == "/wait") return pending_.add(std::move(request), std::move(answer));
    if (request.path == "/drop") return;
    if (request.path == "/throw") throw std::runtime_error("oops");
    if (request.path == "/big") {
      http_response response = text(std::string(100'000, 'x'));
      response.compressible = true;
      return answer.send(std::move(response));
    }
    if (request.path == "/none") return answer.send(empty_response(204));
    answer.send(text(request.method + " " + request.path + " " + request.query + " " +
                     std::to_string(request.body.size())));
  }
  raw_client client() { return raw_client(server_->port()); }

  pending_requests pending_;
  std::unique_ptr<http_server> server_;
};

bool ends_with(const std::string& response, std::string_view body) {
  return response.ends_with(std::string("\r\n\r\n") + std::string(body));
}

TEST_F(HttpServer, AnswersRequestsOfOneConnectionInTurn) {
  start();
  raw_client c = client();
  c.send("GET /a%20b?x=1 HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string first = c.read_response();
  EXPECT_TRUE(first.starts_with("HTTP/1.1 200 OK\r\n")) << first;
  EXPECT_TRUE(ends_with(first, "GET /a b x=1 0")) << first;
  EXPECT_NE(first.find("\r\nDate: "), std::string::npos);
  c.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_TRUE(ends_with(c.read_response(), "POST /p  5"));
  EXPECT_EQ(server_->open_connections(), 1u);
}

TEST_F(HttpServer, SendsNoContentLengthWithNoContent) {
  start();
  raw_client c = client();
  c.send("GET /none HTTP/1.1\r\nHost: h\r\n\r\n");
  const std::string response = c.read_response();
  EXPECT_TRUE(response.starts_with("HTTP/1.1 204 No Content\r\n"));
  EXPECT_EQ(response.find("Content-"), std::string::npos) << response;
}

TEST_F(HttpServer, ClosesWhenTheClientAsksForIt) {
  start();
  raw_client c = client();
  c.send("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_NE(c.read_response().find("Connection: close"), std::string::npos);
  EXPECT_TRUE(c.at_end());
  raw_client old = client();
  old.send("GET / HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(ends_with(old.read_response(), "GET /  0"));
  EXPECT_TRUE(old.at_end());
}

TEST_F(HttpServer, AnswersPipelinedRequestsInOrder) {
  start();
  raw_client c = client();
  c.send(
      "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n"
      "POST /second HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"
      "GET /third HTTP/1.1\r\nHost: h\r\n\r\n");
  auto [request, answer] = pending_.take();
  ASSERT_EQ(request.path, "/wait");
  answer.send(text("first"));
  EXPECT_TRUE(ends_with(c.read_response(), "first"));
  EXPECT_TRUE(ends_with(c.read_response(), "POST /second  3"));
  EXPECT_TRUE(ends_with(c.read_response(), "GET /third  0"));
}

TEST_F(HttpServer, TakesPipelinedInputBeyondTheReadAheadLimit) {
  start();
  raw_client c = client();
  const std::string body(2'000'000, 'b');
  std::thread sender([&] {
    c.send(
        "GET /wait HTTP/1.1\r\nHost: h\r\n\r\nPOST /large HTTP/1.1\r\nHost: h\r\nContent-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
  });
  auto [request, answer] = pending_.take();
  answer.send(text("first"));
  EXPECT_TRUE(ends_with(c.read_response(), "first"));
  EXPECT_TRUE(ends_with(c.read_response(), "POST /large  2000000"));
  sender.join();
}

TEST_F(HttpServer, ReadsByteByByteAndChunkedBodies) {
  start();
  raw_client c = client();
  for (const char byte :
       std::string("POST /slow HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nok")) {
    c.send(std::string_view(&byte, 1));
  }
  EXPECT_TRUE(ends_with(c.read_response(), "POST /slow  2"));
  c.send("POST /chunks HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  c.send("4;x=y\r\ndefg\r\n0\r\n\r\n");
  EXPECT_TRUE(ends_with(c.read_response(), "POST /chunks  7"));
}

TEST_F(HttpServer, SendsContinueBeforeABodyThatWaitsForIt) {
  start();
  raw_client c = client();
  c.send("POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_TRUE(c.read_response().starts_with("HTTP/1.1 100 "));
  c.send("hi");
  EXPECT_TRUE(ends_with(c.read_response(), "POST /p  2"));
}

TEST_F(HttpServer, RefusesBadRequests) {
  struct bad_request {
    std::string bytes;
    std::string status;
  };
  http_server_options options;
  options.header_bytes_max = 1000;
  options.body_bytes_max = 100;
  start(options);
  const bad_request cases[] = {
      {"nonsense\r\n\r\n", "400"},
      {"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nX: " + std::string(2000, 'x') + "\r\n\r\n", "431"},
      {"POST / HTTP/1.1\r\nContent-Length: 101\r\n\r\n", "413"},
      {"POST / HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "400"},
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n80\r\n" + std::string(128, 'x') +
           "\r\n0\r\n\r\n",
       "413"},
  };
  for (const auto& [bytes, status] : cases) {
    raw_client c = client();
    c.send(bytes);
    const std::string response = c.read_response();
    EXPECT_TRUE(response.starts_with("HTTP/1.1 " + status)) << bytes << "\n" << response;
    c.half_close();
    EXPECT_TRUE(c.at_end());
  }
}

// Of this size Beast throws.
TEST_F(HttpServer, RefusesFieldsAndTrailersBeyond64KiB) {
  start();
  const std::string field = "X: " + std::string(70'000, 'x') + "\r\n\r\n";
  raw_client first = client();
  first.send("GET / HTTP/1.1\r\n" + field);
  EXPECT_TRUE(first.read_response().starts_with("HTTP/1.1 431"));
  raw_client second = client();
  second.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + field);
  EXPECT_TRUE(second.read_response().starts_with("HTTP/1.1 400"));
  raw_client third = client();  // the request line may be longer
  third.send("GET /?q=" + std::string(70'000, 'x') + " HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(third.read_response().starts_with("HTTP/1.1 200"));
}

TEST_F(HttpServer, NamesBothSizesOfABodyThatIsTooLarge) {
  http_server_options options;
  options.body_bytes_max = 20'000;
  start(options);
  raw_client c = client();
  c.send("POST / HTTP/1.1\r\nContent-Length: 20001\r\n\r\n");
  EXPECT_TRUE(
      ends_with(c.read_response(),
                "request body too large: message size too large than max (20001 vs 20000)\n"));
}

TEST_F(HttpServer, ReadsTheBodyOfARefusedRequestSoThatTheAnswerArrives) {
  http_server_options options;
  options.body_bytes_max = 1000;
  start(options);
  raw_client c = client();
  c.send("POST / HTTP/1.1\r\nContent-Length: 3000000\r\n\r\n");
  c.send(std::string(3'000'000, 'x'));
  EXPECT_TRUE(c.read_response().starts_with("HTTP/1.1 413"));
}

TEST_F(HttpServer, RefusesBodiesAboveTheBudgetByTheirDeclaredLength) {
  http_server_options options;
  options.budget = std::make_shared<byte_budget>(1000);
  start(options);
  raw_client first = client();
  first.send("POST /wait HTTP/1.1\r\nContent-Length: 600\r\n\r\n" + std::string(600, 'a'));
  auto [request, answer] = pending_.take();
  EXPECT_EQ(options.budget->bytes_used(), 600u);

  raw_client second = client();
  second.send("POST / HTTP/1.1\r\nContent-Length: 600\r\n\r\n");
  const std::string refused = second.read_response();
  EXPECT_TRUE(refused.starts_with("HTTP/1.1 503")) << refused;
  EXPECT_NE(refused.find("\r\nRetry-After: 1\r\n"), std::string::npos);

  raw_client chunked = client();
  chunked.send("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n" +
               std::string(600, 'c') + "\r\n0\r\n\r\n");
  EXPECT_TRUE(chunked.read_response().starts_with("HTTP/1.1 503"));

  answer.send(text("done"));
  EXPECT_TRUE(ends_with(first.read_response(), "done"));
  raw_client third = client();
  third.send("POST / HTTP/1.1\r\nContent-Length: 600\r\n\r\n" + std::string(600, 'a'));
  EXPECT_TRUE(third.read_response().starts_with("HTTP/1.1 200"));
  server_.reset();
  EXPECT_EQ(options.budget->bytes_used(), 0u);
}

TEST_F(HttpServer, TellsTheHandlerWhenTheClientGoesAway) {
  start();
  for (const bool reset : {false, true}) {
    raw_client c = client();
    c.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
    auto [request, answer] = pending_.take();
    std::promise<void> gone;
    answer.on_disconnect([&gone] { gone.set_value(); });
    reset ? c.reset() : c.close();
    EXPECT_EQ(gone.get_future().wait_for(patience_max), std::future_status::ready);
    answer.send(text("too late"));
  }
}

TEST_F(HttpServer, CallsBackAtOnceWhenTheClientIsGoneAlready) {
  start();
  raw_client c = client();
  c.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  auto [request, answer] = pending_.take();
  std::promise<void> gone;
  answer.on_disconnect([&gone] { gone.set_value(); });
  c.close();
  ASSERT_EQ(gone.get_future().wait_for(patience_max), std::future_status::ready);
  bool second = false;
  answer.on_disconnect([&second] { second = true; });
  EXPECT_TRUE(second);
}

TEST_F(HttpServer, AnswersAClientThatHasOnlyClosedItsSendingSide) {
  start();
  raw_client c = client();
  c.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\nGET /next HTTP/1.1\r\nHost: h\r\n\r\n");
  c.half_close();
  auto [request, answer] = pending_.take();
  answer.send(text("still here"));
  EXPECT_TRUE(ends_with(c.read_response(), "still here"));
  EXPECT_TRUE(ends_with(c.read_response(), "GET /next  0"));
  EXPECT_TRUE(c.at_end());
}

TEST_F(HttpServer, AnswersForHandlersThatDoNot) {
  start();
  raw_client c = client();
  c.send("GET /drop HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(c.read_response().starts_with("HTTP/1.1 500 "));
  c.send("GET /throw HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(c.read_response().starts_with("HTTP/1.1 500 "));
}

TEST_F(HttpServer, CompressesLargeAnswersForClientsThatAcceptIt) {
  start();
  raw_client c = client();
  c.send("GET /big HTTP/1.1\r\nHost: h\r\nAccept-Encoding: deflate, gzip;q=0.5\r\n\r\n");
  const std::string packed = c.read_response();
  EXPECT_NE(packed.find("\r\nContent-Encoding: gzip\r\n"), std::string::npos);
  const std::string body = packed.substr(packed.find("\r\n\r\n") + 4);
  const auto plain = inflate_body(content_coding::gzip, body, {1'000'000});
  ASSERT_TRUE(plain.ok());
  EXPECT_EQ(*plain, std::string(100'000, 'x'));
  c.send("GET /big HTTP/1.1\r\nHost: h\r\nAccept-Encoding: gzip;q=0\r\n\r\n");
  EXPECT_TRUE(ends_with(c.read_response(), std::string(100'000, 'x')));
  c.send("HEAD /big HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string head = c.read_response();
  EXPECT_TRUE(ends_with(head, "")) << head;
}

// Each with a server of its own: a client that is to be slow in one way may be slow in the others.
TEST_F(HttpServer, CutsSlowClientsOff) {
  const auto start_with = [this](std::chrono::milliseconds http_server_options::*limit) {
    http_server_options options;
    options.*limit = milliseconds(50);
    start(options);
  };
  start_with(&http_server_options::idle_timeout);
  raw_client idle = client();
  EXPECT_TRUE(idle.at_end());
  start_with(&http_server_options::header_timeout);
  raw_client slow_header = client();
  slow_header.send("GET / HTTP/1.1\r\nHo");
  EXPECT_TRUE(slow_header.read_response().starts_with("HTTP/1.1 408"));
  start_with(&http_server_options::body_timeout);
  raw_client slow_body = client();
  slow_body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_TRUE(slow_body.read_response().starts_with("HTTP/1.1 408"));
}

TEST_F(HttpServer, ClosesAClientThatDoesNotReadItsAnswer) {
  http_server_options options;
  options.write_timeout = milliseconds(50);
  options.shutdown_grace = milliseconds(0);
  start(options);
  raw_client c = client();
  c.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  auto [request, answer] = pending_.take();
  answer.send(text(std::string(64'000'000, 'x')));
  while (server_->open_connections() != 0) std::this_thread::yield();
  EXPECT_EQ(server_->running_requests(), 0u);
}

TEST_F(HttpServer, ServesNoMoreConnectionsThanAllowed) {
  http_server_options options;
  options.connections_max = 1;
  start(options);
  auto first = std::make_unique<raw_client>(server_->port());
  first->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(ends_with(first->read_response(), "GET /  0"));
  raw_client second = client();
  second.send("GET /second HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(server_->open_connections(), 1u);
  first.reset();
  EXPECT_TRUE(ends_with(second.read_response(), "GET /second  0"));
}

TEST_F(HttpServer, StopLetsRunningRequestsEnd) {
  start();
  raw_client busy = client();
  busy.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  raw_client idle = client();
  idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  idle.read_response();
  auto [request, answer] = pending_.take();
  std::thread stopper([this] { server_->stop(); });
  EXPECT_TRUE(idle.at_end());
  answer.send(text("finished"));
  const std::string response = busy.read_response();
  EXPECT_TRUE(ends_with(response, "finished"));
  EXPECT_NE(response.find("Connection: close"), std::string::npos);
  stopper.join();
  EXPECT_FALSE(raw_client(server_->port()).connected());
  EXPECT_EQ(server_->running_requests(), 0u);
}

TEST_F(HttpServer, StopIsBoundedAndRespondersMayOutliveTheServer) {
  http_server_options options;
  options.shutdown_grace = milliseconds(20);
  start(options);
  raw_client c = client();
  c.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n");
  auto [request, answer] = pending_.take();
  bool gone = false;
  answer.on_disconnect([&gone] { gone = true; });
  server_->stop();
  EXPECT_TRUE(gone);
  EXPECT_TRUE(c.at_end());
  server_.reset();
  answer.send(text("nobody listens"));
}

TEST_F(HttpServer, ReportsAPortThatIsTaken) {
  start();
  http_server_options options;
  options.address = "127.0.0.1";
  options.port = server_->port();
  http_server second(options, [](http_request&&, responder&&) {});
  const auto started = second.start();
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, errc::unavailable);
}

}  // namespace
}  // namespace skald
