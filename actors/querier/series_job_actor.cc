// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/series_job_actor.h"

#include <algorithm>
#include <caf/all.hpp>

#include "actors/io/worker_pool.h"
#include "actors/querier/query_messages.h"

namespace skald {

// ingester -> job: the unflushed streams of one selector.
struct selector_memory {
  std::size_t selector = 0;
  std::shared_ptr<result<unflushed_streams>> streams;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::selector_memory)

namespace skald {
namespace {

stream_summary summarize(stream_ptr stream, std::vector<chunk_summary> chunks,
                         const series_call& call) {
  stream_summary out;
  out.stream = std::move(stream);
  out.chunks = chunks.size();
  for (const chunk_summary& chunk : chunks) {
    const chunk_summary part = inside(chunk, call.range);
    out.entries += part.entries;
    out.bytes += part.bytes;
  }
  if (call.detail == stream_detail::chunks) out.parts = std::move(chunks);
  return out;
}

// The buffers of a stream count as one chunk each, of which only the sum is known.
stream_summary summarize(const unflushed_stream& stream, const series_call& call) {
  stream_summary out = summarize(
      stream.stream,
      {{stream.min_timestamp_ns, stream.max_timestamp_ns, stream.lines, stream.line_bytes}}, call);
  out.chunks = stream.chunks;
  return out;
}

result<std::vector<stream_summary>> with_index(
    const querier_parts& parts, const series_call& call,
    const std::vector<std::vector<label_matcher>>& selectors,
    const std::vector<unflushed_streams>& memory) {
  std::vector<std::vector<stream_summary>> by_selector;
  std::vector<stream_summary> all;
  std::unordered_map<stream_fingerprint, std::size_t> seen_in;  // selector that first found it
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    const auto add = [&](stream_summary summary) {
      if (selectors.size() == 1 || !call.in_order) return all.push_back(std::move(summary));
      // A stream that several selectors find counts once.
      const auto [at, fresh] = seen_in.emplace(summary.stream->fingerprint, i);
      if (fresh || at->second == i) all.push_back(std::move(summary));
    };
    const std::vector<std::string> none;
    const bool has_memory = i < memory.size();
    if (has_memory) {
      for (const unflushed_stream& s : memory[i].streams) {
        add(call.detail == stream_detail::names ? stream_summary{s.stream} : summarize(s, call));
      }
    }
    const locate_request asked{call.tenant, selectors[i], call.range,
                               has_memory ? memory[i].flush_names : none};
    if (call.detail == stream_detail::names) {
      SKALD_TRY_ASSIGN(auto indexed, parts.locator->stream_names(asked));
      all.reserve(all.size() + indexed.size());
      for (stream_ptr& s : indexed) add(stream_summary{std::move(s)});
      continue;
    }
    SKALD_TRY_ASSIGN(auto indexed, parts.locator->streams(asked));
    for (auto& s : indexed) add(summarize(std::move(s.stream), std::move(s.chunks), call));
  }
  return call.in_order ? fold_streams(std::move(all)) : std::move(all);
}

}  // namespace

std::vector<stream_summary> fold_streams(std::vector<stream_summary> parts) {
  std::sort(parts.begin(), parts.end(), [](const stream_summary& a, const stream_summary& b) {
    return a.stream->canonical_labels < b.stream->canonical_labels;
  });
  std::vector<stream_summary> out;
  for (stream_summary& part : parts) {
    if (out.empty() || out.back().stream->fingerprint != part.stream->fingerprint) {
      out.push_back(std::move(part));
      continue;
    }
    out.back().chunks += part.chunks;
    out.back().entries += part.entries;
    out.back().bytes += part.bytes;
    out.back().parts.insert(out.back().parts.end(), part.parts.begin(), part.parts.end());
  }
  return out;
}

series_job_actor::series_job_actor(caf::actor_config& config, querier_parts_ptr parts,
                                   series_call call)
    : caf::event_based_actor(config),
      parts_(std::move(parts)),
      call_(std::make_shared<series_call>(std::move(call))) {}

caf::behavior series_job_actor::make_behavior() {
  if (call_->selectors.empty()) call_->selectors.emplace_back();
  ask_memory();
  return {[this](selector_memory& memory) {
            if (!memory.streams->ok()) {
              call_->reply.answer(std::move(*memory.streams).error());
              return quit();
            }
            memory_[memory.selector] = std::move(**memory.streams);
            if (--answers_missing_ == 0) ask_index();
          },
          [this](start_atom) { quit(); }};
}

void series_job_actor::ask_memory() {
  if (!parts_->ingester) return ask_index();
  memory_.resize(call_->selectors.size());
  answers_missing_ = call_->selectors.size();
  for (std::size_t i = 0; i < call_->selectors.size(); ++i) {
    streams_request ask{call_->tenant, call_->selectors[i], call_->range, {}};
    ask.exact = call_->detail != stream_detail::names;
    ask.reply = one_shot<unflushed_streams>([self = caf::actor(this),
                                             i](result<unflushed_streams> streams) {
      caf::anon_send(self, selector_memory{
                               i, std::make_shared<result<unflushed_streams>>(std::move(streams))});
    });
    send(parts_->ingester, std::move(ask));
  }
}

void series_job_actor::ask_index() {
  auto memory = std::make_shared<std::vector<unflushed_streams>>(std::move(memory_));
  // Also when the pool drops the task: the job lives, and counts, as long as its work.
  const one_shot<bool> done(
      [self = caf::actor(this)](const result<bool>&) { caf::anon_send(self, start_atom::value); });
  send(parts_->pool, make_pool_task(call_->tenant, [parts = parts_, call = call_, memory, done] {
         if (auto live = call->cancel->check(); !live.ok()) {
           call->reply.answer(std::move(live).error());
         } else {
           call->reply.answer(with_index(*parts, *call, call->selectors, *memory));
         }
         done.answer(true);
       }));
}

}  // namespace skald
