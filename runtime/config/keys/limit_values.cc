// SPDX-License-Identifier: Apache-2.0
// Limits whose values are words of a closed list, times, or lists of mappings; and the periods of
// schema_config.
#include <re2/re2.h>
#include <yaml-cpp/yaml.h>

#include <cstdio>
#include <ctime>

#include "runtime/base/ascii_case.h"
#include "runtime/config/keys/config_keys.h"
#include "runtime/logql/scan/go_regex.h"

namespace skald {
namespace {

error invalid(std::string message) {
  return error{errc::invalid_argument, std::move(message)};
}

std::string quoted(const std::string& text) {
  YAML::Emitter out;
  out << YAML::DoubleQuoted << text;
  return out.c_str();
}

std::string flow_list(const std::vector<std::string>& items) {
  std::string out = "[";
  for (const std::string& item : items) {
    if (out.size() > 1) out += ", ";
    out += quoted(item);
  }
  return out + "]";
}

result<void> read_words(const YAML::Node& from, std::vector<std::string>& to) {
  if (!from || from.IsNull()) return {};
  if (from.IsScalar()) return assign_text(&to, from.Scalar());
  if (!from.IsSequence()) return invalid("cannot unmarshal !!map into []string");
  to.clear();
  for (const YAML::Node& item : from) to.push_back(item.Scalar());
  return {};
}

result<void> expect_sequence(const YAML::Node& from, std::string_view type) {
  if (from.IsSequence()) return {};
  return invalid("cannot unmarshal !!" + std::string(from.IsMap() ? "map" : "str") + " into " +
                 std::string(type));
}

// Days since 1970-01-01 of a date of the Gregorian calendar.
std::int64_t days_of(std::int64_t year, unsigned month, unsigned day) {
  std::tm parts{};
  parts.tm_year = static_cast<int>(year - 1900);
  parts.tm_mon = static_cast<int>(month) - 1;
  parts.tm_mday = static_cast<int>(day);
  return timegm(&parts) / 86400;
}

result<void> read_block_until(config_draft& draft, const YAML::Node& from) {
  const std::string& text = from.Scalar();
  int year = 0;
  unsigned month = 0, day = 0, hour = 0, minute = 0, second = 0;
  if (text.empty() || text == "0" || text.rfind("0001-01-01", 0) == 0) {
    draft.config.limits.block_ingestion_until_ns = 0;
    return {};
  }
  int length = 0;
  if (std::sscanf(text.c_str(), "%4d-%2u-%2uT%2u:%2u:%2uZ%n", &year, &month, &day, &hour, &minute,
                  &second, &length) != 6 ||
      length != static_cast<int>(text.size()) || month < 1 || month > 12 || day < 1 || day > 31 ||
      hour > 23 || minute > 59 || second > 59 || year < 1970 || year > 2200) {
    return invalid("cannot parse \"" + text + "\" as a time like \"2006-01-02T15:04:05Z\"");
  }
  const std::int64_t seconds =
      days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
  draft.config.limits.block_ingestion_until_ns = seconds * 1'000'000'000;
  return {};
}

std::string print_block_until(const config_draft& draft) {
  const std::int64_t ns = draft.config.limits.block_ingestion_until_ns;
  if (ns == 0) return "0";
  const std::time_t seconds = ns / 1'000'000'000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char buffer[40];
  std::strftime(buffer, sizeof buffer, "\"%Y-%m-%dT%H:%M:%SZ\"", &parts);
  return buffer;
}

result<void> read_rate_strategy(config_draft& draft, const YAML::Node& from) {
  const std::string& text = from.Scalar();
  if (text == "global") {
    draft.config.limits.rate_strategy = ingestion_rate_strategy::global;
  } else if (text == "local") {
    draft.config.limits.rate_strategy = ingestion_rate_strategy::local;
  } else {
    return invalid("unknown ingestion rate strategy \"" + text + "\": must be global or local");
  }
  return {};
}

std::string print_rate_strategy(const config_draft& draft) {
  return draft.config.limits.rate_strategy == ingestion_rate_strategy::global ? "global" : "local";
}

result<void> read_deletion_mode(config_draft& draft, const YAML::Node& from) {
  const std::string& text = from.Scalar();
  deletion_mode& mode = draft.config.limits.deletion;
  if (text == "disabled") {
    mode = deletion_mode::disabled;
  } else if (text == "filter-only") {
    mode = deletion_mode::filter_only;
  } else if (text == "filter-and-delete") {
    mode = deletion_mode::filter_and_delete;
  } else {
    return invalid("unknown deletion mode: must be one of disabled|filter-only|filter-and-delete");
  }
  return {};
}

std::string print_deletion_mode(const config_draft& draft) {
  switch (draft.config.limits.deletion) {
    case deletion_mode::disabled:
      return "disabled";
    case deletion_mode::filter_only:
      return "filter-only";
    case deletion_mode::filter_and_delete:
      return "filter-and-delete";
  }
  return "";
}

result<void> read_retention_stream(config_draft& draft, const YAML::Node& from) {
  SKALD_TRY(expect_sequence(from, "[]validation.StreamRetention"));
  std::vector<stream_retention> rules;
  for (const YAML::Node& item : from) {
    stream_retention rule;
    if (const YAML::Node n = item["selector"]) rule.selector = n.Scalar();
    if (const YAML::Node n = item["priority"]) SKALD_TRY(assign_yaml(&rule.priority, n, draft));
    if (const YAML::Node n = item["period"]) SKALD_TRY(assign_yaml(&rule.period, n, draft));
    rules.push_back(std::move(rule));
  }
  draft.config.limits.retention_stream = std::move(rules);
  return {};
}

std::string print_retention_stream(const config_draft& draft) {
  std::string out = "[";
  for (const stream_retention& rule : draft.config.limits.retention_stream) {
    if (out.size() > 1) out += ", ";
    std::chrono::nanoseconds period = rule.period;
    out += "{selector: " + quoted(rule.selector) + ", priority: " + std::to_string(rule.priority) +
           ", period: " + print_value(&period, draft) + "}";
  }
  return out + "]";
}

result<void> read_otlp_rules(const YAML::Node& from, std::vector<otlp_attribute_rule>& to) {
  if (!from || from.IsNull()) return {};
  SKALD_TRY(expect_sequence(from, "[]push.AttributesConfig"));
  to.clear();
  for (const YAML::Node& item : from) {
    otlp_attribute_rule rule;
    const std::string action = item["action"] ? item["action"].Scalar() : "";
    if (action == "index_label") {
      rule.action = otlp_action::index_label;
    } else if (action == "structured_metadata") {
      rule.action = otlp_action::structured_metadata;
    } else if (action == "drop") {
      rule.action = otlp_action::drop;
    } else {
      return invalid("unknown OTLP action \"" + action +
                     "\": must be index_label, structured_metadata or drop");
    }
    SKALD_TRY(read_words(item["attributes"], rule.attributes));
    if (const YAML::Node n = item["regex"]) rule.regex = n.Scalar();
    to.push_back(std::move(rule));
  }
  return {};
}

result<void> read_otlp_config(config_draft& draft, const YAML::Node& from) {
  if (!from.IsMap()) return invalid("cannot unmarshal !!str into push.OTLPConfig");
  otlp_limits& otlp = draft.config.limits.otlp_config;
  if (const YAML::Node resource = from["resource_attributes"]) {
    if (const YAML::Node n = resource["ignore_defaults"]) {
      SKALD_TRY(assign_yaml(&otlp.resource_ignore_defaults, n, draft));
    }
    SKALD_TRY(read_otlp_rules(resource["attributes_config"], otlp.resource_attributes));
  }
  SKALD_TRY(read_otlp_rules(from["scope_attributes"], otlp.scope_attributes));
  SKALD_TRY(read_otlp_rules(from["log_attributes"], otlp.log_attributes));
  if (const YAML::Node n = from["severity_text_as_label"]) {
    SKALD_TRY(assign_yaml(&otlp.severity_text_as_label, n, draft));
  }
  return {};
}

std::string print_otlp_rules(const std::vector<otlp_attribute_rule>& rules) {
  constexpr std::string_view actions[] = {"index_label", "structured_metadata", "drop"};
  std::string out = "[";
  for (const otlp_attribute_rule& rule : rules) {
    if (out.size() > 1) out += ", ";
    out += "{action: " + std::string(actions[static_cast<int>(rule.action)]);
    if (!rule.attributes.empty()) out += ", attributes: " + flow_list(rule.attributes);
    if (!rule.regex.empty()) out += ", regex: " + quoted(rule.regex);
    out += "}";
  }
  return out + "]";
}

std::string print_otlp_config(const config_draft& draft) {
  const otlp_limits& otlp = draft.config.limits.otlp_config;
  const auto word = [](bool b) { return std::string(b ? "true" : "false"); };
  return "{resource_attributes: {ignore_defaults: " + word(otlp.resource_ignore_defaults) +
         ", attributes_config: " + print_otlp_rules(otlp.resource_attributes) +
         "}, scope_attributes: " + print_otlp_rules(otlp.scope_attributes) +
         ", log_attributes: " + print_otlp_rules(otlp.log_attributes) +
         ", severity_text_as_label: " + word(otlp.severity_text_as_label) + "}";
}

// As in Loki, an expression that does not compile blocks nothing, and the log says so.
void compile_pattern(config_draft& draft, blocked_query& query) {
  if (!query.regex || query.pattern.empty()) return;
  auto compiled = logql::compile_go_regex(query.pattern);
  if (compiled.ok()) {
    query.compiled = std::move(*compiled);
    return;
  }
  draft.warnings.push_back("blocked_queries: pattern " + quoted(query.pattern) +
                           " blocks nothing: " + compiled.error().message);
}

result<void> read_blocked_queries(config_draft& draft, const YAML::Node& from) {
  SKALD_TRY(expect_sequence(from, "[]*validation.BlockedQuery"));
  std::vector<blocked_query> queries;
  for (const YAML::Node& item : from) {
    blocked_query query;
    if (const YAML::Node n = item["pattern"]) query.pattern = n.Scalar();
    if (const YAML::Node n = item["regex"]) SKALD_TRY(assign_yaml(&query.regex, n, draft));
    SKALD_TRY(read_words(item["types"], query.types));
    if (const YAML::Node n = item["hash"]) {
      std::int64_t hash = 0;
      SKALD_TRY(assign_yaml(&hash, n, draft));
      query.hash = static_cast<std::uint32_t>(hash);
    }
    for (const auto& tag : item["query_tags"]) {
      query.query_tags[ascii_lower_case(tag.first.Scalar())] =
          ascii_lower_case(tag.second.Scalar());
    }
    compile_pattern(draft, query);
    queries.push_back(std::move(query));
  }
  draft.config.limits.blocked_queries = std::move(queries);
  return {};
}

std::string print_blocked_queries(const config_draft& draft) {
  std::string out = "[";
  for (const blocked_query& query : draft.config.limits.blocked_queries) {
    if (out.size() > 1) out += ", ";
    out += "{pattern: " + quoted(query.pattern) + ", regex: " + (query.regex ? "true" : "false") +
           ", types: " + flow_list(query.types) + ", hash: " + std::to_string(query.hash);
    std::string tags;
    for (const auto& [name, value] : query.query_tags) {
      tags += (tags.empty() ? "" : ", ") + quoted(name) + ": " + quoted(value);
    }
    out += tags.empty() ? "}" : ", query_tags: {" + tags + "}}";
  }
  return out + "]";
}

result<void> read_generic_fields(config_draft& draft, const YAML::Node& from) {
  if (!from.IsMap()) return invalid("cannot unmarshal !!str into map[string][]string");
  std::map<std::string, std::vector<std::string>> fields;
  for (const auto& pair : from) SKALD_TRY(read_words(pair.second, fields[pair.first.Scalar()]));
  draft.config.limits.discover_generic_fields = std::move(fields);
  return {};
}

std::string print_generic_fields(const config_draft& draft) {
  std::string out = "{";
  for (const auto& [name, sources] : draft.config.limits.discover_generic_fields) {
    if (out.size() > 1) out += ", ";
    out += quoted(name) + ": " + flow_list(sources);
  }
  return out + "}";
}

result<void> read_schema_configs(config_draft& draft, const YAML::Node& from) {
  SKALD_TRY(expect_sequence(from, "[]config.PeriodConfig"));
  static const std::set<std::string> known = {"from",  "store",  "object_store", "schema",
                                              "index", "chunks", "row_shards"};
  draft.schema_object_stores.clear();
  for (const YAML::Node& item : from) {
    if (!item.IsMap()) return invalid("cannot unmarshal !!str into config.PeriodConfig");
    for (const auto& pair : item) {
      if (known.count(pair.first.Scalar()) == 0) {
        return invalid("line " + std::to_string(pair.first.Mark().line + 1) + ": field " +
                       pair.first.Scalar() + " not found in type config.PeriodConfig");
      }
    }
    const YAML::Node store = item["object_store"];
    draft.schema_object_stores.push_back(store && store.IsScalar() ? store.Scalar() : "");
  }
  return {};
}

std::string print_schema_configs(const config_draft&) {
  return "[]";
}

}  // namespace

custom_value rate_strategy_value() {
  return {read_rate_strategy, print_rate_strategy, "text"};
}
custom_value deletion_mode_value() {
  return {read_deletion_mode, print_deletion_mode, "text"};
}
custom_value retention_stream_value() {
  return {read_retention_stream, print_retention_stream, "list of {selector, priority, period}"};
}
custom_value otlp_config_value() {
  return {read_otlp_config, print_otlp_config, "mapping"};
}
custom_value blocked_queries_value() {
  return {read_blocked_queries, print_blocked_queries,
          "list of {pattern, regex, types, hash, query_tags}"};
}
custom_value generic_fields_value() {
  return {read_generic_fields, print_generic_fields, "mapping of lists"};
}
custom_value block_until_value() {
  return {read_block_until, print_block_until, "time"};
}
custom_value schema_configs_value() {
  return {read_schema_configs, print_schema_configs,
          "list of {from, store, object_store, schema, index}"};
}

}  // namespace skald
