// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <memory>
#include <mutex>

#include "runtime/base/json_string.h"
#include "runtime/base/utf8.h"

namespace skald {
namespace log_detail {
std::atomic<log_level> threshold{log_level::info};
}

namespace {

// Where finished lines go. spdlog's sink locks around each write, so lines never mix.
struct output {
  std::shared_ptr<spdlog::logger> to_stderr;
  std::mutex mutex;  // guards sink
  std::function<void(std::string_view)> sink;
  std::atomic<bool> has_sink{false};
  std::atomic<log_format> format{log_format::logfmt};

  output() {
    auto target = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    target->set_pattern("%v");
    to_stderr = std::make_shared<spdlog::logger>("skald", std::move(target));
    to_stderr->set_level(spdlog::level::trace);
    to_stderr->flush_on(spdlog::level::trace);
  }
};

// Never destroyed: threads may log while the process ends.
output& the_output() {
  static auto* instance = new output;
  return *instance;
}

// Whether logfmt needs no quotes around a text.
bool is_plain(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || c == '"' || c == '=' || c == '\\' || byte == 0x7f) return false;
    std::size_t length = 0;
    if (decode_utf8(text.substr(at), length) == 0xfffd) return false;
    at += length;
  }
  return !text.empty();
}

void append_text(std::string& out, std::string_view text, log_format format) {
  if (format == log_format::logfmt && is_plain(text)) {
    out += text;
  } else {
    append_json_string(out, text);
  }
}

void append_real(std::string& out, double value, log_format format) {
  if (!std::isfinite(value)) {
    append_text(out, std::isnan(value) ? "NaN" : (value > 0 ? "+Inf" : "-Inf"), format);
    return;
  }
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", value);
  out += buffer;
}

void append_time(std::string& out) {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  char buffer[48];
  const std::size_t n = std::strftime(buffer, sizeof buffer, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(buffer + n, sizeof buffer - n, ".%09ldZ", now.tv_nsec);
  out += buffer;
}

void append_pair(std::string& out, std::string_view key, std::string_view value,
                 log_format format) {
  if (format == log_format::json) {
    if (out.size() > 1) out += ',';
    append_json_string(out, key);
    out += ':';
  } else {
    if (!out.empty()) out += ' ';
    out += key;
    out += '=';
  }
  append_text(out, value, format);
}

}  // namespace

std::string_view to_string(log_level level) {
  switch (level) {
    case log_level::debug:
      return "debug";
    case log_level::info:
      return "info";
    case log_level::warn:
      return "warn";
    case log_level::error:
      return "error";
    case log_level::off:
      return "off";
  }
  return "off";
}

result<log_level> parse_log_level(std::string_view text) {
  for (const auto level :
       {log_level::debug, log_level::info, log_level::warn, log_level::error, log_level::off}) {
    if (text == to_string(level)) return level;
  }
  if (text == "warning") return log_level::warn;
  return error{errc::invalid_argument, "unrecognized log level \"" + std::string(text) + "\""};
}

result<log_format> parse_log_format(std::string_view text) {
  if (text == "logfmt") return log_format::logfmt;
  if (text == "json") return log_format::json;
  return error{errc::invalid_argument, "unrecognized log format \"" + std::string(text) + "\""};
}

log_field::log_field(const error& why) : key_("error"), kind_(kind::failure), failure_(&why) {}

void log_field::append_value(std::string& out, log_format format) const {
  switch (kind_) {
    case kind::text:
      append_text(out, text_, format);
      break;
    case kind::boolean:
      out += signed_ != 0 ? "true" : "false";
      break;
    case kind::signed_number:
      out += std::to_string(signed_);
      break;
    case kind::unsigned_number:
      out += std::to_string(unsigned_);
      break;
    case kind::real:
      append_real(out, real_, format);
      break;
    case kind::failure: {
      std::string text(to_string(failure_->code));
      text += ": ";
      text += failure_->message;
      append_text(out, text, format);
      break;
    }
  }
}

namespace log_detail {

void write(log_level level, std::string_view component, std::string_view message,
           log_fields fields) {
  output& to = the_output();
  const log_format format = to.format.load(std::memory_order_relaxed);
  std::string line;
  line.reserve(256);
  if (format == log_format::json) line += '{';
  std::string time;
  append_time(time);
  append_pair(line, "ts", time, format);
  append_pair(line, "level", to_string(level), format);
  append_pair(line, "component", component, format);
  append_pair(line, "msg", message, format);
  for (const log_field& field : fields) {
    if (format == log_format::json) {
      line += ',';
      append_json_string(line, field.key());
      line += ':';
    } else {
      line += ' ';
      line += field.key();
      line += '=';
    }
    field.append_value(line, format);
  }
  if (format == log_format::json) line += '}';
  if (to.has_sink.load(std::memory_order_acquire)) {
    const std::lock_guard lock(to.mutex);
    if (to.sink) {
      to.sink(line);
      return;
    }
  }
  to.to_stderr->log(spdlog::level::info, "{}", line);
}

}  // namespace log_detail

void set_log_level(log_level level) {
  log_detail::threshold.store(level, std::memory_order_relaxed);
}

log_level current_log_level() {
  return log_detail::threshold.load(std::memory_order_relaxed);
}

void set_log_format(log_format format) {
  the_output().format.store(format, std::memory_order_relaxed);
}

void set_log_sink(std::function<void(std::string_view)> sink) {
  output& to = the_output();
  const std::lock_guard lock(to.mutex);
  to.sink = std::move(sink);
  to.has_sink.store(static_cast<bool>(to.sink), std::memory_order_release);
}

}  // namespace skald
