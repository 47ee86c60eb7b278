// SPDX-License-Identifier: Apache-2.0
// Joins the ingesters' answers for the frames of one push into the answer of the push. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/distributor/distributor_interface.h"
#include "actors/ingester/ingester_interface.h"

namespace skald {

// A replication factor of one: each frame has one ingester, and every frame must be stored.
class push_job_core {
 public:
  push_job_core(std::string tenant, std::shared_ptr<const prepared_push> push)
      : tenant_(std::move(tenant)), push_(std::move(push)), missing_(push_->frames.size()) {}

  void on_frame_answer(const result<push_outcome>& answer);
  bool complete() const { return missing_ == 0; }
  // Precondition: complete(). An ingester's error goes first (the client must resend), then an
  // ingester's refusal of some entries, then what validation refused; else 204.
  result<push_answer> answer() const;

 private:
  std::string tenant_;
  std::shared_ptr<const prepared_push> push_;
  std::size_t missing_;
  std::optional<error> failure_;
  std::vector<stream_rejection> rejected_;
};

}  // namespace skald
