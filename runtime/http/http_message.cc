// SPDX-License-Identifier: Apache-2.0
#include "runtime/http/http_message.h"

#include <algorithm>

#include "runtime/base/ascii_case.h"

namespace skald {
namespace {

constexpr std::string_view plain_text = "text/plain; charset=utf-8";

}  // namespace

bool equal_header_names(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) {
           return ascii_lower_case(x) == ascii_lower_case(y);
         });
}

std::string_view http_request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equal_header_names(key, name)) return value;
  }
  return {};
}

std::string_view http_request::path_value(std::string_view name) const {
  for (const auto& [key, value] : path_values) {
    if (key == name) return value;
  }
  return {};
}

http_response plain_text_response(int status, std::string_view text) {
  http_response response;
  response.status = status;
  response.content_type = plain_text;
  response.body.reserve(text.size() + 1);
  response.body = text;
  response.body += '\n';
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  return response;
}

http_response not_found_response() {
  return plain_text_response(404, "404 page not found");
}

http_response empty_response(int status) {
  http_response response;
  response.status = status;
  return response;
}

}  // namespace skald
