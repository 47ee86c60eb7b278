// SPDX-License-Identifier: Apache-2.0
#include "actors/distributor/distributor_actor.h"

#include <caf/all.hpp>
#include <memory>

#include "actors/distributor/push_job_core.h"
#include "actors/ingester/ingester_interface.h"

namespace skald {

// ingester -> push_job.
struct frame_answer {
  std::shared_ptr<result<push_outcome>> value;
};

}  // namespace skald

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skald::frame_answer)

namespace skald {
namespace {

class push_job_actor final : public caf::event_based_actor {
 public:
  push_job_actor(caf::actor_config& config, push_call call, caf::actor ingester)
      : caf::event_based_actor(config),
        core_(std::move(call.push)),
        reply_(std::move(call.reply)),
        ingester_(std::move(ingester)) {}
  const char* name() const override { return "push_job"; }

  caf::behavior make_behavior() override {
    send_frames();
    return {[this](frame_answer& answer) {
      core_.on_frame_answer(*answer.value);
      send_frames();
      if (!core_.complete()) return;
      reply_.answer(core_.answer());
      reply_ = {};
      quit();
    }};
  }

  void on_exit() override {
    reply_ = {};
    ingester_ = nullptr;
  }

 private:
  void send_frames() {
    for (push_frame_ptr& frame : core_.take_frames()) {
      push_request request{std::move(frame), {}};
      request.reply =
          one_shot<push_outcome>([self = caf::actor(this)](result<push_outcome> answer) {
            caf::anon_send(self,
                           frame_answer{std::make_shared<result<push_outcome>>(std::move(answer))});
          });
      send(ingester_, std::move(request));
    }
  }

  push_job_core core_;
  one_shot<push_answer> reply_;
  caf::actor ingester_;
};

}  // namespace

distributor_actor::distributor_actor(caf::actor_config& config, caf::actor ingester)
    : caf::event_based_actor(config), ingester_(std::move(ingester)) {}

caf::behavior distributor_actor::make_behavior() {
  return {[this](push_call& call) {
    if (call.push->frames.empty()) {  // nothing to write: the answer is known
      call.reply.answer(push_job_core(call.push).answer());
      return;
    }
    spawn<push_job_actor>(std::move(call), ingester_);
  }};
}

}  // namespace skald
