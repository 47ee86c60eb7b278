// SPDX-License-Identifier: Apache-2.0
#include "storage/chunk/shape/generated_lines.h"

namespace skald {
namespace {

const std::vector<std::string_view> levels = {"info", "debug", "warn", "error"};
const std::vector<std::string_view> words = {"request", "done",  "cache", "miss",
                                             "timeout", "retry", "état",  "日本"};
const std::vector<std::string_view> keys = {"a", "b",     "a_b",     "a.b", "a b", " a ",
                                            "é", "1a",    "",        " ",   "A",   "k-v",
                                            "a", "level", "\\u0061", "_",   "x"};
const std::vector<std::string_view> pieces = {"\\n",
                                              "\\\"",
                                              "\\\\",
                                              "\\u00e9",
                                              "\\ud83d\\ude00",
                                              "\\ud800",
                                              "\\q",
                                              "\\u12",
                                              "\xEF\xBF\xBD",
                                              "\xff",
                                              "\xc3",
                                              "é",
                                              "\t",
                                              "\n",
                                              "\r\n",
                                              "x",
                                              "=",
                                              " ",
                                              "{",
                                              "}",
                                              "[",
                                              "]",
                                              ",",
                                              ":",
                                              "'",
                                              "/",
                                              "\\/"};
const std::vector<std::string_view> scalars = {
    "0",    "-0",    "01",   "1.50", "1e5", "-1.5E+10", "12345678901234567890",
    "true", "false", "null", "1-2",  "1x",  "tru",      "nul",
    "-",    "3.",    "0x1f", "NaN",  "200", "503",      "17.20"};
const std::vector<std::string_view> arrays = {"[]",        "[1,2]",      "[\"a\",\"]\"]",
                                              "[[],[{}]]", "[}]",        "[{\"a\":[1,2]},3]",
                                              "[",         "[\"\\\"\"]", "[ ]"};
const std::vector<std::string_view> spaces = {"", "", "", "", " ", "  ", "\t", "\n"};

}  // namespace

line_generator::line_generator(std::uint64_t seed) : engine_(seed) {}

std::string line_generator::hex(std::size_t digits) {
  std::string out;
  for (std::size_t i = 0; i < digits; ++i) out += "0123456789abcdef"[below(16)];
  return out;
}

std::string line_generator::json() {
  std::string line = R"({"ts":"2026-11-22T00:00:)" + std::to_string(10 + below(50)) + "." +
                     std::to_string(100 + below(900)) + R"(Z","level":")";
  line += one_of(levels);
  line += R"(","msg":")";
  line += one_of(words);
  line += ' ';
  line += one_of(words);
  line += R"(","trace_id":")" + hex(32) + R"(","http":{"status":)";
  line += std::to_string(200 + below(4) * 100) + R"(,"path":"/api/)" + std::to_string(below(9000)) +
          "\"}";
  if (below(3) == 0) line += R"(,"tags":["a","b"],"ok":true)";
  if (below(5) == 0) line += R"(,"error":null)";
  return line + R"(,"duration_ms":)" + std::to_string(below(900)) + "." +
         std::to_string(10 + below(90)) + "}";
}

std::string line_generator::logfmt() {
  std::string line = "ts=2026-11-22T00:00:00." + std::to_string(100 + below(900)) + "Z level=";
  line += one_of(levels);
  line += " caller=main.go:" + std::to_string(below(500)) + " msg=\"";
  line += one_of(words);
  line += ' ';
  line += one_of(words);
  line += "\" id=" + std::to_string(below(100000));
  if (below(4) == 0) line += " err=";
  return line + " took=" + std::to_string(below(900)) + "ms";
}

std::string line_generator::text() {
  std::string line;
  for (std::uint64_t i = 3 + below(10); i > 0; --i) {
    line += one_of(words);
    line += i % 4 == 0 ? "=" : " ";
  }
  return line + std::to_string(below(1000));
}

std::string line_generator::string_body() {
  std::string body;
  for (std::uint64_t i = below(5); i > 0; --i) {
    body += below(3) == 0 ? one_of(pieces) : one_of(words);
  }
  return body;
}

std::string line_generator::wild_key() {
  if (below(20) == 0) return string_body();
  return std::string(one_of(keys));
}

std::string line_generator::wild_value(int depth) {
  switch (below(depth > 8 ? 6 : 8)) {
    case 0:
    case 1:
    case 2:
      return "\"" + string_body() + "\"";
    case 3:
    case 4:
      return std::string(one_of(scalars));
    case 5:
      return std::string(one_of(arrays));
    default:
      return wild_object(depth + 1);
  }
}

std::string line_generator::wild_object(int depth) {
  std::string line = "{";
  for (std::uint64_t i = below(6); i > 0; --i) {
    line += one_of(spaces);
    line += "\"" + wild_key() + "\"";
    line += one_of(spaces);
    line += ":";
    line += one_of(spaces);
    line += wild_value(depth);
    line += one_of(spaces);
    if (i > 1 || below(40) == 0) line += ",";
  }
  return line + "}";
}

std::string line_generator::wild_json() {
  std::string line(one_of(spaces));
  line += wild_object(0);
  line += one_of(spaces);
  if (below(30) == 0) line += "trailing";
  return line;
}

std::string line_generator::wild_logfmt() {
  std::string line(one_of(spaces));
  for (std::uint64_t i = 1 + below(7); i > 0; --i) {
    line += wild_key();
    if (below(12) != 0) line += "=";
    const std::uint64_t kind = below(4);
    if (kind == 0) line += "\"" + string_body() + "\"";
    if (kind == 1) line += string_body();
    if (kind == 2) line += one_of(scalars);
    line += below(15) == 0 ? "" : " ";
    line += one_of(spaces);
  }
  return line;
}

std::string line_generator::mutated() {
  std::string line;
  switch (below(4)) {
    case 0:
      line = json();
      break;
    case 1:
      line = logfmt();
      break;
    case 2:
      line = wild_json();
      break;
    default:
      line = wild_logfmt();
      break;
  }
  for (std::uint64_t i = 1 + below(3); i > 0 && !line.empty(); --i) {
    const std::size_t at = below(line.size());
    switch (below(5)) {
      case 0:
        line[at] = static_cast<char>(below(256));
        break;
      case 1:
        line.erase(at, 1 + below(4));
        break;
      case 2:
        line.insert(at, one_of(pieces));
        break;
      case 3:
        line.resize(at);
        break;
      default:
        line.insert(at, line.substr(below(line.size()), below(20)));
        break;
    }
  }
  return line;
}

std::string line_generator::hostile() {
  switch (below(12)) {
    case 0:
      return "";
    case 1:
      return std::string(1 + below(40), '\0');
    case 2:
      return R"({"a":")" + std::string(100'000, 'x') + "\"}";
    case 3: {
      std::string deep;
      for (int i = 0; i < 3000; ++i) deep += R"({"a":)";
      return deep + "1" + std::string(3000, '}');
    }
    case 4:
      return std::string(3000, '[') + std::string(3000, ']');
    case 5:
      return R"({"a":)" + std::string(3000, '[') + std::string(3000, ']') + "}";
    case 6:
      return "\"";
    case 7:
      return R"({"a":"\)";
    case 8: {
      std::string many = "{";
      for (int i = 0; i < 130; ++i) many += "\"k" + std::to_string(i) + "\":1,";
      return many + R"("z":1})";
    }
    case 9: {
      std::string noise;
      for (std::uint64_t i = below(60); i > 0; --i) noise += static_cast<char>(below(256));
      return noise;
    }
    case 10:
      return R"({"a":1,"a":2,"a":3})";
    default:
      return "a=\"b\\";
  }
}

std::string line_generator::any() {
  switch (below(16)) {
    case 0:
      return wild_json();
    case 1:
      return wild_logfmt();
    case 2:
      return mutated();
    case 3:
      return below(8) == 0 ? hostile() : text();
    case 4:
    case 5:
      return text();
    case 6:
    case 7:
    case 8:
    case 9:
      return logfmt();
    default:
      return json();
  }
}

}  // namespace skald
