// SPDX-License-Identifier: Apache-2.0
#include "runtime/loki_api/push_json.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <deque>

#include "runtime/base/go_number.h"
#include "runtime/loki_api/json_unescape.h"
#include "runtime/loki_api/push_arrays.h"
#include "runtime/model/go_string.h"

namespace skald {
namespace {

namespace ondemand = simdjson::ondemand;

// Thrown inside this file only: simdjson throws as well, and the decoder leaves from many depths.
struct decode_failure {
  error why;
};

[[noreturn]] void fail(std::string message) {
  throw decode_failure{{errc::invalid_argument, std::move(message)}};
}

// simdjson keeps 4 bytes of index per byte of input; above this a thread gives the memory back.
constexpr std::size_t kept_capacity_bytes = 8 * 1024 * 1024;

class push_reader {
 public:
  push_reader(std::size_t array_bytes_max, decoded_push& push)
      : push_(push), guard_(push, array_bytes_max), label_texts_(make_label_texts(push)) {}

  void read_document(ondemand::document& document);

 private:
  using text_store = std::deque<std::string>;
  static text_store& make_label_texts(decoded_push& push) {
    auto store = std::make_shared<text_store>();
    push.buffers.push_back(store);
    return *store;
  }

  std::string_view text_of(ondemand::raw_json_string raw);
  std::string_view string_of(ondemand::value value, const char* what);
  void read_streams(ondemand::value value);
  void read_stream(ondemand::object object);
  void read_labels(ondemand::value value);
  void read_values(ondemand::value value);
  void read_entry(ondemand::array array);
  void read_metadata(ondemand::value value, pushed_entry& entry);
  std::string_view label_text();

  decoded_push& push_;
  push_array_guard guard_;
  text_store& label_texts_;
  // Of the stream being read; values are strings, or the raw text of other JSON values.
  std::vector<metadata_pair> labels_;
};

// The buffer is ours and mutable; simdjson never looks at the inside of a string again once its
// index has passed.
std::string_view push_reader::text_of(ondemand::raw_json_string raw) {
  const auto text = unescape_json_in_place(const_cast<char*>(raw.raw()));
  if (!text.valid) fail("invalid escape in string");
  return text.value;
}

std::string_view push_reader::string_of(ondemand::value value, const char* what) {
  if (value.type() != ondemand::json_type::string) fail(std::string(what) + " must be a string");
  return text_of(value.get_raw_json_string());
}

std::string_view push_reader::label_text() {
  // The last of equal names wins.
  std::stable_sort(labels_.begin(), labels_.end(),
                   [](const auto& a, const auto& b) { return a.name < b.name; });
  std::string text = "{";
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    if (i + 1 < labels_.size() && labels_[i].name == labels_[i + 1].name) continue;
    if (text.size() > 1) text += ", ";
    text += labels_[i].name;
    text += '=';
    append_go_quoted(text, labels_[i].value);
  }
  text += '}';
  return label_texts_.emplace_back(std::move(text));
}

void push_reader::read_labels(ondemand::value value) {
  labels_.clear();
  if (value.is_null()) return;
  for (auto field : value.get_object()) {
    metadata_pair pair;
    pair.name = text_of(field.key());
    ondemand::value label_value = field.value();
    if (label_value.type() == ondemand::json_type::string) {
      pair.value = text_of(label_value.get_raw_json_string());
    } else {
      // Loki keeps the raw text of other values: {"a":5} is a="5".
      pair.value = simdjson::to_json_string(label_value);
      while (!pair.value.empty() && static_cast<unsigned char>(pair.value.back()) <= ' ') {
        pair.value.remove_suffix(1);
      }
    }
    labels_.push_back(pair);
  }
}

std::int64_t to_timestamp(std::string_view text) {
  std::int64_t timestamp = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), timestamp);
  if (code == std::errc() && end == text.data() + text.size()) return timestamp;
  auto slow = parse_go_int(text, 10);  // a leading plus sign, or the error text
  if (!slow) fail(slow.error().message);
  return *slow;
}

void push_reader::read_metadata(ondemand::value value, pushed_entry& entry) {
  if (value.type() != ondemand::json_type::object) fail("structured metadata must be an object");
  for (auto field : value.get_object()) {
    metadata_pair pair;
    pair.name = text_of(field.key());
    pair.value = string_of(field.value(), "structured metadata value");
    push_.metadata.push_back(pair);
  }
  entry.metadata_count = static_cast<std::uint32_t>(push_.metadata.size()) - entry.first_metadata;
}

void push_reader::read_entry(ondemand::array array) {
  pushed_entry entry;
  entry.first_metadata = static_cast<std::uint32_t>(push_.metadata.size());
  std::size_t position = 0;
  for (ondemand::value value : array) {
    switch (position++) {
      case 0:
        entry.timestamp_ns = to_timestamp(string_of(value, "timestamp"));
        break;
      case 1:
        entry.line = string_of(value, "line");
        break;
      case 2:
        read_metadata(value, entry);
        break;
      default:  // further elements are ignored
        break;
    }
  }
  if (position < 2) fail("an entry needs a timestamp and a line");
  push_.entries.push_back(entry);
  if (!guard_.within_bounds()) throw decode_failure{guard_.why()};
}

void push_reader::read_values(ondemand::value value) {
  if (value.is_null()) return;
  for (ondemand::value entry : value.get_array()) read_entry(entry.get_array());
}

void push_reader::read_stream(ondemand::object object) {
  pushed_stream stream;
  stream.first_entry = static_cast<std::uint32_t>(push_.entries.size());
  labels_.clear();
  for (auto field : object) {
    const std::string_view key = text_of(field.key());
    if (key == "stream") {
      read_labels(field.value());
    } else if (key == "values") {
      push_.entries.resize(stream.first_entry);  // the last of duplicate keys wins
      read_values(field.value());
    }
  }
  stream.entry_count = static_cast<std::uint32_t>(push_.entries.size()) - stream.first_entry;
  stream.labels_text = label_text();
  push_.streams.push_back(stream);
  if (!guard_.within_bounds()) throw decode_failure{guard_.why()};
}

void push_reader::read_streams(ondemand::value value) {
  push_.streams.clear();
  push_.entries.clear();
  push_.metadata.clear();
  if (value.is_null()) return;
  for (ondemand::value stream : value.get_array()) read_stream(stream.get_object());
}

void push_reader::read_document(ondemand::document& document) {
  if (document.is_null()) return;
  if (document.type() != ondemand::json_type::object) {
    fail("readObjectStart: expect { or n, but found something else");
  }
  for (auto field : document.get_object()) {
    if (text_of(field.key()) == "streams") read_streams(field.value());
  }
}

// The parser's index is scratch memory, kept per thread because growing it costs page faults.
void parse_once(std::string& body, std::size_t array_bytes_max, decoded_push& push) {
  static thread_local ondemand::parser parser;
  struct capacity_guard {
    ~capacity_guard() {
      if (parser.capacity() > kept_capacity_bytes) parser = ondemand::parser();
    }
  } give_back;
  const std::size_t length = body.size();
  body.reserve(length + simdjson::SIMDJSON_PADDING);
  simdjson::padded_string_view view(body.data(), length, body.capacity());
  ondemand::document document = parser.iterate(view);
  push_reader(array_bytes_max, push).read_document(document);
}

std::string_view trim_space(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos ? std::string_view() : text.substr(first);
}

}  // namespace

result<void> decode_push_json(std::string body, std::size_t array_bytes_max, decoded_push& push) {
  if (trim_space(body).empty()) return error{errc::invalid_argument, "EOF"};
  auto owned = std::make_shared<std::string>(std::move(body));
  push.buffers.push_back(owned);
  // What follows the document is ignored, as Loki does; simdjson would refuse it.
  owned->resize(json_document_length(*owned));
  for (bool repaired = false;; repaired = true) {
    try {
      parse_once(*owned, array_bytes_max, push);
      return {};
    } catch (const decode_failure& failure) {
      return failure.why;
    } catch (const simdjson::simdjson_error& e) {
      // Found before anything was read or unescaped, so the body is still as it came.
      if (e.error() != simdjson::UTF8_ERROR || repaired) {
        return error{errc::invalid_argument, std::string("malformed JSON: ") + e.what()};
      }
      *owned = replace_invalid_utf8(*owned);
    }
  }
}

}  // namespace skald
