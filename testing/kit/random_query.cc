// SPDX-License-Identifier: Apache-2.0
#include "testing/kit/random_query.h"

namespace skald {
std::string query_generator::key() {
  if (chance(4)) return pick<std::string>({"level_extracted", "app_extracted", "__error__", "x"});
  return pick<std::string>({"level", "level", "status", "status", "dur", "size", "v", "v", "msg",
                            "app", "env", "m", "a_b", "n_x"});
}

std::string query_generator::value() {
  return pick<std::string>({"info",
                            "warn",
                            "error",
                            "error",
                            "200",
                            "404",
                            "500",
                            "15ms",
                            "2s",
                            "1.5",
                            "7",
                            "12",
                            "5KB",
                            "1e3",
                            "x",
                            "",
                            "Timeout",
                            "TIMEOUT reached",
                            "k\xE2\x84\xAAs",
                            "\xE2\x84\xAAss",
                            "caf\xC3\xA9"});
}

std::string query_generator::json_line() {
  std::string line = chance(5) ? " {" : "{";
  for (std::uint64_t i = 0, count = below(7); i < count; ++i) {
    if (i > 0) line += chance(10) ? ", " : ",";
    const std::string name = key();
    const std::string text = value();
    const bool bare = !text.empty() && (text[0] >= '0' && text[0] <= '9');
    switch (below(12)) {
      case 0:
        line += "\"n\":{\"x\":\"" + text + "\",\"y\":1}";
        break;
      case 1:
        line += "\"a.b\":\"" + text + "\"";
        break;
      case 2:
        line += "\"" + name + "\":" + pick<std::string>({"null", "true", "[1,\"a\"]", "{}"});
        break;
      case 3:
        line += "\"" + name + "\":\"" +
                pick<std::string>({"a\\nb", "\\u0065rror", "\\q", "a\\\"b", "\xFF"}) + "\"";
        break;
      default:
        line += "\"" + name + "\":" + (bare && chance(60) ? text : "\"" + text + "\"");
        break;
    }
  }
  line += "}";
  if (chance(6)) line.resize(below(line.size()));
  if (chance(10)) line += " " + logfmt_line();
  return line;
}

std::string query_generator::logfmt_line() {
  std::string line;
  for (std::uint64_t i = 0, count = below(7); i < count; ++i) {
    if (i > 0) line += ' ';
    std::string text = value();
    if (text.find(' ') != std::string::npos || chance(15)) text = "\"" + text + "\"";
    switch (below(14)) {
      case 0:
        line += key();
        break;
      case 1:
        line += key() + "=";
        break;
      case 2:
        line += key() + pick<std::string>({"=a=b", "=\"a\\nb\"", "=\"a", "=\"\\q\"", "=\xFF"});
        break;
      default:
        line += key() + "=" + text;
        break;
    }
  }
  return line;
}

std::string query_generator::line() {
  switch (below(10)) {
    case 0:
      return pick<std::string>({"", "plain error text", "\x1b[31merror\x1b[0m level=error",
                                "level=error\nstatus=500", "Timeout \xC4\xB0n 12"});
    case 1:
    case 2:
    case 3:
      return logfmt_line();
    default:
      return json_line();
  }
}

std::vector<label> query_generator::metadata() {
  std::vector<label> pairs;
  if (!chance(25)) return pairs;
  pairs.push_back({pick<std::string>({"m", "trace", "level", "app"}),
                   pick<std::string>({"m1", "error", "12"})});
  if (chance(5)) pairs.push_back({"__error__", "Broken"});
  return pairs;
}

std::string query_generator::label_name() {
  if (chance(5)) return pick<std::string>({"level_extracted", "app_extracted", "m_extracted"});
  return pick<std::string>({"level", "level", "level", "status", "status", "dur", "size", "v", "v",
                            "msg", "app", "env", "m", "a_b", "n_x", "missing"});
}

std::string query_generator::line_filter() {
  const std::string word = pick<std::string>(
      {"error", "level", "500", "\\\"status\\\":5", "timeout", "k", "zzz", "\\n", ""});
  switch (below(8)) {
    case 0:
      return " != \"" + word + "\"";
    case 1:
      return " |~ \"" +
             pick<std::string>({"(?i)timeout", "lev.l", "(?i)KS", "error|warn", "[0-9]{3}",
                                "(?i)kss", "(?i)error.*12", "status.*(404|500)", "k.s"}) +
             "\"";
    case 2:
      return " !~ \"" + pick<std::string>({"(?i)timeout", "5.0", "info|warn"}) + "\"";
    case 3:
      return " |= \"" + word + "\" or \"info\"";
    case 4:
      return " |> `<_>level<_>err<_>`";
    default:
      return " |= \"" + word + "\"";
  }
}

std::string query_generator::label_filter(int depth) {
  if (depth < 2 && chance(18)) {
    return "(" + label_filter(depth + 1) + pick<std::string>({" or ", " or ", " and "}) +
           label_filter(depth + 1) + ")";
  }
  const std::string name = label_name();
  switch (below(11)) {
    case 0:
      return "__error__" + pick<std::string>({"=\"\"", "=\"\"", "!=\"\"", "=\"JSONParserErr\""});
    case 1:
      return name + pick<std::string>({">", ">=", "<", "!=", "=="}) +
             pick<std::string>({"7", "1.5", "404"});
    case 2:
      return name + pick<std::string>({">", "<="}) + pick<std::string>({"10ms", "2s"});
    case 3:
      return name + pick<std::string>({">", "<"}) + pick<std::string>({"1KB", "5B"});
    case 4:
      return name + pick<std::string>({"=~", "!~"}) + "\"" +
             pick<std::string>({"err.*", ".+", "warn|error", "", "(?i)timeout.*", "5.."}) + "\"";
    case 5:
      return name + "=ip(\"10.0.0.1\")";
    case 6:
      return name + "!=\"" + pick<std::string>({"info", "", "a1"}) + "\"";
    case 7:
      return name + "=\"" + pick<std::string>({"", "a1", "e1", "m1"}) + "\"";
    default:
      return name + "=\"" + pick<std::string>({"error", "error", "500", "info", "x"}) + "\"";
  }
}

std::string query_generator::parser() {
  if (chance(75)) return pick<std::string>({" | json", " | json", " | logfmt"});
  return pick<std::string>({" | logfmt --strict", " | logfmt --keep-empty",
                            " | json level=\"status\"", " | logfmt v=\"status\", level",
                            " | regexp `level=(?P<level>\\w+)`", " | pattern `<level> <_>`",
                            " | unpack"});
}

std::string query_generator::other_stage() {
  switch (below(7)) {
    case 0:
      if (chance(40)) return " | label_format level=`error` | level=\"error\"";
      return " | label_format " + label_name() + "=" + pick<std::string>({"status", "`{{.v}}x`"});
    case 1:
      return " | drop " + label_name() + pick<std::string>({"", ", __error__", "=\"error\""});
    case 2:
      return " | drop __error__, __error_details__";
    case 3:
      return " | keep " + label_name() + ", level, app";
    case 4:
      return " | line_format `{{.level}} {{.msg}}`";
    case 5:
      return " | decolorize";
    default:
      return parser();
  }
}

std::string query_generator::stages() {
  std::string text;
  if (chance(8)) text += " | " + label_filter(0);
  if (chance(4)) text += other_stage();
  for (int i = 0; i < 2; ++i) {
    if (chance(25)) text += line_filter();
  }
  if (chance(92)) text += parser();
  for (std::uint64_t i = 0, count = below(4); i < count; ++i) {
    const std::uint64_t what = below(10);
    text += what == 0 ? line_filter() : what <= 2 ? other_stage() : " | " + label_filter(0);
  }
  return text;
}

std::string query_generator::unwrap() {
  const std::string name = label_name();
  std::string text =
      " | unwrap " + pick<std::string>({name, name, "duration(" + name + ")", "bytes(" + name + ")",
                                        "duration_seconds(dur)", "v", "v"});
  if (chance(60)) text += " | __error__=\"\"";
  if (chance(20)) text += " | " + label_filter(1);
  return text;
}

std::string query_generator::names() {
  std::string text = label_name();
  while (chance(35)) text += ", " + label_name();
  if (chance(5)) text += ", __error__";
  return text;
}

std::string query_generator::metric_query() {
  const bool clean = chance(50);
  const std::string rows = selector() + stages() + (clean ? " | __error__=\"\"" : "");
  const std::string window = pick<std::string>({" [5s])", " [20s])", " [1m])"});
  switch (below(12)) {
    case 0:
      return "count_over_time(" + rows + window;
    case 1:
      return "sum(rate(" + rows + window + ")";
    case 2:
      return "sum by (" + names() + ") (bytes_over_time(" + rows + window + ")";
    case 3:
      return "sum without (" + names() + ") (count_over_time(" + rows + window + ")";
    case 4:
      return "max by (" + names() + ") (max_over_time(" + rows + unwrap() + window + ")";
    case 5:
      return pick<std::string>({"avg", "stddev", "first", "last", "min"}) + "_over_time(" + rows +
             unwrap() + window + " by (" + names() + ")";
    case 6:
      return "quantile_over_time(0.9, " + rows + unwrap() + window +
             pick<std::string>({" by (" + names() + ")", "", " by ()"});
    case 7:
      return "sum by (" + names() + ") (sum_over_time(" + rows + unwrap() + window + ")";
    case 8:
      return "absent_over_time(" + rows + window;
    case 9:
      return "sum(sum_over_time(" + rows + unwrap() + window + ")";
    default:
      return "sum by (" + names() + ") (count_over_time(" + rows + window + ")";
  }
}

logql::query_request query_generator::request() {
  constexpr std::int64_t second = 1'000'000'000;
  logql::query_request request;
  request.query = chance(35) ? log_query() : metric_query();
  request.end_ns = (chance(50) ? 60 : 45) * second;
  request.start_ns = chance(50) ? 0 : 7 * second;
  request.step_ns = static_cast<std::int64_t>(1 + below(20)) * second;
  request.limit = static_cast<std::uint32_t>(1 + below(60));
  request.forward = chance(50);
  if (chance(10)) request.interval_ns = 3 * second;
  return request;
}

}  // namespace skald
