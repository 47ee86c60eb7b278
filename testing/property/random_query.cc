// SPDX-License-Identifier: Apache-2.0
#include "testing/property/random_query.h"

namespace skald::logql::property {
namespace {

const words names = {
    "level", "v",   "n",   "dur",     "size",        "ip",    "msg",           "a",
    "b",     "app", "env", "m",       "v_extracted", "trace", "app_extracted", "a_b",
    "f_k",   "lvl", "a_k", "missing", "pod"};

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

// One of `choices`, of which the later ones are rarer.
std::string falling(random_source& random, const words& choices) {
  return choices[std::min(random.below(choices.size()), random.below(choices.size()))];
}

std::string some_names(random_source& random) {
  std::string out = random.pick(names);
  while (random.one_in(3)) out += ", " + random.pick(names);
  return out;
}

// Texts of which some begin like others, as one regular expression. No branch is empty: line
// filters leave such branches out, as Loki's do.
enum class branches { texts, any };
std::string alternation(random_source& random, branches kind) {
  static const words texts = {"web", "web-2", "web-20", "web-201",
                              "we",  "api-1", "api-10", "x-web"};
  static const words parts = {"web-2.*",    ".*-20",        "web.+",
                              "web-?2?",    "(web|api)-1",  "web-[0-9]",
                              "(?i:web-2)", "web(-2(0)?)?", "web-2(0|1|01)"};
  std::string out = random.one_in(8) ? "(?i)" : "";
  for (std::uint64_t i = 2 + random.below(3); i-- > 0;) {
    out += kind == branches::any && random.one_in(5) ? random.pick(parts) : random.pick(texts);
    if (i > 0) out += "|";
  }
  return out;
}

std::string selector(random_source& random) {
  if (random.one_in(12)) {
    return "{app=~\".+\", pod" + random.pick(words{"=~", "!~"}) + "`" +
           alternation(random, branches::any) + "`}";
  }
  if (!random.one_in(3)) return R"({app=~".+"})";
  return random.pick(words{R"({app="x"})", R"({app=~"x|y"})", R"({app=~".+", env!="dev"})",
                           R"({app="y", missing=""})", R"({env="prod"})",
                           R"({app=~"x", app!="z"})"});
}

// ---- Stages ----

std::string line_filter_operands(random_source& random, const std::string& op) {
  static const words literals = {"k1", "error", "=", "{", "v", "\"", "", "foo", "o w", "ERROR"};
  static const words regexes = {"k[0-9]",  "(?i)error", "fo+",  "error|info", ".+",     "v.*1",
                                "\\d+m?s", "^x",        "a\nb", ".*k.*",      "[^a-z]", "$"};
  static const words patterns = {"k<_>",      "<_>=<_>", "<_>error<_>", "level", "<_>\"",
                                 "<_> <_> v", ""};
  static const words ips = {"10.0.0.0/8", "192.168.0.0-192.168.1.80", "2001:db8::1", "10.0.0.1"};
  const bool literal = op == "|=" || op == "!=";
  if ((op == "|~" || op == "!~") && random.one_in(5)) {
    return "`" + alternation(random, branches::any) + "`";
  }
  std::string out;
  do {
    if (!out.empty()) out += " or ";
    if (literal && random.one_in(6)) {
      out += "ip(" + quoted(random.pick(ips)) + ")";
    } else if (literal) {
      out += quoted(random.pick(literals));
    } else {
      out += op == "|~" || op == "!~" ? "`" + random.pick(regexes) + "`"
                                      : quoted(random.pick(patterns));
    }
  } while (random.one_in(4));
  return out;
}

std::string line_filter(random_source& random) {
  const std::string op = falling(random, {"|=", "!=", "|~", "!~", "|>", "!>"});
  return op + " " + line_filter_operands(random, op);
}

std::string string_filter(random_source& random) {
  static const words values = {"info", "error", "", "", "foo", "1", "x", "k1", "q", "2.5", "fo o"};
  static const words regexes = {
      "info|warn", "er.*",     ".*o",      "i[a-z]+o",      "o+", ".+", ".*",
      "",          "(?i)INFO", "er.*|foo", "\\d+(\\.\\d+)?"};
  if (random.one_in(6)) {
    const std::string name = random.one_in(4) ? random.pick(names) : "pod";
    return name + random.pick(words{"=~", "=~", "!~"}) + "`" +
           alternation(random, branches::texts) + "`";
  }
  const std::string name = random.one_in(8) ? "__error__" : random.pick(names);
  if (name == "__error__") {
    return name + random.pick(words{"=", "!=", "=~", "!~"}) +
           random.pick(words{"\"\"", "\"JSONParserErr\"", "\"LabelFilterErr\"", "\"\""});
  }
  if (random.one_in(2)) {
    return name + random.pick(words{"=", "!="}) + quoted(random.pick(values));
  }
  return name + random.pick(words{"=~", "!~"}) + "`" + random.pick(regexes) + "`";
}

std::string value_filter(random_source& random) {
  const std::string op = random.pick(words{">", ">=", "<", "<=", "==", "!=", "="});
  switch (random.below(4)) {
    case 0:
      return random.pick(words{"dur", "v", "missing"}) + op +
             random.pick(words{"500ms", "2s", "1d", "1h30m", "-1s"});
    case 1:
      return random.pick(words{"size", "v", "n"}) + op +
             random.pick(words{"1KB", "1.5MB", "1KiB", "10B"});
    case 2:
      return random.pick(words{"ip", "msg", "app"}) + random.pick(words{"=", "!="}) + "ip(" +
             quoted(random.pick(words{"10.0.0.0/8", "192.168.0.5", "2001:db8::/32"})) + ")";
    default:
      return random.pick(words{"v", "n", "dur", "a", "v_extracted", "level"}) + op +
             random.pick(words{"1", "2.5", "3", "-3", "1000", "0"});
  }
}

std::string filter_expression(random_source& random, int depth) {
  std::string out = random.one_in(2) ? string_filter(random) : value_filter(random);
  if (depth > 2 || !random.one_in(4)) return out;
  if (random.one_in(3)) out = "(" + out + " or " + filter_expression(random, depth + 1) + ")";
  return out + random.pick(words{" and ", ", ", " or ", " "}) +
         filter_expression(random, depth + 1);
}

std::string parser(random_source& random) {
  static const words json_paths = {"x=\"a\"",        "v",         "y=\"f.g\"",     "k=`a.k`",
                                   "z=\"b[1]\"",     "level",     "q=`[\"a-b\"]`", "app",
                                   "w=\"msg[0].k\"", "r=\"[0]\"", "n=\"a\""};
  static const words logfmt_keys = {"x=\"a\"", "v",       "level",  "k=`lvl`",
                                    "app",     "b=\"a\"", "a=\"b\""};
  const auto list = [&](const words& from) {
    std::string out = random.pick(from);
    while (random.one_in(2)) out += ", " + random.pick(from);
    return out;
  };
  switch (random.below(13)) {
    case 0:
    case 1:
    case 2:
      return "| json";
    case 3:
    case 4:
    case 5:
      return "| logfmt" +
             random.pick(words{"", "", " --strict", " --keep-empty", " --strict --keep-empty"});
    case 6:
    case 7:
      return "| json " + list(json_paths);
    case 8:
      return "| logfmt " + random.pick(words{"", "--strict "}) + list(logfmt_keys);
    case 9:
      return "| regexp `" +
             random.pick(words{"v=(?P<v>\\d+)", "(?P<a>\\w+) (?P<b>\\w+)?",
                               "(?P<level>info|error)(?P<msg>.*)", "^(?P<app>.)(.*)$"}) +
             "`";
    case 10:
      return "| pattern `" +
             random.pick(words{"<a> <b>", "GET /<msg> <v> <dur>", "<_>=<v> ", "<level> <_> v=<v>",
                               "{<a>,<_>"}) +
             "`";
    default:
      return "| unpack";
  }
}

std::string format(random_source& random) {
  static const words templates = {"{{.level}}",
                                  "{{.v}} {{.msg}}",
                                  "same",
                                  "v={{.v}} level={{.level | upper}}",
                                  "{{__line__}}!",
                                  "{{.a.b}}",
                                  "{\"a\":\"{{.a}}\"}",
                                  "{{if .v}}y{{else}}n{{end}}",
                                  "{{.__error__}} ",
                                  "{{.__error__}}",
                                  "{{ div 1 (int .v) }}",
                                  ""};
  if (random.one_in(2)) return "| line_format " + quoted(random.pick(templates));
  const words targets = {"a", "b", "app", "x", "level", "m", "v"};
  std::string out;
  std::string used;
  do {
    const std::string target = random.pick(targets);
    if (used.find("," + target + ",") != std::string::npos) continue;
    used += "," + target + ",";
    out += (out.empty() ? "" : ", ") + target + "=" +
           (random.one_in(2) ? random.pick(names) : quoted(random.pick(templates)));
  } while (random.one_in(3));
  return "| label_format " + out;
}

std::string choice(random_source& random) {
  std::string out;
  do {
    const std::string name = random.one_in(8) ? "__error__" : random.pick(names);
    out += (out.empty() ? "" : ", ") + name;
    if (random.one_in(3)) {
      out += random.pick(words{"=\"x\"", "!=\"x\"", "=~\".+\"", "!~\"i.*\"", "=\"\""});
    }
  } while (random.one_in(2));
  if (random.one_in(8)) out += ", __error_details__";
  return random.pick(words{"| drop ", "| keep "}) + out;
}

std::string stage(random_source& random) {
  switch (random.below(12)) {
    case 0:
    case 1:
      return line_filter(random);
    case 2:
    case 3:
    case 4:
      return "| " + filter_expression(random, 0);
    case 5:
    case 6:
    case 7:
      return parser(random);
    case 8:
    case 9:
      return format(random);
    case 10:
      return random.one_in(3) ? "| decolorize" : line_filter(random);
    default:
      return choice(random);
  }
}

std::vector<std::string> stages(random_source& random) {
  std::vector<std::string> out;
  if (random.one_in(4)) return out;
  if (random.one_in(3)) out.push_back(line_filter(random));
  if (!random.one_in(3)) out.push_back(parser(random));
  for (std::uint64_t i = random.below(4); i-- > 0;) out.push_back(stage(random));
  return out;
}

// ---- Metric queries ----

std::string grouping(random_source& random) {
  if (random.one_in(10)) return random.pick(words{"by", "without"}) + " ()";
  return random.pick(words{"by", "by", "without"}) + " (" +
         (random.one_in(12) ? "__error__, " : "") + some_names(random) + ")";
}

query_part range_query(random_source& random) {
  static const words plain = {"count_over_time", "rate", "bytes_over_time", "bytes_rate",
                              "absent_over_time"};
  static const words unwrapping = {"sum_over_time",
                                   "avg_over_time",
                                   "min_over_time",
                                   "max_over_time",
                                   "stddev_over_time",
                                   "stdvar_over_time",
                                   "quantile_over_time",
                                   "first_over_time",
                                   "last_over_time",
                                   "rate_counter",
                                   "rate",
                                   "absent_over_time"};
  query_part part;
  const bool unwraps = random.one_in(2);
  const std::string function = random.pick(unwraps ? unwrapping : plain);
  part.head = function + "(";
  if (function == "quantile_over_time")
    part.head += random.pick(words{"0.5", "0.9", "0", "1.5"}) + ", ";
  part.head += selector(random);
  part.stages = stages(random);
  if (unwraps) {
    if (part.stages.empty()) part.stages.push_back("| logfmt");
    std::string unwrap =
        "| unwrap " + random.pick(words{"v", "n", "v", "a", "duration(dur)", "bytes(size)",
                                        "duration_seconds(dur)", "v_extracted"});
    if (!random.one_in(4)) unwrap += " | __error__=\"\"";
    if (random.one_in(4)) unwrap += " | " + filter_expression(random, 1);
    part.stages.push_back(unwrap);
  } else if (random.one_in(2)) {
    part.stages.push_back("| __error__=\"\"");
  }
  part.tail = "[" + random.pick(words{"5s", "10s", "7s", "30s", "1m", "1s", "2500ms"}) + "]";
  if (random.one_in(6)) part.tail += " offset " + random.pick(words{"5s", "-3s", "1500ms"});
  part.tail += ")";
  const bool groups = function.starts_with("avg") || function.starts_with("m") ||
                      function.starts_with("std") || function.starts_with("quan") ||
                      function.starts_with("first") || function.starts_with("last");
  if (groups && random.one_in(2)) part.tail += " " + grouping(random);
  part.exact = !function.starts_with("avg") && !function.starts_with("std") &&
               !function.starts_with("quan") && function != "rate_counter" && function != "rate" &&
               function != "bytes_rate";
  return part;
}

query_part metric_part(random_source& random, int depth);

query_part vector_query(random_source& random, int depth) {
  query_part part;
  part.children.push_back(random.one_in(2) ? range_query(random) : metric_part(random, depth + 1));
  part.exact = part.children[0].exact;
  std::string function =
      random.pick(words{"sum", "sum", "sum", "avg", "min", "max", "count", "stddev", "stdvar",
                        "topk", "bottomk", "sort", "sort_desc"});
  if (!part.exact && (function == "topk" || function == "bottomk" || function.starts_with("s"))) {
    function = "sum";
  }
  const bool sorts = function.starts_with("sort");
  const std::string clause = !sorts && random.one_in(2) ? grouping(random) : "";
  const std::string parameter =
      function == "topk" || function == "bottomk" ? random.pick(words{"1, ", "2, ", "3, "}) : "";
  const bool in_front = random.one_in(2) || clause.empty();
  part.head = function + (in_front && !clause.empty() ? " " + clause + " " : "") + "(" + parameter;
  part.tail = ")" + (in_front ? "" : " " + clause);
  if (function == "avg" || function.starts_with("std")) part.exact = false;
  return part;
}

query_part binary_query(random_source& random, int depth) {
  query_part part;
  const bool with_number = random.one_in(3);
  part.children.push_back(metric_part(random, depth + 1));
  part.exact = part.children[0].exact;
  if (!with_number) {
    part.children.push_back(random.one_in(3) ? part.children[0] : metric_part(random, depth + 1));
    part.exact = part.exact && part.children[1].exact;
  }
  std::string op = random.pick(words{"+", "-", "*", "/", "%", "^"});
  if (random.one_in(3) && part.exact) op = random.pick(words{">", ">=", "<", "<=", "==", "!="});
  const bool compares = op.find_first_of("<>=!") != std::string::npos;
  if (op == "%" && !part.exact) op = "+";
  if (op == "/" || op == "^" || op == "*") part.exact = false;
  if (compares && random.one_in(2)) op += " bool";
  if (with_number) {
    const std::string number = random.pick(words{"2", "1", "0", "0.5", "3"});
    const bool number_first = random.one_in(2);
    part.head = number_first ? "(" + number + " " + op + " (" : "((";
    part.tail = number_first ? "))" : ") " + op + " " + number + ")";
    return part;
  }
  if (random.one_in(4)) op = random.pick(words{"or", "and", "unless"});
  const bool is_set = op == "or" || op == "and" || op == "unless";
  if (random.one_in(2)) {
    op += " " + random.pick(words{"on", "ignoring"}) + " (" +
          (random.one_in(4) ? "" : some_names(random)) + ")";
    if (!is_set && random.one_in(3)) {
      op += random.pick(words{" group_left", " group_right"}) +
            random.pick(words{"", " (level)", " (a, env)"});
    }
  }
  part.head = "((";
  part.middle = ") " + op + " (";
  part.tail = "))";
  return part;
}

query_part metric_part(random_source& random, int depth) {
  const std::uint64_t kind = random.below(depth > 2 ? 5 : 10);
  if (kind < 5) return range_query(random);
  if (kind < 8) return vector_query(random, depth);
  if (kind == 8) return binary_query(random, depth);
  if (random.one_in(3)) {
    query_part constant;
    constant.head = "vector(" + random.pick(words{"1", "0", "2.5"}) + ")";
    return constant;
  }
  query_part part;
  part.children.push_back(metric_part(random, depth + 1));
  part.exact = part.children[0].exact;
  part.head = "label_replace(";
  part.tail = ", " + quoted(random.pick(words{"dst", "app", "level"})) + ", " +
              quoted(random.pick(words{"$1", "<${1}>", "", "c", "$2x$$"})) + ", " +
              quoted(random.pick(words{"app", "level", "missing"})) + ", " +
              quoted(random.pick(words{"(.*)", "(i).*", "x", "(.)(.*)"})) + ")";
  return part;
}

}  // namespace

std::string query_part::text() const {
  std::string out = head;
  for (const std::string& stage : stages) out += " " + stage;
  if (!stages.empty()) out += " ";
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (i > 0) out += middle;
    out += children[i].text();
  }
  return out + tail;
}

query_part random_log_query(random_source& random) {
  query_part part;
  part.head = selector(random);
  part.stages = stages(random);
  return part;
}

query_part random_metric_query(random_source& random) {
  return metric_part(random, 0);
}

std::vector<query_part> smaller_queries(const query_part& query) {
  std::vector<query_part> out = query.children;
  for (std::size_t i = 0; i < query.stages.size(); ++i) {
    query_part less = query;
    less.stages.erase(less.stages.begin() + static_cast<std::ptrdiff_t>(i));
    out.push_back(std::move(less));
  }
  for (std::size_t i = 0; i < query.children.size(); ++i) {
    for (query_part& child : smaller_queries(query.children[i])) {
      query_part less = query;
      less.children[i] = std::move(child);
      out.push_back(std::move(less));
    }
  }
  return out;
}

}  // namespace skald::logql::property
