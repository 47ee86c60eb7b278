// SPDX-License-Identifier: Apache-2.0
#include "runtime/logql/pipeline/format_stages.h"

#include <utility>

namespace skald::logql {
namespace {

constexpr std::string_view template_error = "TemplateFormatErr";

// A present value never has a null data pointer, which would mean "absent" to templates.
std::string_view present(std::string_view value) {
  return value.data() == nullptr ? std::string_view("", 0) : value;
}

// The labels of the row as they are now.
class live_fields : public template_fields {
 public:
  explicit live_fields(const label_builder& labels) : labels_(labels) {}

  std::string_view get(std::string_view name) const override {
    if (name == error_label && labels_.has_error()) return labels_.error();
    // Details alone, with nothing but labels of the stream beside them, are not seen.
    if (name == error_details_label && !labels_.error_details().empty() &&
        !labels_.is_stream_only()) {
      return labels_.error_details();
    }
    std::string_view value;
    const name_id id = labels_.find(name);
    return id != no_name && labels_.get(id, value) ? present(value) : std::string_view();
  }
  void append_all(std::vector<std::pair<std::string_view, std::string_view>>& out) const override {
    labels_.for_each([&](std::string_view name, std::string_view value, label_category) {
      out.emplace_back(name, value);
    });
  }

 private:
  const label_builder& labels_;
};

void report(row_context& row, const skald::error& why) {
  row.labels.set_error(template_error, row.arena.keep(why.message));
}

// Each stage may double what the one before it has made.
skald::error too_long() {
  return {errc::invalid_argument, "the stages of the query make too long texts"};
}

}  // namespace

line_format_stage::line_format_stage(label_builder& labels, compiled_template text)
    : template_(std::move(text)) {
  const std::string_view single = template_.single_field();
  if (single.empty()) return;
  single_ = labels.intern(single);
  single_is_error_ = single == error_label || single == error_details_label;
}

bool line_format_stage::process(row_context& row) {
  if (single_ != no_name) {
    // A direct copy of the label, which does not see the error labels.
    std::string_view value;
    const bool found = !single_is_error_ && row.labels.get(single_, value);
    row.line = found ? value : std::string_view();
    return true;
  }
  const live_fields fields(row.labels);
  out_.clear();
  const auto done = template_.execute({&fields, row.line, row.timestamp_ns, row.cancelled}, out_);
  if (done.ok() && !row.arena.has_room(out_.size())) {
    report(row, too_long());
  } else if (done.ok()) {
    row.line = row.arena.keep(out_);
  } else {
    report(row, done.error());
  }
  return true;
}

// All templates of a stage see the labels as they were when the first of them ran; a template
// behind one that saw no labels at all looks again.
class label_format_stage::snapshot : public template_fields {
 public:
  explicit snapshot(const std::vector<row_label>& labels) : labels_(labels) {}

  std::string_view get(std::string_view name) const override {
    // Backwards: error labels come last and win.
    for (auto at = labels_.rbegin(); at != labels_.rend(); ++at) {
      if (at->name == name) return present(at->value);
    }
    return {};
  }
  void append_all(std::vector<std::pair<std::string_view, std::string_view>>& out) const override {
    for (const row_label& item : labels_) out.emplace_back(item.name, item.value);
  }

 private:
  const std::vector<row_label>& labels_;
};

label_format_stage::label_format_stage(label_builder& labels, std::vector<item> items)
    : items_(std::move(items)) {
  for (const item& one : items_) {
    targets_.push_back(labels.intern(one.name));
    sources_.push_back(one.text.empty() ? labels.intern(one.source) : no_name);
    if (!one.text.empty()) ++template_count_;
  }
}

void label_format_stage::rename(name_id target, name_id source, row_context& row) {
  std::string_view value;
  if (!row.labels.get(source, value)) return;
  row.labels.set_parsed(target, value);
  row.labels.erase(source);
}

bool label_format_stage::process(row_context& row) {
  snapshot_.clear();
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i].text.empty()) {
      rename(targets_[i], sources_[i], row);
      continue;
    }
    out_.clear();
    result<void> done;
    if (template_count_ == 1) {
      const live_fields fields(row.labels);
      done = items_[i].text[0].execute({&fields, row.line, row.timestamp_ns, row.cancelled}, out_);
    } else {
      if (snapshot_.empty()) {
        row.labels.for_each(
            [&](std::string_view name, std::string_view value, label_category category) {
              snapshot_.push_back({name, value, category});
            });
      }
      const snapshot fields(snapshot_);
      done = items_[i].text[0].execute({&fields, row.line, row.timestamp_ns, row.cancelled}, out_);
    }
    if (done.ok() && !row.arena.has_room(out_.size())) {
      report(row, too_long());
    } else if (done.ok()) {
      row.labels.set_parsed(targets_[i], row.arena.keep(out_));
    } else {
      report(row, done.error());
    }
  }
  return true;
}

}  // namespace skald::logql
