// SPDX-License-Identifier: Apache-2.0
// Top level, `server` and `common`.
#include "runtime/config/keys/config_keys.h"

namespace skald {

void append_top_level_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"target", used, SKALD_CONFIG_AT(config.target), "Roles to run (-list-targets)."},
          {"auth_enabled", used, SKALD_CONFIG_AT(config.auth_enabled),
           "Require X-Scope-OrgID on every tenant request.", "auth.enabled"},
          {"no_auth_tenant", used, SKALD_CONFIG_AT(config.no_auth_tenant),
           "Tenant of all requests when auth_enabled is false.", "auth.no-auth-tenant"},
          {"http_prefix", used, SKALD_CONFIG_AT(config.http_prefix), "Prefix of all API paths."},
          {"shutdown_delay", used, SKALD_CONFIG_AT(config.shutdown_delay),
           "Wait between SIGTERM and the stop, while /ready says 503."},
          {"metrics_namespace", ignored, nullptr, "metrics are named skald_*"},
          {"pattern_ingester.enabled", used, SKALD_CONFIG_AT(config.pattern_ingester_enabled),
           "Serve /loki/api/v1/patterns."},
      });
  append_names(keys, "", silent_block, {"analytics", "usage_report", "profiling", "tracing", "ui"});
  append_names(keys, "", silent, {"ballast_bytes"});
  append_names(keys, "", ignored,
               {"tenant_limits_allow_publish", "use_test_writer", "log_config_reverse_order"},
               "not implemented");
  append_names(keys, "", ignored_block, {"operational_config"}, "not implemented");
}

void append_server_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"server.http_listen_address", used, SKALD_CONFIG_AT(config.server.http_listen_address),
           "Address of the HTTP API; empty: all."},
          {"server.http_listen_port", used, SKALD_CONFIG_AT(config.server.http_listen_port),
           "Port of the HTTP API; 0: any free one."},
          {"server.grpc_listen_address", used, SKALD_CONFIG_AT(config.server.grpc_listen_address),
           "Address of Skald's cluster port; empty: all."},
          {"server.grpc_listen_port", used, SKALD_CONFIG_AT(config.server.grpc_listen_port),
           "Skald's cluster port (no gRPC is spoken)."},
          {"server.http_server_read_timeout", used,
           SKALD_CONFIG_AT(config.server.http_server_read_timeout),
           "Longest time to receive one request.", "server.http-read-timeout"},
          {"server.http_server_write_timeout", used,
           SKALD_CONFIG_AT(config.server.http_server_write_timeout),
           "Longest time to answer one request.", "server.http-write-timeout"},
          {"server.http_server_idle_timeout", used,
           SKALD_CONFIG_AT(config.server.http_server_idle_timeout),
           "Close a connection that waits this long for its next request.",
           "server.http-idle-timeout"},
          {"server.http_listen_conn_limit", used,
           SKALD_CONFIG_AT(config.server.http_listen_conn_limit),
           "Most HTTP connections at once; 0: no limit.", "server.http-conn-limit"},
          {"server.graceful_shutdown_timeout", used,
           SKALD_CONFIG_AT(config.server.graceful_shutdown_timeout),
           "Longest time that running requests get at a stop."},
          {"server.log_level", used, SKALD_CONFIG_AT(config.server.log_level),
           "debug, info, warn or error; /log_level changes it at run time.", "log.level"},
          {"server.log_format", used, SKALD_CONFIG_AT(config.server.log_format), "logfmt or json.",
           "log.format"},
          {"server.http_path_prefix", used, SKALD_CONFIG_AT(config.server.http_path_prefix),
           "Prefix of all paths.", "server.path-prefix"},
          {"server.grpc_server_max_recv_msg_size", used,
           SKALD_CONFIG_AT(config.server.grpc_server_max_recv_msg_size),
           "Largest message taken on the cluster port.", "server.grpc-max-recv-msg-size-bytes"},
          {"server.grpc_server_max_send_msg_size", used,
           SKALD_CONFIG_AT(config.server.grpc_server_max_send_msg_size),
           "Largest message sent on the cluster port.", "server.grpc-max-send-msg-size-bytes"},
          {"server.http_tls_config.cert_file", used,
           SKALD_CONFIG_AT(config.server.http_tls_config.cert_file), "TLS certificate (PEM).",
           "server.http-tls-cert-path"},
          {"server.http_tls_config.key_file", used,
           SKALD_CONFIG_AT(config.server.http_tls_config.key_file), "TLS key (PEM).",
           "server.http-tls-key-path"},
          {"server.http_tls_config.client_ca_file", used,
           SKALD_CONFIG_AT(config.server.http_tls_config.client_ca_file),
           "Certificates that sign client certificates.", "server.http-tls-ca-path"},
          {"server.http_tls_config.client_auth_type", used,
           SKALD_CONFIG_AT(config.server.http_tls_config.client_auth_type),
           "Whether clients need a certificate.", "server.http-tls-client-auth"},
      });
  append_names(keys, "server", silent,
               {"http_listen_network",
                "grpc_listen_network",
                "register_instrumentation",
                "grpc_server_max_concurrent_streams",
                "grpc_server_max_connection_idle",
                "grpc_server_max_connection_age",
                "grpc_server_max_connection_age_grace",
                "grpc_server_keepalive_time",
                "grpc_server_keepalive_timeout",
                "grpc_server_min_time_between_pings",
                "grpc_server_ping_without_stream_allowed",
                "grpc_server_num_workers",
                "grpc_server_stats_tracking_enabled",
                "grpc_server_recv_buffer_pools_enabled",
                "grpc_listen_conn_limit",
                "grpc_collect_max_streams_by_conn",
                "grpc_server_per_tenant_stats_tracking_enabled",
                "report_grpc_codes_in_instrumentation_label_enabled",
                "tls_min_version",
                "tls_cipher_suites",
                "http_log_closed_connections_without_response_enabled",
                "log_request_exclude_headers_list",
                "log_source_ips_regex",
                "log_source_ips_header",
                "log_source_ips_full",
                "trace_request_headers",
                "trace_request_exclude_headers_list",
                "http_read_header_timeout",
                "http_server_read_header_timeout",
                "throughput"});
  append_names(keys, "server", ignored,
               {"log_request_headers", "log_source_ips_enabled",
                "log_request_at_info_level_enabled", "proxy_protocol_enabled", "use_gossip_ring"},
               "not implemented");
  append_names(keys, "server", ignored_block, {"grpc_tls_config", "cluster_validation"},
               "the cluster port is Skald's own");
  append_names(keys, "", ignored_block, {"internal_server"}, "not implemented");
}

namespace {

void append_common_ring(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"common.ring.kvstore.store", used, SKALD_CONFIG_AT(config.ring.kvstore_store),
           "inmemory or memberlist; consul and etcd are taken as one of these.",
           "common.storage.ring.store"},
          {"common.ring.instance_addr", used, SKALD_CONFIG_AT(config.ring.instance_addr),
           "Address told to the other nodes.", "common.storage.ring.instance-addr"},
          {"common.ring.instance_interface_names", used,
           SKALD_CONFIG_AT(config.ring.instance_interface_names),
           "Interfaces whose address is taken when none is given.",
           "common.storage.ring.instance-interface-names"},
          {"common.ring.instance_id", used, SKALD_CONFIG_AT(config.ring.instance_id),
           "Name of the node; empty: the host's name.", "common.storage.ring.instance-id"},
          {"common.ring.instance_port", used, SKALD_CONFIG_AT(config.ring.instance_port),
           "Port told to the other nodes; 0: grpc_listen_port.",
           "common.storage.ring.instance-port"},
          {"common.ring.zone_awareness_enabled", used,
           SKALD_CONFIG_AT(config.ring.zone_awareness_enabled), "Spread replicas over zones.",
           "common.storage.ring.zone-awareness-enabled"},
          {"common.ring.instance_availability_zone", used,
           SKALD_CONFIG_AT(config.ring.instance_availability_zone), "Zone of this node.",
           "common.storage.ring.instance-availability-zone"},
          {"common.ring.heartbeat_period", used, SKALD_CONFIG_AT(config.ring.heartbeat_period),
           "Time between heartbeats.", "common.storage.ring.heartbeat-period"},
          {"common.ring.heartbeat_timeout", used, SKALD_CONFIG_AT(config.ring.heartbeat_timeout),
           "A node without heartbeat for this long is unhealthy.",
           "common.storage.ring.heartbeat-timeout"},
      });
  append_names(keys, "common.ring", silent,
               {"num_tokens", "tokens_file_path", "persist_tokens", "instance_enable_ipv6",
                "kvstore.prefix"});
  append_names(keys, "common.ring.kvstore", silent_block, {"consul", "etcd", "multi"});
}

}  // namespace

void append_common_keys(key_list& keys) {
  using enum key_use;
  keys.insert(
      keys.end(),
      {
          {"common.path_prefix", used, SKALD_CONFIG_AT(config.path_prefix),
           "Folder of all local data that has no path of its own."},
          {"common.replication_factor", used, SKALD_CONFIG_AT(config.ring.replication_factor),
           "Nodes that store each entry.", "common.replication-factor"},
          {"common.instance_addr", input, SKALD_CONFIG_AT(common_instance_addr),
           "Address told to the other nodes when ring.instance_addr is not given."},
          {"common.instance_interface_names", input, SKALD_CONFIG_AT(common_interface_names),
           "As ring.instance_interface_names."},
          {"common.compactor_address", used, SKALD_CONFIG_AT(config.compactor_address),
           "Where queriers ask for delete requests."},
          {"common.compactor_grpc_address", input, SKALD_CONFIG_AT(compactor_grpc_address),
           "As compactor_address."},
      });
  append_names(keys, "common", silent, {"persist_tokens", "instance_enable_ipv6"});
  append_common_ring(keys);
}

}  // namespace skald
