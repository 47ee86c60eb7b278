// SPDX-License-Identifier: Apache-2.0
// Structured logs on standard error, one logfmt (or JSON) line per event:
//   ts=2026-11-22T18:13:02.123456789Z level=info component=ingester msg="pack flushed" tenant=fake
//   bytes=1048576
// Process-wide state: level and format are set by runtime/node and changed at run time by
// /log_level. All functions are safe from any thread. A call below the level costs one relaxed
// load; fields are views and are formatted only when the line is written, so they may point at
// temporaries of the same full expression.
#pragma once

#include <atomic>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>

#include "runtime/base/result.h"

namespace skald {

enum class log_level : std::uint8_t { debug, info, warn, error, off };
enum class log_format : std::uint8_t { logfmt, json };

// "debug", "info", "warn", "error", "off".
std::string_view to_string(log_level level);
// Errors: invalid_argument, `unrecognized log level "x"`.
result<log_level> parse_log_level(std::string_view text);
// Errors: invalid_argument, `unrecognized log format "x"`.
result<log_format> parse_log_format(std::string_view text);

// One key=value of a line. Holds a view: no allocation, no copy.
class log_field {
 public:
  log_field(std::string_view key, std::string_view value)
      : key_(key), kind_(kind::text), text_(value) {}
  log_field(std::string_view key, const char* value) : log_field(key, std::string_view(value)) {}
  log_field(std::string_view key, const std::string& value)
      : log_field(key, std::string_view(value)) {}
  log_field(std::string_view key, bool value) : key_(key), kind_(kind::boolean), signed_(value) {}
  log_field(std::string_view key, std::signed_integral auto value)
      : key_(key), kind_(kind::signed_number), signed_(value) {}
  log_field(std::string_view key, std::unsigned_integral auto value)
      : key_(key), kind_(kind::unsigned_number), unsigned_(value) {}
  log_field(std::string_view key, std::floating_point auto value)
      : key_(key), kind_(kind::real), real_(value) {}
  // error="timeout: query timed out"
  explicit log_field(const error& why);

  std::string_view key() const { return key_; }
  // Appends the value, quoted where the format needs it.
  void append_value(std::string& out, log_format format) const;

 private:
  enum class kind : std::uint8_t { text, boolean, signed_number, unsigned_number, real, failure };
  std::string_view key_;
  kind kind_;
  std::string_view text_;
  union {
    std::int64_t signed_;
    std::uint64_t unsigned_;
    double real_;
    const error* failure_;
  };
};

using log_fields = std::initializer_list<log_field>;

namespace log_detail {
extern std::atomic<log_level> threshold;
void write(log_level level, std::string_view component, std::string_view message,
           log_fields fields);
}  // namespace log_detail

inline bool log_enabled(log_level level) {
  return level >= log_detail::threshold.load(std::memory_order_relaxed);
}

// Messages are lower case without a final stop; values go into fields, not into the message.
inline void log_debug(std::string_view component, std::string_view message,
                      log_fields fields = {}) {
  if (log_enabled(log_level::debug))
    log_detail::write(log_level::debug, component, message, fields);
}
inline void log_info(std::string_view component, std::string_view message, log_fields fields = {}) {
  if (log_enabled(log_level::info)) log_detail::write(log_level::info, component, message, fields);
}
inline void log_warn(std::string_view component, std::string_view message, log_fields fields = {}) {
  if (log_enabled(log_level::warn)) log_detail::write(log_level::warn, component, message, fields);
}
inline void log_error(std::string_view component, std::string_view message,
                      log_fields fields = {}) {
  if (log_enabled(log_level::error))
    log_detail::write(log_level::error, component, message, fields);
}

void set_log_level(log_level level);
log_level current_log_level();
void set_log_format(log_format format);

// Replaces standard error by a function that gets each finished line without its newline; an empty
// function restores standard error. For tests.
void set_log_sink(std::function<void(std::string_view)> sink);

}  // namespace skald
