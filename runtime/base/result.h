// SPDX-License-Identifier: Apache-2.0
// Errors as values: one closed list of codes, an error with a message for people, and result<T>.
// Used at every module seam. Value types; thread-compatible; no allocation on success.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "runtime/base/assert.h"

namespace skald {

// The closed list. A new code needs a caller that acts differently on it.
enum class errc {
  invalid_argument,    // the caller's input is wrong; repeating it will not help
  not_found,           // the named thing does not exist
  already_exists,      // a conditional create lost
  out_of_order,        // an entry is older than its stream accepts
  overloaded,          // a rate or queue limit is reached: try later (HTTP 429)
  resource_exhausted,  // a size limit of the system is reached (disk, memory, segment)
  timeout,             // a deadline passed
  unavailable,         // a part of the system cannot answer now: retry (HTTP 503)
  shutting_down,       // this process is stopping
  corrupt,             // stored bytes fail their checksum or are malformed
  unauthorized,        // no tenant, or not allowed
  cancelled,           // the caller gave up
  unimplemented,       // understood, valid, and not supported by this version
  internal,            // a bug of ours
};

// The code's name as it appears in logs and metrics, e.g. "invalid_argument".
std::string_view to_string(errc code);

// Whether the same request may succeed when sent again unchanged.
bool is_retryable(errc code);

struct error {
  errc code = errc::internal;
  // For people: what was wrong, where, what to do. Lower case, no final stop.
  std::string message;

  friend bool operator==(const error&, const error&) = default;
};

// A value or an error. Accessing the wrong side is a programming error and aborts.
template <class T>
class [[nodiscard]] result {
 public:
  using value_type = T;
  result(T value) : state_(std::in_place_index<0>, std::move(value)) {}         // NOLINT: implicit
  result(skald::error why) : state_(std::in_place_index<1>, std::move(why)) {}  // NOLINT: implicit
  result(errc code, std::string message)
      : state_(std::in_place_index<1>, skald::error{code, std::move(message)}) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    SKALD_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    SKALD_ASSERT(ok());
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    SKALD_ASSERT(ok());
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const skald::error& error() const& {
    SKALD_ASSERT(!ok());
    return *std::get_if<1>(&state_);
  }
  skald::error&& error() && {
    SKALD_ASSERT(!ok());
    return std::move(*std::get_if<1>(&state_));
  }

 private:
  std::variant<T, skald::error> state_;
};

template <>
class [[nodiscard]] result<void> {
 public:
  using value_type = void;
  result() = default;
  result(skald::error why) : why_(std::move(why)) {}  // NOLINT: implicit
  result(errc code, std::string message) : why_(skald::error{code, std::move(message)}) {}

  bool ok() const { return !why_.has_value(); }
  explicit operator bool() const { return ok(); }
  const skald::error& error() const& {
    SKALD_ASSERT(!ok());
    return *why_;
  }
  skald::error&& error() && {
    SKALD_ASSERT(!ok());
    return std::move(*why_);
  }

 private:
  std::optional<skald::error> why_;
};

// Returns early with the error of `expr`, for functions that return some result<U>.
#define SKALD_TRY(expr)                               \
  do {                                                \
    if (auto skald_try_ = (expr); !skald_try_.ok()) { \
      return std::move(skald_try_).error();           \
    }                                                 \
  } while (false)

// Declares `var` as the value of `expr`, or returns early with its error.
#define SKALD_TRY_ASSIGN(var, expr) SKALD_TRY_ASSIGN_IMPL(var, expr, __LINE__)
#define SKALD_TRY_ASSIGN_IMPL(var, expr, line) SKALD_TRY_ASSIGN_IMPL2(var, expr, line)
#define SKALD_TRY_ASSIGN_IMPL2(var, expr, line) \
  auto skald_try_##line = (expr);               \
  if (!skald_try_##line.ok()) {                 \
    return std::move(skald_try_##line).error(); \
  }                                             \
  var = std::move(skald_try_##line).value()

}  // namespace skald
