// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/error_body.h"

#include "runtime/loki_api/json_writer.h"

namespace skald {
namespace {

constexpr int status_client_closed = 499;
constexpr std::string_view retry_after_seconds = "1";
constexpr std::string_view cancelled_text = "the request was cancelled by the client";
constexpr std::string_view timeout_text =
    "request timed out, decrease the duration of the request or add more label matchers (prefer "
    "exact match over regex match) to reduce the amount of data processed";

void add_retry_after(http_response& response) {
  if (response.status == 503) response.headers.emplace_back("Retry-After", retry_after_seconds);
}

int query_status(errc code) {
  switch (code) {
    case errc::invalid_argument:
    case errc::out_of_order:
    case errc::already_exists:
    case errc::unimplemented:
      return 400;
    case errc::unauthorized:
      return 401;
    case errc::not_found:
      return 404;
    case errc::overloaded:
      return 429;
    case errc::cancelled:
      return status_client_closed;
    case errc::unavailable:
    case errc::shutting_down:
      return 503;
    case errc::timeout:
      return 504;
    case errc::resource_exhausted:
    case errc::corrupt:
    case errc::internal:
      return 500;
  }
  return 500;
}

int push_status(errc code) {
  switch (code) {
    case errc::invalid_argument:
    case errc::out_of_order:
      return 400;
    case errc::unauthorized:
      return 401;
    case errc::overloaded:
      return 429;
    case errc::resource_exhausted:
    case errc::unavailable:
    case errc::shutting_down:
    case errc::timeout:
      return 503;
    case errc::not_found:
    case errc::already_exists:
    case errc::corrupt:
    case errc::cancelled:
    case errc::unimplemented:
    case errc::internal:
      return 500;
  }
  return 500;
}

int decode_status(errc code) {
  switch (code) {
    case errc::invalid_argument:
      return 400;
    case errc::resource_exhausted:
      return 413;
    case errc::overloaded:
      return 503;
    default:
      return push_status(code);
  }
}

std::string_view query_text(const error& why) {
  if (why.code == errc::cancelled) return cancelled_text;
  if (why.code == errc::timeout) return timeout_text;
  return why.message;
}

}  // namespace

http_response decode_error_response(const error& why) {
  const int status = decode_status(why.code);
  std::string text = why.message;
  if (status == 413) text.insert(0, "request body too large: ");
  http_response response = plain_text_response(status, text);
  add_retry_after(response);
  return response;
}

http_response push_error_response(const error& why) {
  http_response response = plain_text_response(push_status(why.code), why.message);
  add_retry_after(response);
  return response;
}

http_response push_accepted_response() {
  return empty_response(204);
}

http_response no_streams_response() {
  return plain_text_response(422, "error at least one valid stream is required for ingestion");
}

http_response body_too_large_response(std::size_t bytes, std::size_t bytes_max) {
  return plain_text_response(413, "request body too large: message size too large than max (" +
                                      std::to_string(bytes) + " vs " + std::to_string(bytes_max) +
                                      ")");
}

http_response query_error_response(const error& why) {
  http_response response = plain_text_response(query_status(why.code), query_text(why));
  // A missing tenant is answered by a layer above the query API, with a newline.
  if (response.status != 401) response.body.pop_back();
  response.headers.emplace_back("Vary", "Accept-Encoding");
  add_retry_after(response);
  return response;
}

http_response plain_error_response(const error& why) {
  http_response response = plain_text_response(query_status(why.code), query_text(why));
  add_retry_after(response);
  return response;
}

http_response format_query_error_response(const error& why) {
  http_response response;
  response.status = 400;
  response.content_type = "application/json; charset=utf-8";
  response.body = R"({"status":"invalid-query","error":)";
  append_json_string(response.body, why.message);
  response.body += "}\n";
  return response;
}

}  // namespace skald
