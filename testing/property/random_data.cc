// SPDX-License-Identifier: Apache-2.0
#include "testing/property/random_data.h"

#include "testing/kit/memory_block.h"

namespace skald::logql::property {
namespace {

constexpr std::int64_t second = 1'000'000'000;

const words numbers = {"1", "2",    "3",    "2.5",  "-3",   "0",  "7",  "1e3", "1_000", "abc",
                       "",  "0x10", "1.25", "1.50", "+Inf", "10", "12", "NaN", "4",     "5"};
const words durations = {"250ms", "500ms", "1.5s", "1h", "2s", "5", "1d", "x", "", "1h30m", "3s"};
const words sizes = {"5KB", "1.5MB", "1000", "5 MB", "1KiB", "zz", "10B", "", "1,000B"};
const words levels = {"info", "error", "warn", "", "debug"};
const words addresses = {"10.0.0.1",        "192.168.0.5:8080", "10.1.2.300", "2001:DB8::1",
                         "::ffff:10.0.0.1", "192.168.1.77",     "none"};
const words texts = {"hello world",  "x",   "k1",     "k2",  "fo o",     "foo",    "caf\xC3\xA9",
                     "\xEF\xBF\xBD", "a=b", "q\xFFr", "5ms", "ERROR k3", "foobar", "q"};

// Each begins like others do.
const words pods = {"web",   "web-2",  "web-20", "web-201",       "we",
                    "api-1", "api-10", "WEB-2",  "web-2\xC3\xA9", "x-web-2"};

std::string value_for(const std::string& key, random_source& random) {
  if (key == "pod") return random.pick(pods);
  if (key == "level" || key == "lvl") return random.pick(levels);
  if (key == "v" || key == "n") return random.pick(numbers);
  if (key == "dur") return random.pick(durations);
  if (key == "size") return random.pick(sizes);
  if (key == "ip") return random.pick(addresses);
  return random.pick(texts);
}

const words keys = {"level", "v", "n",   "dur",   "size", "ip", "msg",
                    "a",     "b", "app", "trace", "a-b",  "pod"};

std::string json_string(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string json_value_text(const std::string& key, random_source& random, int depth) {
  const std::string text = value_for(key, random);
  switch (random.below(9)) {
    case 0:
      return random.pick(words{"1", "2.5", "-3", "1e3", "1.50", "7", "01", "1x"});
    case 1:
      return random.pick(words{"true", "false", "null"});
    case 2:
      if (depth > 2) break;
      return "[" + json_value_text(key, random, depth + 1) + "," +
             json_value_text("b", random, depth + 1) + "]";
    case 3: {
      if (depth > 2) break;
      const std::string inner = random.pick(keys);
      return "{" + json_string(inner) + ":" + json_value_text(inner, random, depth + 1) +
             ",\"k\":" + json_value_text("k", random, depth + 1) + "}";
    }
    case 4:
      return random.pick(words{R"("\u0066oo")", R"("\ud83d\ude00")", R"("\ud800")", R"("a\nb")",
                               R"("\q")", R"("x\"y")", R"("\u0000")"});
    default:
      break;
  }
  return json_string(text);
}

std::string json_line(random_source& random) {
  std::string out = "{";
  for (std::uint64_t i = random.below(6); i-- > 0;) {
    const std::string key =
        random.one_in(12) ? random.pick(words{"", " ", "1k", "sp ace", "a_b", "\xC3\xA9", "f"})
                          : random.pick(keys);
    if (out.size() > 1) out += random.one_in(8) ? " , " : ",";
    out += json_string(key) + (random.one_in(8) ? " : " : ":") + json_value_text(key, random, 0);
  }
  return out + "}";
}

std::string logfmt_line(random_source& random) {
  std::string out;
  for (std::uint64_t i = random.below(6); i-- > 0;) {
    const std::string key = random.pick(keys);
    const std::string value = value_for(key, random);
    if (!out.empty()) out += random.one_in(10) ? "  " : " ";
    out += key;
    const bool quoted = value.find_first_of(" =\"") != std::string::npos || random.one_in(6);
    if (value.empty() && random.one_in(2)) continue;
    out += "=" + (quoted ? json_string(value) : value);
  }
  return out;
}

std::string packed_line(random_source& random) {
  std::string out = "{";
  for (std::uint64_t i = random.below(3); i-- > 0;) {
    const std::string key = random.pick(keys);
    out += json_string(key) + ":" + json_string(value_for(key, random)) + ",";
  }
  return out + "\"_entry\":" + json_string(logfmt_line(random)) + "}";
}

std::string text_line(random_source& random) {
  switch (random.below(6)) {
    case 0:
      return "";
    case 1:
      return "\x1B[31m" + random.pick(levels) + "\x1B[0m " + random.pick(texts);
    case 2:
      return "GET /" + random.pick(texts) + " " + random.pick(numbers) + " " +
             random.pick(durations);
    case 3:
      return random.pick(addresses) + " - " + random.pick(texts);
    case 4:
      return random.pick(texts) + "\n" + random.pick(texts);
    default:
      return random.pick(levels) + " " + random.pick(texts) + " v=" + random.pick(numbers);
  }
}

// A byte here and there is lost, doubled or replaced.
void damage(std::string& line, random_source& random) {
  static const words pieces = {"{", "}",  "[",    "]",    "\"",    ",",        ":",      "\\", "=",
                               " ", "\t", "\x01", "\xFF", "\\u12", "\xC3\xA9", "_entry", "1"};
  for (std::uint64_t i = 1 + random.below(3); i-- > 0;) {
    const std::size_t at = random.below(line.size() + 1);
    if (random.one_in(2) && at < line.size()) line.erase(at, 1 + random.below(3));
    if (random.one_in(2)) line.insert(std::min(at, line.size()), random.pick(pieces));
  }
}

std::string random_line(std::uint64_t style, random_source& random) {
  if (random.one_in(5)) style = random.below(4);
  std::string line;
  switch (style) {
    case 0:
      line = json_line(random);
      break;
    case 1:
      line = logfmt_line(random);
      break;
    case 2:
      line = packed_line(random);
      break;
    default:
      line = text_line(random);
  }
  if (random.one_in(8)) damage(line, random);
  return line;
}

std::vector<label> random_metadata(random_source& random) {
  label_set set;
  while (random.one_in(3)) {
    const std::string name =
        random.pick(words{"trace", "v", "app", "level", "m", "a", "pod", "pod"});
    std::string value = value_for(name, random);
    if (value.empty()) value = "e";
    set.set(name, value);
  }
  return {set.begin(), set.end()};
}

std::int64_t random_time(random_source& random) {
  const auto whole = static_cast<std::int64_t>(1 + random.below(58)) * second;
  if (random.one_in(4)) return whole + static_cast<std::int64_t>(random.below(4)) * second / 4;
  if (random.one_in(12)) return whole + static_cast<std::int64_t>(random.below(3)) - 1;
  return whole;
}

}  // namespace

data_set random_data(random_source& random) {
  static const words streams = {R"({app="x"})",
                                R"({app="x", env="prod"})",
                                R"({app="y", env="dev"})",
                                R"({app="y", level="info", n="1"})",
                                R"({app="z", env="prod", v="2.5"})",
                                R"({app="x", pod="web-2"})",
                                R"({app="y", pod="web-20"})"};
  data_set data;
  for (std::uint64_t s = 1 + random.below(4); s-- > 0;) {
    const stream_ptr stream = stream_of(random.pick(streams));
    const std::uint64_t style = random.below(4);
    for (std::uint64_t i = random.below(24); i-- > 0;) {
      if (!data.empty() && random.one_in(15)) {  // again, or another line at its time
        reference::stored_entry again = random.pick(data);
        if (random.one_in(2)) again.line = random_line(style, random);
        data.push_back(again);
        continue;
      }
      data.push_back(
          {stream, random_time(random), random_metadata(random), random_line(style, random)});
    }
  }
  return data;
}

std::string to_text(const data_set& data) {
  std::string out;
  for (const reference::stored_entry& entry : data) {
    out += "  " + entry.stream->canonical_labels + " " + std::to_string(entry.timestamp_ns) + " ";
    append_quoted(out, entry.line);
    if (!entry.metadata.empty()) out += " " + label_set(entry.metadata).canonical();
    out += "\n";
  }
  return out;
}

}  // namespace skald::logql::property
