// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/column/generated_values.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace skald {
namespace {

using random_source = std::mt19937_64;

constexpr std::int64_t start_ns = 1'795'338'331'123'456'789;

std::uint64_t below(random_source& random, std::uint64_t bound) {
  return random() % bound;
}

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[128];
  const int bytes = std::snprintf(text, sizeof(text), pattern, values...);
  return {text, static_cast<std::size_t>(bytes)};
}

std::string hex(random_source& random, std::size_t digits) {
  std::string text;
  while (text.size() < digits) text += "0123456789abcdef"[below(random, 16)];
  return text;
}

std::string word(random_source& random) {
  constexpr std::array words = {"request", "completed", "failed", "upstream", "timeout", "user",
                                "cache",   "miss",      "hit",    "retry",    "queue",   "lag"};
  return words[below(random, words.size())];
}

std::string message(random_source& random) {
  std::string text = word(random);
  for (std::uint64_t left = below(random, 8); left > 0; --left) {
    text += ' ';
    text += below(random, 4) == 0 ? std::to_string(below(random, 100'000)) : word(random);
  }
  return text;
}

std::string time_of(const char* pattern, std::int64_t time_ns) {
  const std::time_t seconds = time_ns / 1'000'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  return {text, std::strftime(text, sizeof(text), pattern, &parts)};
}

std::string nano_time(std::int64_t time_ns) {
  std::string text = time_of("%Y-%m-%dT%H:%M:%S", time_ns);
  std::string fraction = format(".%09d", static_cast<int>(time_ns % 1'000'000'000));
  while (fraction.back() == '0') fraction.pop_back();
  if (fraction != ".") text += fraction;
  return text + "Z";
}

std::string mixed(random_source& random) {
  switch (below(random, 5)) {
    case 0:
      return "";
    case 1:
      return "-";
    case 2:
      return word(random);
    default:
      return std::to_string(below(random, 1000));
  }
}

std::string binary(random_source& random) {
  std::string text;
  for (std::uint64_t left = below(random, 12); left > 0; --left) {
    text += static_cast<char>(below(random, 256));
  }
  return text;
}

std::string generate_value(value_kind kind, std::size_t row, std::int64_t time_ns,
                           random_source& random) {
  switch (kind) {
    case value_kind::level:
      return std::array{"info", "info", "info", "debug", "warn", "error"}[below(random, 6)];
    case value_kind::route:
      return "/api/v1/" + std::to_string(below(random, 200) * 37);
    case value_kind::number:
      return std::to_string(below(random, std::uint64_t{1} << below(random, 24)));
    case value_kind::counter:
      return std::to_string(1'000'000 + row * 3 + below(random, 3));
    case value_kind::duration:
      return format(below(random, 9) == 0 ? "%.2fs" : "%.1fms", 1e-3 * below(random, 900'000));
    case value_kind::float_number:
      return format("%.4f", 1e-4 * below(random, 90'000));
    case value_kind::padded:
      return format("%06d", static_cast<int>(below(random, 1'000'000)));
    case value_kind::trace_id:
      return hex(random, 32);
    case value_kind::short_id:
      return hex(random, 16);
    case value_kind::uuid:
      return hex(random, 8) + "-" + hex(random, 4) + "-4" + hex(random, 3) + "-" + hex(random, 4) +
             "-" + hex(random, 12);
    case value_kind::iso_time:
      return time_of("%Y-%m-%dT%H:%M:%S", time_ns) +
             format(".%03dZ", static_cast<int>(time_ns / 1'000'000 % 1000));
    case value_kind::nano_time:
      return nano_time(time_ns);
    case value_kind::common_log_time:
      return time_of("%d/%b/%Y:%H:%M:%S +0000", time_ns);
    case value_kind::epoch_ms:
      return std::to_string(time_ns / 1'000'000);
    case value_kind::order_id:
      return format("ord-%d", static_cast<int>(20'000'000 + below(random, 1'000'000)));
    case value_kind::message:
      return message(random);
    case value_kind::mixed:
      return mixed(random);
    case value_kind::binary:
      return binary(random);
    case value_kind::address:
      return "10." + std::to_string(below(random, 4)) + "." + std::to_string(below(random, 256)) +
             "." + std::to_string(below(random, 256));
  }
  return {};
}

}  // namespace

value_column column_of(std::vector<std::string> texts) {
  value_column column;
  column.texts = std::move(texts);
  for (std::size_t row = 0; row < column.texts.size(); ++row) {
    column.times_ns.push_back(start_ns + static_cast<std::int64_t>(row) * 1'000'000);
  }
  return column;
}

value_column generate_column(value_kind kind, std::size_t rows, std::mt19937_64& random) {
  value_column column;
  std::int64_t time_ns = start_ns;
  for (std::size_t row = 0; row < rows; ++row) {
    time_ns += static_cast<std::int64_t>(below(random, 20'000'000));
    column.times_ns.push_back(time_ns);
    column.texts.push_back(generate_value(kind, row, time_ns, random));
  }
  return column;
}

}  // namespace skald
