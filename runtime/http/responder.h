// SPDX-License-Identifier: Apache-2.0
// The one right to answer a request. The server makes it, a handler moves it to wherever the answer
// is found.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "runtime/http/http_message.h"

namespace skald {

// What a server implements for each running request. All members are safe from any thread.
class http_exchange {
 public:
  virtual ~http_exchange() = default;
  // Called once by the responder.
  virtual void send(http_response&& response) = 0;
  virtual void on_disconnect(std::function<void()> callback) = 0;
};

// Move-only; not thread-safe itself, but may be moved between threads. Messages of CAF must be
// copyable: wrap it in a std::shared_ptr there. A responder that is destroyed without an answer
// answers 500, so no request is left hanging.
class responder {
 public:
  responder() = default;
  explicit responder(std::shared_ptr<http_exchange> exchange) : exchange_(std::move(exchange)) {}
  responder(responder&&) noexcept = default;
  responder& operator=(responder&& other) noexcept;
  ~responder() { abandon(); }

  // Answers, from any thread; returns at once. Later calls do nothing.
  void send(http_response response);
  // `callback` runs once, on an io thread, when the client closes its side before the answer is
  // sent; at once, on this thread, when it has done so already. It must be cheap. It may overlap
  // with a send() on another thread, but does not start after one. One callback per request: the
  // last one counts. The answer may still be sent: a client that only half-closed will read it.
  // Typical use: capture an actor address and send it a cancel.
  void on_disconnect(std::function<void()> callback);
  // Whether send() may still be called.
  explicit operator bool() const { return exchange_ != nullptr; }

 private:
  void abandon() noexcept;
  std::shared_ptr<http_exchange> exchange_;
};

// Called on an io thread; must not block for long (decoding a body is fine, waiting is not).
using http_handler = std::function<void(http_request&&, responder&&)>;

}  // namespace skald
