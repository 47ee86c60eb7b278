// SPDX-License-Identifier: Apache-2.0
// How bodies of requests are received: appended to strings whose memory served former requests.
// Beast's own type zeroes what it is about to fill, in memory that the kernel has just mapped.
#pragma once

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/optional.hpp>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace skald {

// Empty strings with memory, for bodies to come. Bounded. Safe from any thread.
class body_pool {
 public:
  static constexpr std::size_t kept_bytes_max = 8u << 20;  // together
  // Smaller ones are as cheap from the heap, larger ones are rare.
  static constexpr std::size_t body_bytes_min = 16u << 10;
  static constexpr std::size_t body_bytes_max = 4u << 20;

  std::string take() {
    const std::lock_guard lock(mutex_);
    if (kept_.empty()) return {};
    std::string body = std::move(kept_.back());
    kept_.pop_back();
    kept_bytes_ -= body.capacity();
    return body;
  }
  void give(std::string&& body) {
    const std::size_t bytes = body.capacity();
    if (bytes < body_bytes_min || bytes > body_bytes_max) return;
    const std::lock_guard lock(mutex_);
    if (kept_bytes_ + bytes > kept_bytes_max) return;
    body.clear();
    kept_bytes_ += bytes;
    kept_.push_back(std::move(body));
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> kept_;
  std::size_t kept_bytes_ = 0;
};

// A body for Beast's parser.
struct appended_body {
  using value_type = std::string;

  class reader {
   public:
    template <bool IsRequest, class Fields>
    reader(boost::beast::http::header<IsRequest, Fields>&, value_type& body) : body_(body) {}

    // What is declared is not believed beyond what such bodies usually have.
    void init(const boost::optional<std::uint64_t>& declared, boost::beast::error_code& failure) {
      failure = {};
      if (!declared) return;
      body_.reserve(
          static_cast<std::size_t>(std::min<std::uint64_t>(*declared, body_pool::body_bytes_max)));
    }
    template <class Buffers>
    std::size_t put(const Buffers& buffers, boost::beast::error_code& failure) {
      failure = {};
      std::size_t bytes = 0;
      for (auto at = boost::asio::buffer_sequence_begin(buffers);
           at != boost::asio::buffer_sequence_end(buffers); ++at) {
        const boost::asio::const_buffer part = *at;
        body_.append(static_cast<const char*>(part.data()), part.size());
        bytes += part.size();
      }
      return bytes;
    }
    void finish(boost::beast::error_code& failure) { failure = {}; }

   private:
    value_type& body_;
  };
};

}  // namespace skald
