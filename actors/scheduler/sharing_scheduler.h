// SPDX-License-Identifier: Apache-2.0
// CAF's work-sharing scheduler without the work that it does per job for CAF's own log. Streams and
// chunk buffers run a message or two at a time, so that work counts: finding the actor behind each
// job by dynamic_cast, and its id, were 2.5 % of ingest CPU at 10,000 streams.
#pragma once

namespace caf {
class actor_system_config;
}

namespace skald {

// Systems made from `config` use it, whatever "scheduler.policy" says; the other scheduler options
// keep their meaning. CAF's log then names no actor, which only people who debug CAF miss.
void use_sharing_scheduler(caf::actor_system_config& config);

}  // namespace skald
