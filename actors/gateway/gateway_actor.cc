// SPDX-License-Identifier: Apache-2.0
#include "actors/gateway/gateway_actor.h"

#include <caf/all.hpp>

#include "actors/gateway/request_metrics.h"
#include "actors/gateway/routes.h"

namespace skald {

gateway_actor::gateway_actor(caf::actor_config& config, gateway_context_ptr context,
                             http_server_options options)
    : caf::event_based_actor(config), context_(std::move(context)) {
  auto routes = std::make_shared<const route_table>(make_routes(context_));
  server_ = std::make_unique<http_server>(
      std::move(options),
      with_request_metrics(*context_, [routes](http_request&& request, responder&& answer) {
        routes->serve(std::move(request), std::move(answer));
      }));
}

caf::behavior gateway_actor::make_behavior() {
  return {[this](serve_request& request) {
            auto started = server_->start();
            if (!started.ok()) {
              request.reply.answer(std::move(started).error());
            } else {
              request.reply.answer(server_->port());
            }
          },
          [this](stop_serving_request& request) {
            server_->stop();
            request.reply.answer(true);
            quit();
          }};
}

void gateway_actor::on_exit() {
  server_.reset();
  context_.reset();
}

}  // namespace skald
