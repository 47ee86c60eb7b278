// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/result.h"

namespace skald {

std::string_view to_string(errc code) {
  switch (code) {
    case errc::invalid_argument:
      return "invalid_argument";
    case errc::not_found:
      return "not_found";
    case errc::already_exists:
      return "already_exists";
    case errc::out_of_order:
      return "out_of_order";
    case errc::overloaded:
      return "overloaded";
    case errc::resource_exhausted:
      return "resource_exhausted";
    case errc::timeout:
      return "timeout";
    case errc::unavailable:
      return "unavailable";
    case errc::shutting_down:
      return "shutting_down";
    case errc::corrupt:
      return "corrupt";
    case errc::unauthorized:
      return "unauthorized";
    case errc::cancelled:
      return "cancelled";
    case errc::unimplemented:
      return "unimplemented";
    case errc::internal:
      return "internal";
  }
  return "internal";
}

bool is_retryable(errc code) {
  return code == errc::overloaded || code == errc::timeout || code == errc::unavailable ||
         code == errc::shutting_down || code == errc::resource_exhausted;
}

}  // namespace skald
