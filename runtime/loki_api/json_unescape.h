// SPDX-License-Identifier: Apache-2.0
// JSON text in place: unescaping strings inside their own buffer, finding where a document ends,
// repairing UTF-8. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace skald {

struct unescaped_json {
  std::string_view value;
  bool valid = true;  // false: a backslash is followed by something that is no escape
};

// `text` points behind an opening quote; the closing quote must be there (a structural check has
// been made) and 16 bytes behind it must be readable. Writes only when there is an escape, and
// never beyond the closing quote: no escape is shorter than what it stands for. A surrogate without
// its partner becomes U+FFFD, as Go does.
unescaped_json unescape_json_in_place(char* text);

// The bytes up to the end of the first JSON object in `text`, or all of `text` when it does not
// start with an object that ends. Cheap when nothing follows the document.
std::size_t json_document_length(std::string_view text);

// Each invalid byte becomes U+FFFD.
std::string replace_invalid_utf8(std::string_view text);

}  // namespace skald
