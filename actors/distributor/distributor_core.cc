// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/distributor_core.h"

#include <algorithm>
#include <array>
#include <deque>
#include <limits>

#include "actors/distributor/entry_metadata.h"
#include "actors/distributor/level_detector.h"

namespace skald {
namespace {

// What a frame takes for a stream, for an entry and for a pair of metadata beside their texts,
// about.
constexpr std::size_t frame_stream_bytes = 96;
constexpr std::size_t frame_row_bytes = 13;
constexpr std::size_t frame_pair_bytes = 8;
// Streams of a push whose labels are in no cache while frames that name them are built.
constexpr std::size_t resolved_again_max = 4096;

constexpr std::int64_t min_time = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t max_time = std::numeric_limits<std::int64_t>::max();

// now + delta, kept inside the range of timestamps.
std::int64_t shifted(std::int64_t now_ns, std::int64_t delta_ns) {
  std::int64_t out = 0;
  if (!__builtin_add_overflow(now_ns, delta_ns, &out)) return out;
  return delta_ns < 0 ? min_time : max_time;
}

std::string limit_hint(std::string_view key, std::string_view verb) {
  return ". Please see `limits_config." + std::string(key) +
         "` or contact your Loki administrator to " + std::string(verb) + " it";
}

}  // namespace

// One call of prepare(). First pass: check all entries and mark the refused ones; then the rate
// bucket is asked for the sum of the rest; second pass: build the frames. So a refused request
// costs no copy.
class distributor_core::preparation {
 public:
  preparation(distributor_core& core, const decoded_push& push, const push_request_context& context)
      : core_(core),
        push_(push),
        context_(context),
        limits_(*context.limits),
        oldest_ns_(limits_.reject_old_samples
                       ? shifted(context.wall_now_ns, -limits_.reject_old_samples_max_age.count())
                       : min_time),
        newest_ns_(shifted(context.wall_now_ns, limits_.creation_grace_period.count())) {
    const std::size_t cap = core.options_.line_bytes_max;
    const bool truncate = limits_.max_line_size_truncate && limits_.max_line_size > 0;
    truncate_at_ = truncate ? std::min<std::size_t>(limits_.max_line_size, cap)
                            : std::numeric_limits<std::size_t>::max();
    line_bytes_max_ = truncate || limits_.max_line_size == 0
                          ? cap
                          : std::min<std::size_t>(limits_.max_line_size, cap);
  }

  prepared_push run() {
    if (push_.streams.empty()) {
      refuse_all(422, errc::invalid_argument,
                 "error at least one valid stream is required for ingestion", {});
      return std::move(outcome_);
    }
    count_received();
    if (is_blocked()) return std::move(outcome_);
    core_.refused_.assign(push_.entries.size(), 0);
    check_streams();
    if (empty_metadata_name_) {
      refuse_all(400, errc::invalid_argument, "label name is empty", "invalid_structured_metadata");
      return std::move(outcome_);
    }
    if (outcome_.accepted_lines > 0 && !take_rate()) return std::move(outcome_);
    if (!errors_.empty()) {
      outcome_.status = 400;
      outcome_.failure = error{errc::invalid_argument, errors_.text()};
    }
    build_frames();
    return std::move(outcome_);
  }

 private:
  // A stream of the push whose labels are in order.
  struct resolved_stream {
    const pushed_stream* pushed;
    const cached_labels* labels;  // null: not kept
  };

  struct metadata_size {
    std::size_t counted = 0;    // names and values, as limits and metrics count
    std::size_t uncounted = 0;  // those of a level
  };
  static metadata_size size_of(std::span<const metadata_pair> pairs) {
    metadata_size size;
    for (const metadata_pair& pair : pairs) {
      (pair.name == detected_level_name ? size.uncounted : size.counted) +=
          pair.name.size() + pair.value.size();
    }
    return size;
  }

  std::uint64_t entry_bytes(const pushed_entry& entry) const {
    const std::size_t line = std::min(entry.line.size(), truncate_at_);
    return line + (entry.metadata_count == 0 ? 0 : size_of(push_.metadata_of(entry)).counted);
  }

  void count_received() {
    outcome_.received_lines = push_.entries.size();
    for (const pushed_entry& entry : push_.entries) outcome_.received_bytes += entry_bytes(entry);
  }

  void refuse_all(int status, errc code, std::string text, std::string_view reason) {
    outcome_.status = status;
    outcome_.failure = error{code, std::move(text)};
    if (!reason.empty() && outcome_.received_lines > 0) {
      outcome_.discarded.clear();
      add_reason(outcome_.discarded, reason, outcome_.received_lines, outcome_.received_bytes);
    }
    outcome_.accepted_lines = 0;
    outcome_.accepted_bytes = 0;
    outcome_.mutated.clear();
  }

  bool is_blocked() {
    if (limits_.block_ingestion_until_ns <= context_.wall_now_ns) return false;
    const auto status = static_cast<int>(limits_.block_ingestion_status_code);
    refuse_all(status, errc::unavailable,
               "ingestion blocked for user '" + std::string(context_.tenant) + "' until '" +
                   format_second(limits_.block_ingestion_until_ns) + "' with status code '" +
                   std::to_string(status) + "'",
               "blocked_ingestion");
    if (status == 200) {  // dropped in silence
      outcome_.status = 204;
      outcome_.failure.reset();
    }
    return true;
  }

  void check_streams() {
    const std::uint64_t rules = discovery_rules_id(limits_);
    streams_.reserve(push_.streams.size());
    std::array<label_cache::key, 16> keys;
    for (std::span<const pushed_stream> rest = push_.streams; !rest.empty();) {
      const auto some = rest.first(std::min(rest.size(), keys.size()));
      rest = rest.subspan(some.size());
      for (std::size_t i = 0; i < some.size(); ++i) {
        keys[i] = label_cache::key_of(some[i].labels_text, rules);
      }
      core_.cache_.prefetch(std::span(keys).first(some.size()));
      for (std::size_t i = 0; i < some.size(); ++i) {
        if (some[i].entry_count > 0) check_stream(some[i], keys[i]);
      }
    }
  }

  void check_stream(const pushed_stream& pushed, const label_cache::key& key) {
    const auto found = core_.cache_.find(key, limits_);
    if (!found.ok()) return refuse_stream(pushed, "invalid_labels", found.error().message);
    const cached_labels& labels = **found;
    if (!labels_are_fine(labels, limits_)) [[unlikely]] {
      if (auto violation = check_labels(labels, context_.tenant, limits_)) {
        return refuse_stream(pushed, violation->reason, std::move(violation->text));
      }
    }
    check_entries(pushed, labels.canonical_labels);
    streams_.push_back({&pushed, core_.cache_.is_kept(&labels) ? &labels : nullptr});
  }

  void refuse_stream(const pushed_stream& pushed, std::string_view reason, std::string text) {
    std::uint64_t bytes = 0;
    for (const pushed_entry& entry : push_.entries_of(pushed)) bytes += entry_bytes(entry);
    add_reason(outcome_.discarded, reason, pushed.entry_count, bytes);
    errors_.add(std::move(text));
  }

  void check_entries(const pushed_stream& pushed, std::string_view stream) {
    for (std::uint32_t i = 0; i < pushed.entry_count; ++i) {
      const pushed_entry& entry = push_.entries[pushed.first_entry + i];
      const std::size_t line_bytes = std::min(entry.line.size(), truncate_at_);
      metadata_size metadata;
      if (entry.metadata_count > 0) {
        const auto pairs = push_.metadata_of(entry);
        metadata = size_of(pairs);
        for (const metadata_pair& pair : pairs) empty_metadata_name_ |= pair.name.empty();
      }
      const std::uint64_t bytes = line_bytes + metadata.counted;
      const bool time_is_good =
          entry.timestamp_ns >= oldest_ns_ && entry.timestamp_ns <= newest_ns_;
      if (!time_is_good || line_bytes > line_bytes_max_ ||
          (entry.metadata_count > 0 && !metadata_is_allowed(entry, metadata))) [[unlikely]] {
        core_.refused_[pushed.first_entry + i] = 1;
        refuse_entry(entry, metadata, stream);
        continue;
      }
      ++outcome_.accepted_lines;
      outcome_.accepted_bytes += bytes;
      if (entry.line.size() > truncate_at_) [[unlikely]] {
        add_reason(outcome_.mutated, "line_too_long", 1, entry.line.size() - truncate_at_);
      }
    }
  }

  std::size_t metadata_bytes_max() const {
    const std::size_t cap = core_.options_.metadata_bytes_max;
    const std::uint64_t limit = limits_.max_structured_metadata_size;
    return limit == 0 ? cap : std::min<std::size_t>(limit, cap);
  }
  std::size_t metadata_pairs_max() const {
    const std::size_t cap = core_.options_.metadata_pairs_max;
    const std::int64_t limit = limits_.max_structured_metadata_entries_count;
    return limit == 0 ? cap : std::min<std::size_t>(std::max<std::int64_t>(limit, 0), cap);
  }

  bool metadata_is_allowed(const pushed_entry& entry, const metadata_size& size) const {
    return limits_.allow_structured_metadata && size.counted <= metadata_bytes_max() &&
           size.counted + size.uncounted <= core_.options_.metadata_bytes_max &&
           entry.metadata_count <= metadata_pairs_max();
  }

  // Says which rule an entry breaks first. The entry breaks one.
  void refuse_entry(const pushed_entry& entry, const metadata_size& metadata,
                    std::string_view stream) {
    const std::size_t line_bytes = std::min(entry.line.size(), truncate_at_);
    std::string_view reason;
    const bool wanted = errors_.wants_text();
    std::string text;
    const std::string name = wanted ? "'" + std::string(stream) + "'" : std::string();
    if (entry.timestamp_ns < oldest_ns_) {
      reason = "greater_than_max_sample_age";
      if (wanted) {
        text = "entry for stream " + name +
               " has timestamp too old: " + format_second(entry.timestamp_ns) +
               ", oldest acceptable timestamp is: " + format_second(oldest_ns_);
      }
    } else if (entry.timestamp_ns > newest_ns_) {
      reason = "too_far_in_future";
      if (wanted) {
        text = "entry for stream " + name +
               " has timestamp too new: " + format_second(entry.timestamp_ns);
      }
    } else if (line_bytes > line_bytes_max_) {
      reason = "line_too_long";
      if (wanted) {
        text = "max entry size '" + std::to_string(line_bytes_max_) +
               "' bytes exceeded for stream " + name + " while adding an entry with length '" +
               std::to_string(line_bytes) + "' bytes";
      }
    } else {
      reason = refuse_metadata(entry, metadata, name, text);
    }
    add_reason(outcome_.discarded, reason, 1, line_bytes + metadata.counted);
    if (wanted) {
      errors_.add(std::move(text));
    } else {
      errors_.add_untold();
    }
  }

  std::string_view refuse_metadata(const pushed_entry& entry, const metadata_size& size,
                                   const std::string& stream, std::string& text) const {
    if (!limits_.allow_structured_metadata) {
      text = "stream " + stream + " includes structured metadata, but this feature is disallowed" +
             limit_hint("allow_structured_metadata", "enable");
      return "disallowed_structured_metadata";
    }
    const auto too_large = [&](std::size_t bytes, std::size_t limit) {
      text = "stream " + stream + " has structured metadata too large: '" + std::to_string(bytes) +
             "' bytes, limit: '" + std::to_string(limit) + "' bytes" +
             limit_hint("max_structured_metadata_size", "increase");
      return "structured_metadata_too_large";
    };
    if (size.counted > metadata_bytes_max()) return too_large(size.counted, metadata_bytes_max());
    const std::size_t all = size.counted + size.uncounted;
    const std::size_t cap = core_.options_.metadata_bytes_max;
    if (all > cap) return too_large(all, cap);
    text = "stream " + stream + " has too many structured metadata labels: '" +
           std::to_string(entry.metadata_count) + "', limit: '" +
           std::to_string(metadata_pairs_max()) + "'" +
           limit_hint("max_structured_metadata_entries_count", "increase");
    return "structured_metadata_too_many";
  }

  bool take_rate() {
    const rate_verdict verdict =
        core_.rates_.try_take(context_.tenant, limits_, outcome_.accepted_bytes,
                              context_.healthy_distributors, context_.now);
    if (verdict.allowed) return true;
    add_reason(outcome_.discarded, "rate_limited", outcome_.accepted_lines,
               outcome_.accepted_bytes);
    std::string text =
        "ingestion rate limit exceeded for user " + std::string(context_.tenant) +
        " (limit: " + std::to_string(static_cast<std::int64_t>(verdict.limit_bytes_per_s)) +
        " bytes/sec) while attempting to ingest '" + std::to_string(outcome_.accepted_lines) +
        "' lines totaling '" + std::to_string(outcome_.accepted_bytes) +
        "' bytes, reduce log volume or contact your Loki administrator to see if the limit can be "
        "increased";
    refuse_all(429, errc::overloaded, std::move(text), {});
    if (verdict.retry_after != std::chrono::nanoseconds::max()) {
      outcome_.retry_after = verdict.retry_after;
    }
    return false;
  }

  void build_frames() {
    if (core_.writers_.empty() || core_.writers_tenant_ != context_.tenant) {
      core_.writers_tenant_ = context_.tenant;
      core_.writers_.clear();
      for (std::uint32_t s = 0; s < core_.options_.shards; ++s) {
        core_.writers_.emplace_back(core_.writers_tenant_);
      }
    }
    frame_bytes_.assign(core_.options_.shards, 0);
    const level_detector detector(limits_);
    const bool discover = limits_.discover_log_levels && limits_.allow_structured_metadata;
    for (const resolved_stream& from : streams_) {
      const cached_labels& stream =
          from.labels != nullptr ? *from.labels : resolve_again(*from.pushed);
      add_stream(*from.pushed, stream, discover && !stream.exempt ? &detector : nullptr);
    }
    finish_frames();
  }

  void finish_frames() {
    for (std::uint32_t s = 0; s < core_.options_.shards; ++s) {
      if (!core_.writers_[s].empty()) {
        outcome_.frames.push_back({s, core_.writers_[s].finish()});
      }
      frame_bytes_[s] = 0;
    }
    resolved_again_.clear();
  }

  // Labels of a push with so many new streams that the cache did not keep all. Valid until the
  // frames are finished.
  const cached_labels& resolve_again(const pushed_stream& pushed) {
    if (resolved_again_.size() >= resolved_again_max) finish_frames();
    auto labels = resolve_labels(pushed.labels_text, limits_);
    SKALD_ASSERT(labels.ok());
    return resolved_again_.emplace_back(std::move(labels).value());
  }

  void add_stream(const pushed_stream& pushed, const cached_labels& stream,
                  const level_detector* detector) {
    const std::uint32_t shard = shard_of(stream.fingerprint, core_.options_.shards);
    push_frame_writer& writer = core_.writers_[shard];
    std::size_t& frame_bytes = frame_bytes_[shard];
    begin_stream(writer, stream, frame_bytes);
    std::int64_t former_ns = min_time;  // as sent
    std::int64_t stored_ns = min_time;
    for (std::uint32_t i = 0; i < pushed.entry_count; ++i) {
      const std::uint32_t index = pushed.first_entry + i;
      if (core_.refused_[index] != 0) [[unlikely]]
        continue;
      const pushed_entry& entry = push_.entries[index];
      std::int64_t time_ns = entry.timestamp_ns;
      if (limits_.increment_duplicate_timestamp && stored_ns != min_time && time_ns == former_ns) {
        time_ns = stored_ns + 1;
      }
      former_ns = entry.timestamp_ns;
      stored_ns = time_ns;
      const std::string_view line = cut_line(entry.line);
      const auto metadata =
          entry.metadata_count == 0 && detector == nullptr
              ? std::span<const metadata_pair>()
              : metadata_.finish(line, push_.metadata_of(entry), detector, stream.level);
      std::size_t bytes = line.size() + frame_row_bytes;
      for (const metadata_pair& pair : metadata) {
        bytes += pair.name.size() + pair.value.size() + frame_pair_bytes;
      }
      if (frame_bytes + bytes > core_.options_.frame_bytes_max && !writer.empty()) [[unlikely]] {
        outcome_.frames.push_back({shard, writer.finish()});
        frame_bytes = 0;
        begin_stream(writer, stream, frame_bytes);
      }
      writer.add(time_ns, line, metadata);
      frame_bytes += bytes;
    }
  }

  static void begin_stream(push_frame_writer& writer, const cached_labels& stream,
                           std::size_t& frame_bytes) {
    writer.begin_stream(stream.fingerprint, stream.canonical_labels);
    frame_bytes += stream.canonical_labels.size() + frame_stream_bytes;
  }

  // The line, cut to the limit when the tenant has it so. Valid until all frames are built.
  std::string_view cut_line(std::string_view line) {
    if (line.size() <= truncate_at_) [[likely]]
      return line;
    const std::string& mark = limits_.max_line_size_truncate_identifier;
    if (mark.empty() || mark.size() >= truncate_at_) return line.substr(0, truncate_at_);
    std::string& cut = cut_lines_.emplace_back(line.substr(0, truncate_at_ - mark.size()));
    cut += mark;
    return cut;
  }

  distributor_core& core_;
  const decoded_push& push_;
  const push_request_context& context_;
  const tenant_limits& limits_;
  const std::int64_t oldest_ns_;
  const std::int64_t newest_ns_;
  std::size_t truncate_at_ = 0;
  std::size_t line_bytes_max_ = 0;
  bool empty_metadata_name_ = false;
  std::vector<resolved_stream> streams_;
  std::vector<std::size_t> frame_bytes_;  // of the frames being built, about
  push_errors errors_;
  prepared_push outcome_;
  entry_metadata metadata_;
  std::deque<std::string> cut_lines_;
  std::deque<cached_labels> resolved_again_;
};

distributor_core::distributor_core(distributor_options options, rate_limiter& rates)
    : options_(options), rates_(rates), cache_(options.label_cache_bytes_max) {
  SKALD_ASSERT(options_.shards > 0);
}

prepared_push distributor_core::prepare(const decoded_push& push,
                                        const push_request_context& context) {
  SKALD_ASSERT(context.limits != nullptr);
  prepared_push prepared = preparation(*this, push, context).run();
  cache_.trim();
  return prepared;
}

}  // namespace skald
