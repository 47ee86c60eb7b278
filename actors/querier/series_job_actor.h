// SPDX-License-Identifier: Apache-2.0
// Answers one series_call: the ingester's unflushed streams first, then the index, folded by
// stream. Temporary. Context: event actor.
#pragma once

#include <caf/event_based_actor.hpp>
#include <memory>
#include <vector>

#include "actors/ingester/ingester_interface.h"
#include "actors/querier/interval_actor.h"
#include "actors/querier/querier_interface.h"

namespace skald {

// Pure: adds unflushed streams and indexed ones into one list, each stream once, in order of label
// text.
std::vector<stream_summary> fold_streams(std::vector<stream_summary> parts);

class series_job_actor final : public caf::event_based_actor {
 public:
  series_job_actor(caf::actor_config& config, querier_parts_ptr parts, series_call call);
  const char* name() const override { return "series_job"; }
  caf::behavior make_behavior() override;

 private:
  void ask_memory();
  void ask_index();

  querier_parts_ptr parts_;
  std::shared_ptr<series_call> call_;
  std::size_t answers_missing_ = 0;
  // By selector: what memory has, and which flushes it covers.
  std::vector<unflushed_streams> memory_;
};

}  // namespace skald
