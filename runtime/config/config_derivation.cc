// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/config_derivation.h"

#include <algorithm>
#include <array>

#include "runtime/base/log.h"
#include "runtime/base/units.h"
#include "runtime/model/tenant_id.h"

namespace skald {
namespace {

// An entry with its stream's labels must fit into a segment.
constexpr std::uint64_t wal_segment_size_min = 4u << 20;
constexpr std::uint64_t wal_segment_size_max = 1u << 30;

bool any_given(const std::set<std::string>& given, const std::string& prefix) {
  const auto at = given.lower_bound(prefix);
  return at != given.end() && at->rfind(prefix, 0) == 0;
}

std::string below(const std::string& prefix, std::string_view name) {
  return prefix.empty() ? std::string(name) : prefix + "/" + std::string(name);
}

void derive_paths(config_draft& draft) {
  node_config& c = draft.config;
  const auto fill = [&c](std::string& path, std::string_view name) {
    if (path.empty()) path = below(c.path_prefix, name);
  };
  fill(c.ingester.wal_dir, "wal");
  if (c.ingester.shutdown_marker_path.empty()) c.ingester.shutdown_marker_path = c.path_prefix;
  fill(c.compactor.working_directory, "compactor");
  fill(c.ruler.rule_path, "rules-temp");
  fill(c.storage.active_index_directory, "tsdb-shipper-active");
  fill(c.storage.index_cache_directory, "tsdb-shipper-cache");
}

void derive_ring(config_draft& draft, std::vector<std::string>& warnings) {
  ring_config& ring = draft.config.ring;
  if (ring.instance_addr.empty()) ring.instance_addr = draft.common_instance_addr;
  if (!draft.common_interface_names.empty() &&
      draft.given.count("common.ring.instance_interface_names") == 0) {
    ring.instance_interface_names = draft.common_interface_names;
  }
  const bool has_seeds = !draft.config.memberlist.join_members.empty();
  if (ring.kvstore_store == "consul" || ring.kvstore_store == "etcd" ||
      ring.kvstore_store == "multi") {
    warnings.push_back("ring.kvstore.store " + ring.kvstore_store +
                       " is not used: nodes find each other by memberlist.join_members");
    ring.kvstore_store = has_seeds ? "memberlist" : "inmemory";
  }
  if (draft.given.count("common.ring.kvstore.store") == 0 && has_seeds) {
    ring.kvstore_store = "memberlist";
  }
}

// Keys that moved: the older place counts when the newer one is not given.
void derive_moved_keys(config_draft& draft) {
  node_config& c = draft.config;
  const auto apply = [&draft](const char* older, const char* newer, auto& to, const auto& from) {
    if (draft.given.count(older) != 0 && draft.given.count(newer) == 0) to = from;
  };
  apply("query_range.split_queries_by_interval", "limits_config.split_queries_by_interval",
        c.limits.split_queries_by_interval, draft.old_split_queries_by_interval);
  apply("chunk_store_config.max_look_back_period", "limits_config.max_query_lookback",
        c.limits.max_query_lookback, draft.old_max_look_back_period);
  apply("querier.query_timeout", "limits_config.query_timeout", c.limits.query_timeout,
        draft.old_query_timeout);
  apply("querier.engine.timeout", "limits_config.query_timeout", c.limits.query_timeout,
        draft.old_query_timeout);
  apply("compactor.shared_store", "compactor.delete_request_store",
        c.compactor.delete_request_store, draft.compactor_shared_store);
  apply("common.compactor_grpc_address", "common.compactor_address", c.compactor_address,
        draft.compactor_grpc_address);
  apply("limits_config.per_tenant_override_config", "runtime_config.file", draft.runtime_file,
        draft.per_tenant_override_config);
  apply("limits_config.per_tenant_override_period", "runtime_config.period",
        c.runtime_config.period, draft.per_tenant_override_period);
  static_cast<void>(assign_text(&c.runtime_config.files, draft.runtime_file));
}

void derive_ruler(config_draft& draft) {
  ruler_config& ruler = draft.config.ruler;
  if (!draft.ruler_backend.empty()) ruler.storage_type = draft.ruler_backend;
  for (const std::string* folder : {&draft.ruler_backend_directory, &draft.ruler_local_directory,
                                    &draft.ruler_filesystem_directory}) {
    if (ruler.storage_directory.empty()) ruler.storage_directory = *folder;
  }
  if (ruler.storage_directory.empty()) {
    ruler.storage_directory = below(draft.config.path_prefix, "rules");
  }
}

// Copies the blocks of one family over those of another, field by field where they are given.
void overlay(store_blocks& to, const store_blocks& from) {
  const store_blocks unset;
  const auto take = [](auto& a, const auto& b, const auto& none) {
    if (!(b == none)) a = b;
  };
  take(to.bucketnames, from.bucketnames, unset.bucketnames);
  take(to.filesystem_directory, from.filesystem_directory, unset.filesystem_directory);
  take(to.s3.url, from.s3.url, unset.s3.url);
  take(to.s3.endpoint, from.s3.endpoint, unset.s3.endpoint);
  take(to.s3.bucket, from.s3.bucket, unset.s3.bucket);
  take(to.s3.region, from.s3.region, unset.s3.region);
  take(to.s3.access_key_id, from.s3.access_key_id, unset.s3.access_key_id);
  take(to.s3.secret_access_key, from.s3.secret_access_key, unset.s3.secret_access_key);
  take(to.s3.session_token, from.s3.session_token, unset.s3.session_token);
  take(to.s3.insecure, from.s3.insecure, unset.s3.insecure);
  take(to.s3.force_path_style, from.s3.force_path_style, unset.s3.force_path_style);
  take(to.s3.signature_version, from.s3.signature_version, unset.s3.signature_version);
  take(to.s3.storage_class, from.s3.storage_class, unset.s3.storage_class);
  take(to.gcs.bucket_name, from.gcs.bucket_name, unset.gcs.bucket_name);
  take(to.gcs.service_account, from.gcs.service_account, unset.gcs.service_account);
  take(to.azure.account_name, from.azure.account_name, unset.azure.account_name);
  take(to.azure.account_key, from.azure.account_key, unset.azure.account_key);
  take(to.azure.connection_string, from.azure.connection_string, unset.azure.connection_string);
  take(to.azure.container_name, from.azure.container_name, unset.azure.container_name);
  take(to.azure.endpoint_suffix, from.azure.endpoint_suffix, unset.azure.endpoint_suffix);
}

std::string chosen_store(const config_draft& draft) {
  std::string store;
  if (!draft.schema_object_stores.empty()) store = draft.schema_object_stores.back();
  if (store == "aws") store = "s3";
  if (!store.empty()) return store;
  // Without a schema: what is configured.
  for (const auto& [name, marks] :
       std::initializer_list<std::pair<const char*, std::array<const char*, 4>>>{
           {"s3",
            {"common.storage.s3.", "storage_config.aws.", "common.storage.object_store.s3.",
             "storage_config.object_store.s3."}},
           {"gcs",
            {"common.storage.gcs.", "storage_config.gcs.", "common.storage.object_store.gcs.",
             "storage_config.object_store.gcs."}}}) {
    for (const char* mark : marks) {
      if (any_given(draft.given, mark)) return name;
    }
  }
  return "filesystem";
}

// Whether a family of blocks has keys of the store.
bool names_store(const config_draft& draft, const std::string& store, bool new_style) {
  const auto given = [&](const std::string& prefix) { return any_given(draft.given, prefix); };
  if (new_style) {
    return given("common.storage.object_store." + store + ".") ||
           given("storage_config.object_store." + store + ".");
  }
  if (store == "s3") return given("common.storage.s3.") || given("storage_config.aws.");
  if (store == "filesystem") {
    return draft.given.count("common.storage.filesystem.chunks_directory") != 0 ||
           given("storage_config.filesystem.");
  }
  return given("common.storage." + store + ".") || given("storage_config." + store + ".");
}

result<void> derive_storage(config_draft& draft) {
  storage_config& storage = draft.config.storage;
  storage.object_store = chosen_store(draft);
  static constexpr std::array<std::string_view, 4> known{"filesystem", "s3", "gcs", "azure"};
  if (std::find(known.begin(), known.end(), storage.object_store) == known.end()) {
    return error{errc::invalid_argument, "object store " + storage.object_store +
                                             " is not supported: use filesystem or s3"};
  }
  const bool has_old = names_store(draft, storage.object_store, false);
  const bool has_new = names_store(draft, storage.object_store, true);
  const bool use_new = has_new && (!has_old || draft.use_thanos_objstore);
  store_blocks blocks = use_new ? draft.new_common : draft.old_common;
  overlay(blocks, use_new ? draft.new_storage : draft.old_storage);
  storage.gcs = blocks.gcs;
  storage.azure = blocks.azure;
  storage.s3 = blocks.s3;
  if (storage.s3.bucket.empty()) {
    storage.s3.bucket = blocks.bucketnames.substr(0, blocks.bucketnames.find(','));
  }
  storage.filesystem_directory = blocks.filesystem_directory;
  if (storage.object_store == "filesystem") {
    if (!storage.filesystem_directory.empty()) return {};
    if (draft.config.path_prefix.empty()) {
      return error{errc::invalid_argument,
                   "no folder is configured for the object store filesystem: set "
                   "common.path_prefix or common.storage.filesystem.chunks_directory"};
    }
    storage.filesystem_directory = below(draft.config.path_prefix, "chunks");
    return {};
  }
  if (!has_old && !has_new) {
    return error{errc::invalid_argument, "nothing is configured for the object store " +
                                             storage.object_store + " that schema_config names"};
  }
  return storage.object_store == "s3" ? apply_s3_url(storage.s3) : result<void>();
}

std::string percent_decoded(std::string_view text) {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && digit(text[i + 1]) >= 0 &&
        digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

error all_problems(const std::vector<std::string>& problems) {
  std::string text;
  if (problems.size() > 1) text = "MULTIPLE CONFIG ERRORS FOUND, PLEASE READ CAREFULLY\n";
  for (std::size_t i = 0; i < problems.size(); ++i) {
    if (i > 0) text += '\n';
    text += "CONFIG ERROR: " + problems[i];
  }
  return {errc::invalid_argument, std::move(text)};
}

void check_limits(const tenant_limits& limits, std::vector<std::string>& problems) {
  constexpr auto day = std::chrono::hours(24);
  for (const stream_retention& rule : limits.retention_stream) {
    if (rule.period < day) {
      problems.push_back("invalid limits_config: retention period must be >= 24h was " +
                         format_go_duration(rule.period.count()));
    }
  }
  if (limits.ingestion_rate_mb < 0 || limits.ingestion_burst_size_mb < 0) {
    problems.push_back("invalid limits_config: the ingestion rate must not be negative");
  }
}

}  // namespace

result<void> apply_s3_url(s3_config& s3) {
  if (s3.url.empty()) return {};
  constexpr std::string_view scheme = "s3://";
  std::string_view rest = s3.url;
  if (rest.rfind(scheme, 0) != 0) {
    return error{errc::invalid_argument, "storage: the s3 address must begin with s3://"};
  }
  rest.remove_prefix(scheme.size());
  const std::size_t at = rest.rfind('@');
  if (at != std::string_view::npos) {
    const std::string_view user = rest.substr(0, at);
    const std::size_t colon = user.find(':');
    if (s3.access_key_id.empty()) s3.access_key_id = percent_decoded(user.substr(0, colon));
    if (colon != std::string_view::npos && s3.secret_access_key.empty()) {
      s3.secret_access_key = percent_decoded(user.substr(colon + 1));
    }
    rest.remove_prefix(at + 1);
  }
  const std::size_t slash = rest.find('/');
  const std::string host(rest.substr(0, slash));
  if (slash != std::string_view::npos && s3.bucket.empty()) {
    s3.bucket = rest.substr(slash + 1, rest.find('/', slash + 1) - slash - 1);
  }
  // A word is a region, anything else a host.
  const bool is_host = host.find_first_of(".:") != std::string::npos || host == "localhost";
  if (is_host) {
    if (s3.endpoint.empty()) s3.endpoint = host;
    s3.force_path_style = true;
  } else if (s3.region.empty()) {
    s3.region = host;
  }
  return {};
}

std::vector<std::string> validate_config(const node_config& config) {
  std::vector<std::string> problems;
  static constexpr std::array<std::string_view, 9> encodings{
      "none", "gzip", "lz4-64k", "snappy", "lz4-256k", "lz4-1M", "lz4", "flate", "zstd"};
  if (std::find(encodings.begin(), encodings.end(), config.ingester.chunk_encoding) ==
      encodings.end()) {
    problems.push_back(
        "invalid ingester config: invalid encoding: " + config.ingester.chunk_encoding +
        ", supported: none, gzip, lz4-64k, snappy, lz4-256k, lz4-1M, lz4, flate, "
        "zstd");
  }
  if (config.compactor.retention_enabled && config.compactor.delete_request_store.empty()) {
    problems.push_back(
        "invalid compactor config: compactor.delete-request-store should be configured when "
        "retention is enabled");
  }
  for (const auto& [name, port] :
       {std::pair<const char*, std::int64_t>{"http", config.server.http_listen_port},
        std::pair<const char*, std::int64_t>{"grpc", config.server.grpc_listen_port}}) {
    if (port < 0 || port > 65535) {
      problems.push_back("invalid server config: " + std::string(name) + "_listen_port " +
                         std::to_string(port) + " is no port");
    }
  }
  if (auto level = parse_log_level(config.server.log_level); !level.ok()) {
    problems.push_back("invalid server config: " + level.error().message);
  }
  if (auto format = parse_log_format(config.server.log_format); !format.ok()) {
    problems.push_back("invalid server config: " + format.error().message);
  }
  if (config.ingester.max_chunk_age <= std::chrono::nanoseconds(0)) {
    problems.push_back("invalid ingester config: max_chunk_age must be greater than 0");
  }
  if (!(config.ingester.wal_disk_full_threshold >= 0 &&
        config.ingester.wal_disk_full_threshold <= 1)) {
    problems.push_back("invalid ingester config: wal disk full threshold must be between 0 and 1");
  }
  if (config.skald.wal_segment_size < wal_segment_size_min ||
      config.skald.wal_segment_size > wal_segment_size_max ||
      config.skald.wal_segment_size % 4096 != 0) {
    problems.push_back(
        "invalid skald config: wal_segment_size must be a multiple of 4096 from 4MB to 1GB");
  }
  if (config.runtime_config.period <= std::chrono::nanoseconds(0)) {
    problems.push_back("invalid runtime_config: period must be greater than 0");
  }
  if (!is_valid_tenant(config.no_auth_tenant)) {
    problems.push_back("no_auth_tenant \"" + config.no_auth_tenant + "\" is no tenant id");
  }
  check_limits(config.limits, problems);
  return problems;
}

result<void> derive_config(config_draft& draft, std::vector<std::string>& warnings) {
  derive_moved_keys(draft);
  derive_ring(draft, warnings);
  derive_paths(draft);
  derive_ruler(draft);
  std::vector<std::string> problems;
  if (auto storage = derive_storage(draft); !storage.ok()) {
    problems.push_back(storage.error().message);
  }
  for (std::string& problem : validate_config(draft.config)) problems.push_back(std::move(problem));
  if (!problems.empty()) return all_problems(problems);
  return {};
}

void apply_single_node_defaults(node_config& config, const std::string& folder) {
  config.auth_enabled = false;
  config.path_prefix = folder;
  config.ring.replication_factor = 1;
  config.ring.instance_addr = "127.0.0.1";
  config.ingester.min_ready_duration = std::chrono::nanoseconds(0);
}

}  // namespace skald
