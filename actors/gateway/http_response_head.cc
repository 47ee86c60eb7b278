// SPDX-License-Identifier: Apache-2.0
#include "actors/gateway/http_response_head.h"

#include <chrono>
#include <cstdio>

namespace skald {
namespace {

void append_header(std::string& out, std::string_view name, std::string_view value) {
  constexpr std::string_view line_breaks("\r\n\0", 3);
  if (name.find_first_of(line_breaks) != std::string_view::npos ||
      value.find_first_of(line_breaks) != std::string_view::npos) {
    return;
  }
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Request Entity Too Large";
    case 422:
      return "Unprocessable Entity";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Status";
  }
}

std::string http_date(std::int64_t unix_seconds) {
  static constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                           "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const int of_day = static_cast<int>((time - day).count());
  char text[64];
  const int length =
      std::snprintf(text, sizeof text, "%s, %02u %s %04d %02d:%02d:%02d GMT",
                    days[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                    months[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                    of_day / 3600, of_day / 60 % 60, of_day % 60);
  return {text, static_cast<std::size_t>(length)};
}

std::string render_response_head(const http_response& response,
                                 const response_head_options& options) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out += reason_phrase(response.status);
  out += "\r\n";
  if (!response.content_type.empty()) append_header(out, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) append_header(out, name, value);
  if (options.gzip) append_header(out, "Content-Encoding", "gzip");
  append_header(out, "Date", http_date(options.unix_seconds));
  if (response.status != 204 && response.status != 304 && response.status >= 200) {
    append_header(out, "Content-Length", std::to_string(response.body.size()));
  }
  if (!options.keep_alive) {
    append_header(out, "Connection", "close");
  } else if (options.http_1_0) {
    append_header(out, "Connection", "keep-alive");
  }
  out += "\r\n";
  return out;
}

}  // namespace skald
