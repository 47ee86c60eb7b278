// SPDX-License-Identifier: Apache-2.0
#include "testing/reference/plain_pipeline.h"

#include <re2/re2.h>

#include <algorithm>
#include <cstdlib>
#include <memory>

#include "runtime/base/go_number.h"
#include "runtime/base/units.h"
#include "runtime/logql/syntax/path_expression.h"
#include "runtime/logql/template/template.h"
#include "runtime/model/label_matcher.h"
#include "testing/reference/plain_filter.h"
#include "testing/reference/plain_json.h"
#include "testing/reference/plain_logfmt.h"
#include "testing/reference/plain_text.h"

namespace skald::logql::reference {
namespace {

template <class T>
bool is(const stage_expr& stage) {
  return std::holds_alternative<T>(stage);
}

bool is_parser(const stage_expr& stage) {
  return is<json_parser_expr>(stage) || is<logfmt_parser_expr>(stage) ||
         is<regexp_parser_expr>(stage) || is<pattern_parser_expr>(stage) || is<unpack_expr>(stage);
}

compiled_template compile(const char* name, const std::string& text) {
  return *compiled_template::parse(name, text);  // the query's parser checked it
}

// What a template sees: a copy of the labels.
class copied_fields : public template_fields {
 public:
  explicit copied_fields(const line_labels& labels) {
    const label_set all = labels.final_labels().flat();
    for (const label& l : all) values_[l.name] = l.value;
    // An error without other changes is not among the final labels only when it is empty.
  }
  bool is_empty() const { return values_.empty(); }
  std::string_view get(std::string_view name) const override {
    const auto at = values_.find(std::string(name));
    if (at == values_.end()) return {};
    return at->second.empty() ? std::string_view("", 0) : std::string_view(at->second);
  }
  void append_all(std::vector<std::pair<std::string_view, std::string_view>>& out) const override {
    for (const auto& [name, value] : values_) out.emplace_back(name, value);
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace

// One line at work.
class line_run {
 public:
  line_run(const stored_entry& entry, const extraction_hints& hints,
           const std::map<std::string, label_filter_expr>& early)
      : labels(entry.stream->labels, entry.metadata, hints),
        line(entry.line),
        timestamp_ns_(entry.timestamp_ns),
        early_(early) {}

  line_labels labels;
  std::string line;

  // False drops the line.
  bool apply(const stage_expr& stage) {
    return std::visit([this](const auto& one) { return run(one); }, stage);
  }

  // False when there is no sample.
  bool unwrap(const unwrap_expr& expr, double& value) {
    const auto text = labels.get(expr.label);
    if (!text || text->empty()) return false;
    const result<double> converted = convert(*text, expr.conversion);
    value = converted.ok() ? *converted : 0;
    if (!converted.ok()) {
      labels.error = "SampleExtractionErr";
      labels.details = converted.error().message;
    }
    return std::all_of(expr.post_filters.begin(), expr.post_filters.end(),
                       [this](const label_filter_expr& filter) { return passes(filter, labels); });
  }

 private:
  static result<double> convert(const std::string& text, unwrap_conversion conversion) {
    if (conversion == unwrap_conversion::none) return parse_go_float(text);
    if (conversion == unwrap_conversion::bytes) {
      const result<std::uint64_t> bytes = parse_bytes(text);
      if (!bytes.ok()) return bytes.error();
      return static_cast<double>(*bytes);
    }
    const result<std::int64_t> nanoseconds = parse_go_duration(text);
    if (!nanoseconds.ok()) return nanoseconds.error();
    const auto parts = std::lldiv(*nanoseconds, 1'000'000'000);
    return static_cast<double>(parts.quot) + static_cast<double>(parts.rem) / 1e9;
  }

  bool run(const line_filter_expr& filter) { return passes(filter, line); }
  bool run(const label_filter_expr& filter) { return passes(filter, labels); }

  enum class outcome { stored, not_wanted, rejected };

  // A label that a parser found. Already extracted names and those that nobody needs stay away.
  outcome store(const std::string& found, const std::string& value, bool may_refuse = true) {
    const std::string name = labels.parsed_name(found);
    if (labels.is_extracted(name)) return outcome::not_wanted;
    if (may_refuse && !labels.is_wanted(name)) return outcome::not_wanted;
    labels.set_parsed(name, value);
    return passes_early(name) ? outcome::stored : outcome::rejected;
  }

  bool passes_early(const std::string& name) {
    const auto filter = early_.find(name);
    return filter == early_.end() || passes(filter->second, labels);
  }

  // ---- json ----

  bool run(const json_parser_expr& parser) {
    if (!labels.parsers_may_run()) return true;
    if (!parser.extractions.empty()) return run_paths(parser);
    bool rejected = false;
    bool stopped = false;
    try {
      read_object(line, "", rejected, stopped);
    } catch (const json_failure& failure) {
      labels.fail_parser("JSONParserErr", failure.text);
    }
    return !rejected;
  }

  void read_object(const std::string& text, const std::string& prefix, bool& rejected,
                   bool& stopped) {
    each_json_member(text, [&](const std::string& key, const json_value& value) {
      if (value.kind == json_kind::null || value.kind == json_kind::array) return true;
      const std::string name = joined_name(prefix, key);
      if (value.kind == json_kind::object) {
        if (labels.is_wanted_prefix(name)) read_object(value.text, name, rejected, stopped);
      } else if (!name.empty()) {
        const outcome done = store_json(name, json_label_value(value));
        rejected = done == outcome::rejected;
        stopped = rejected || (done == outcome::stored && labels.has_all_needed());
      }
      return !stopped;
    });
  }

  // The early filter is not asked for the last label that is needed.
  outcome store_json(const std::string& found, const std::string& value) {
    const std::string name = labels.parsed_name(found);
    if (labels.is_extracted(name) || !labels.is_wanted(name)) return outcome::not_wanted;
    labels.set_parsed(name, value);
    if (labels.has_all_needed()) return outcome::stored;
    return passes_early(name) ? outcome::stored : outcome::rejected;
  }

  bool run_paths(const json_parser_expr& parser) {
    if (line.empty()) return true;
    if (line[0] != '{' && line[0] != '[' && line[0] != '"') {
      labels.fail_parser("JSONParserErr", std::nullopt);
      return true;
    }
    const std::size_t found = extract_json_paths(parser, line, labels);
    if (found == parser.extractions.size()) return true;
    for (const label_extraction& item : parser.extractions) {
      if (!labels.get(item.target)) labels.set_parsed(item.target, "");
    }
    return true;
  }

  bool run(const unpack_expr&) {
    if (line.empty() || !labels.parsers_may_run()) return true;
    if (line[0] != '{') {
      labels.fail_parser("JSONParserErr", "expecting json object(6), but it is not");
      return true;
    }
    std::optional<std::string> entry;
    std::vector<std::pair<std::string, std::string>> found;
    try {
      each_json_member(line, [&](const std::string& key, const json_value& value) {
        if (value.kind != json_kind::string) return true;
        if (key == "_entry") {
          entry = unescape_json(value.text);
          if (!entry) throw json_failure{"Encountered an invalid escape sequence in a string"};
          return true;
        }
        // Looked up as it stands; only what is stored is sanitised.
        const std::string raw = labels.parsed_name(key);
        if (joined_name("", key).empty() || labels.is_extracted(raw) || !labels.is_wanted(raw)) {
          return true;
        }
        found.emplace_back(joined_name("", raw), json_label_value(value));
        return true;
      });
    } catch (const json_failure& failure) {
      labels.fail_parser("JSONParserErr", failure.text);
      return true;
    }
    if (!entry) return true;
    line = *entry;
    for (const auto& [name, value] : found) {
      labels.set_parsed(name, value);
      if (!passes_early(name)) return false;
    }
    return true;
  }

  // ---- logfmt, regexp, pattern ----

  bool run(const logfmt_parser_expr& parser) {
    if (!labels.parsers_may_run()) return true;
    const logfmt_reading reading = read_logfmt(line, parser.strict);
    if (!parser.extractions.empty()) {
      extract_logfmt(parser, reading);
    } else {
      for (const logfmt_pair& pair : reading.pairs) {
        const std::string name = joined_name("", pair.key);
        const std::string value = replace_fffd(pair.value, " ");
        if (name.empty() || (value.empty() && !parser.keep_empty)) continue;
        const outcome done = store(name, value);
        if (done == outcome::rejected) return false;
        // What comes later, also what is wrong, is not looked at.
        if (done == outcome::stored && labels.has_all_needed()) return true;
      }
      if (parser.strict && !reading.error.empty()) {
        labels.fail_parser("LogfmtParserErr", reading.error);
      }
      return true;
    }
    if (parser.strict && !reading.error.empty()) {
      labels.fail_parser("LogfmtParserErr", reading.error);
    }
    return true;
  }

  void extract_logfmt(const logfmt_parser_expr& parser, const logfmt_reading& reading) {
    std::vector<std::pair<std::string, std::string>> targets;  // name, key of the line
    for (const label_extraction& item : parser.extractions) {
      const auto same = std::find_if(targets.begin(), targets.end(),
                                     [&](const auto& one) { return one.first == item.target; });
      const std::string key = *parse_logfmt_key(item.expression);
      if (same == targets.end()) {
        targets.emplace_back(item.target, key);
      } else {
        same->second = key;
      }
    }
    for (const auto& [name, key] : targets) {
      if (labels.parsed_name(name) == name) labels.set_parsed(name, "");
    }
    for (const logfmt_pair& pair : reading.pairs) {
      const std::string key = joined_name("", pair.key);
      const auto own = std::find_if(targets.begin(), targets.end(),
                                    [&](const auto& one) { return one.first == key; });
      if (key.empty() || (own == targets.end() && !labels.is_wanted(key))) continue;
      auto target = std::find_if(targets.begin(), targets.end(),
                                 [&](const auto& one) { return one.second == key; });
      if (target == targets.end()) target = own;
      if (target == targets.end()) continue;
      const std::string name = labels.parsed_name(target->first);
      if (name != target->first && !labels.is_wanted(name)) return;
      labels.set_parsed(name, has_fffd(pair.value) ? "" : pair.value);
      if (labels.has_all_needed()) return;
    }
  }

  bool run(const regexp_parser_expr& parser) {
    static const re2::RE2 go_group("\\(\\?<([A-Za-z])");
    std::string dialect = parser.pattern;
    re2::RE2::GlobalReplace(&dialect, go_group, "(?P<\\1");
    const re2::RE2 regex(dialect, re2::RE2::Quiet);
    const std::string text = repair_utf8(line);
    std::vector<re2::StringPiece> groups(static_cast<std::size_t>(regex.NumberOfCapturingGroups()) +
                                         1);
    if (!regex.Match(text, 0, text.size(), re2::RE2::UNANCHORED, groups.data(),
                     static_cast<int>(groups.size()))) {
      return true;
    }
    for (const auto& [number, name] : regex.CapturingGroupNames()) {
      const re2::StringPiece& group = groups[static_cast<std::size_t>(number)];
      const std::string value(group.data() == nullptr ? "" : group.data(), group.size());
      if (store(joined_name("", name), value, false) == outcome::rejected) return false;
    }
    return true;
  }

  bool run(const pattern_parser_expr& parser) {
    if (line.empty() || !labels.parsers_may_run()) return true;
    const std::vector<pattern_part> parts = pattern_parts(parser.pattern);
    std::size_t at = 0;
    std::size_t i = 0;
    if (!parts[0].is_capture) {
      if (!line.starts_with(parts[0].text)) return true;
      at = parts[0].text.size();
      i = 1;
    }
    for (; i < parts.size(); i += 2) {  // captures and literals take turns
      const bool is_last = i + 1 == parts.size();
      const std::size_t end = is_last ? std::string::npos : line.find(parts[i + 1].text, at);
      const std::string value = line.substr(at, end == std::string::npos ? end : end - at);
      if (parts[i].text != "_" && store(parts[i].text, value) == outcome::rejected) return false;
      if (end == std::string::npos || labels.has_all_needed()) return true;
      at = end + parts[i + 1].text.size();
    }
    return true;
  }

  // ---- Formats ----

  result<std::string> execute(const compiled_template& text, const copied_fields& fields) const {
    std::string out;
    const result<void> done = text.execute({&fields, line, timestamp_ns_}, out);
    if (!done.ok()) return done.error();
    return out;
  }

  void fail_template(const error& why) {
    labels.error = "TemplateFormatErr";
    labels.details = why.message;
  }

  bool run(const line_format_expr& format) {
    static const re2::RE2 one_field("\\{\\{\\.([A-Za-z_][A-Za-z0-9_]*)\\}\\}");
    std::string name;
    if (re2::RE2::FullMatch(format.text, one_field, &name)) {
      line = labels.get(name).value_or("");
      return true;
    }
    const result<std::string> out = execute(compile("line", format.text), copied_fields(labels));
    if (out.ok()) {
      line = *out;
    } else {
      fail_template(out.error());
    }
    return true;
  }

  bool run(const label_format_expr& format) {
    std::optional<copied_fields> snapshot;
    for (const label_format_item& item : format.items) {
      if (item.is_rename) {
        const auto value = labels.get(item.value);
        if (!value) continue;
        labels.set_parsed(item.name, *value);
        labels.erase(item.value);
        continue;
      }
      if (!snapshot || snapshot->is_empty()) snapshot.emplace(labels);
      const result<std::string> out = execute(compile("label", item.value), *snapshot);
      if (out.ok()) {
        labels.set_parsed(item.name, *out);
      } else {
        fail_template(out.error());
      }
    }
    return true;
  }

  bool run(const decolorize_expr&) {
    static const re2::RE2 sequence(
        "[\\x{1B}\\x{9B}][\\[\\]()#;?]*"
        "(?:(?:[a-zA-Z0-9]*(?:;[a-zA-Z0-9]*)*\\x07)"
        "|(?:(?:[0-9]{1,4}(?:;[0-9]{0,4})*)?[0-9A-PRZcf-ntqry=><~]))");
    re2::RE2::GlobalReplace(&line, sequence, "");
    return true;
  }

  // ---- drop, keep ----

  static bool chooses(const named_label_matcher& choice, const std::string& value) {
    if (!choice.matcher) return true;
    return label_matcher::make(choice.name, choice.matcher->op, choice.matcher->value)
        ->matches(value);
  }

  bool run(const drop_expr& drop) {
    for (const named_label_matcher& choice : drop.labels) {
      if (choice.name == "__error__") {
        if (chooses(choice, labels.error)) labels.error.clear();
      } else if (choice.name == "__error_details__") {
        if (chooses(choice, labels.details)) labels.details.clear();
      } else {
        const auto value = labels.get(choice.name);
        const bool present = value.has_value() || choice.matcher.has_value();
        if (present && chooses(choice, value.value_or(""))) labels.erase(choice.name);
      }
    }
    return true;
  }

  bool run(const keep_expr& keep) {
    const label_set all = labels.final_labels().flat();
    for (const label& l : all) {
      if (l.name == "__error__" || l.name == "__error_details__" ||
          l.name == "__preserve_error__") {
        continue;
      }
      const bool kept = std::any_of(keep.labels.begin(), keep.labels.end(),
                                    [&](const named_label_matcher& choice) {
                                      return choice.name == l.name && chooses(choice, l.value);
                                    });
      if (!kept) labels.erase(l.name);
    }
    return true;
  }

  std::int64_t timestamp_ns_;
  const std::map<std::string, label_filter_expr>& early_;
};

plain_pipeline::plain_pipeline(const std::vector<stage_expr>& stages, const unwrap_expr* unwrap,
                               const pipeline_rules& rules)
    : unwrap_(unwrap) {
  arrange(stages, rules);
  collect_needs(rules);
}

// Line filters move in front of their run of stages; a line_format whose line nobody reads goes.
void plain_pipeline::arrange(const std::vector<stage_expr>& stages, const pipeline_rules& rules) {
  std::size_t run_begin = 0;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    const stage_expr& stage = stages[i];
    if (is<line_format_expr>(stage) && rules.is_metric && !rules.reads_bytes) {
      bool read = false;
      for (std::size_t j = i + 1; j < stages.size(); ++j) {
        read = read || is_parser(stages[j]) || is<line_filter_expr>(stages[j]);
      }
      if (!read) continue;
    }
    if (is<line_filter_expr>(stage)) {
      stages_.insert(stages_.begin() + static_cast<std::ptrdiff_t>(run_begin), stage);
      ++run_begin;  // the next one goes behind it
      continue;
    }
    stages_.push_back(stage);
    if (is<label_filter_expr>(stage) || is<line_format_expr>(stage) || is<unpack_expr>(stage)) {
      run_begin = stages_.size();
    }
  }
}

void plain_pipeline::collect_needs(const pipeline_rules& rules) {
  std::set<std::string> needed;
  const auto note_filter = [&](const label_filter_expr& filter) {
    needed.merge(names_of(filter));
    if (rules.early_rejection && !std::holds_alternative<binary_label_filter>(filter.node)) {
      early_.emplace(*names_of(filter).begin(), filter);
    }
  };
  const auto note_fields = [&](const compiled_template& text) {
    needed.insert(text.field_names().begin(), text.field_names().end());
  };
  for (const stage_expr& stage : stages_) {
    if (const auto* filter = std::get_if<label_filter_expr>(&stage)) note_filter(*filter);
    if (const auto* format = std::get_if<line_format_expr>(&stage)) {
      note_fields(compile("line", format->text));
    }
    if (const auto* format = std::get_if<label_format_expr>(&stage)) {
      for (const label_format_item& item : format->items) {
        if (item.is_rename) {
          needed.insert(item.value);
          continue;
        }
        note_fields(compile("label", item.value));
      }
    }
  }
  if (unwrap_ != nullptr) {
    needed.insert(unwrap_->label);
    for (const label_filter_expr& filter : unwrap_->post_filters) note_filter(filter);
  }
  if (!rules.shown_labels) return;
  if (!rules.shown_labels->empty()) early_.clear();
  needed.insert(rules.shown_labels->begin(), rules.shown_labels->end());
  hints_.restricted = true;
  static const std::string suffix = "_extracted";
  for (const std::string& name : needed) {
    hints_.needed.insert(name);
    if (name.ends_with(suffix)) hints_.needed.insert(name.substr(0, name.size() - suffix.size()));
  }
}

std::optional<processed_line> plain_pipeline::run(const stored_entry& entry) const {
  line_run work(entry, hints_, early_);
  for (const stage_expr& stage : stages_) {
    if (!work.apply(stage)) return std::nullopt;
  }
  processed_line out;
  if (unwrap_ != nullptr && !work.unwrap(*unwrap_, out.value)) return std::nullopt;
  out.line = work.line;
  out.error = work.labels.error;
  out.labels = work.labels.final_labels();
  out.labels.origin = entry.stream->fingerprint;
  out.preserves_error = out.labels.flat().get("__preserve_error__") == "true";
  return out;
}

}  // namespace skald::logql::reference
