// SPDX-License-Identifier: Apache-2.0
#include "runtime/http/responder.h"

namespace skald {

responder& responder::operator=(responder&& other) noexcept {
  if (this != &other) {
    abandon();
    exchange_ = std::move(other.exchange_);
  }
  return *this;
}

void responder::send(http_response response) {
  if (const auto exchange = std::exchange(exchange_, nullptr)) exchange->send(std::move(response));
}

void responder::on_disconnect(std::function<void()> callback) {
  if (exchange_) exchange_->on_disconnect(std::move(callback));
}

void responder::abandon() noexcept {
  if (!exchange_) return;
  send(plain_text_response(500, "the request was dropped without an answer"));
}

}  // namespace skald
