// SPDX-License-Identifier: Apache-2.0
// Upper and lower case of whole texts, code point by code point as Go's strings package does it.
// Invalid bytes become U+FFFD. Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace skald::logql {

std::string to_upper_text(std::string_view text);
std::string to_lower_text(std::string_view text);
// strings.Title: the first letter of each word in upper case, the rest as it is.
std::string to_title_text(std::string_view text);

}  // namespace skald::logql
