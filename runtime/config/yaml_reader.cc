// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/yaml_reader.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace skald {
namespace {

constexpr std::string_view limits_block = "limits_config";

// Loki's names of the types behind its blocks, as its messages show them.
std::string_view go_type_of(std::string_view block) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 32> names{{
      {"", "loki.ConfigWrapper"},
      {"server", "server.Config"},
      {"common", "common.Config"},
      {"common.storage", "common.Storage"},
      {"common.ring", "util.RingConfig"},
      {"common.ring.kvstore", "kv.Config"},
      {"distributor", "distributor.Config"},
      {"ingester", "ingester.Config"},
      {"ingester.wal", "ingester.WALConfig"},
      {"ingester.lifecycler", "ring.LifecyclerConfig"},
      {"ingester.lifecycler.ring", "ring.Config"},
      {"querier", "querier.Config"},
      {"querier.engine", "logql.EngineOpts"},
      {"frontend", "lokifrontend.Config"},
      {"query_range", "queryrange.Config"},
      {"query_scheduler", "scheduler.Config"},
      {"query_range.results_cache", "queryrangebase.ResultsCacheConfig"},
      {"query_range.results_cache.cache", "cache.Config"},
      {"chunk_store_config", "config.ChunkStoreConfig"},
      {"schema_config", "config.SchemaConfig"},
      {"storage_config", "storage.Config"},
      {"storage_config.aws", "aws.StorageConfig"},
      {"storage_config.filesystem", "local.FSConfig"},
      {"storage_config.tsdb_shipper", "indexshipper.Config"},
      {"storage_config.object_store", "bucket.ConfigWithNamedStores"},
      {"compactor", "compactor.Config"},
      {"ruler", "ruler.Config"},
      {"ruler_storage", "rulestore.Config"},
      {"memberlist", "memberlist.KVConfig"},
      {"runtime_config", "runtimeconfig.Config"},
      {"pattern_ingester", "pattern.Config"},
      {"skald", "skald.Config"},
  }};
  for (const auto& [path, name] : names) {
    if (path == block) return name;
  }
  return {};
}

std::string type_of_block(const std::string& block) {
  if (const auto known = go_type_of(block); !known.empty()) return std::string(known);
  return block + ".Config";
}

class reader {
 public:
  reader(config_draft& draft, bool only_limits) : draft_(draft), only_limits_(only_limits) {}

  void walk(const YAML::Node& map, const std::string& block) {
    if (map.IsNull()) return;
    if (!map.IsMap()) {
      fail(map, "cannot unmarshal !!" + std::string(map.IsSequence() ? "seq" : "str") + " into " +
                    type_of_block(block));
      return;
    }
    std::set<std::string> seen;
    for (const auto& pair : map) {
      if (!pair.first.IsScalar()) {
        fail(pair.first, "a key must be a word");
        continue;
      }
      const std::string& name = pair.first.Scalar();
      if (name == "<<") continue;
      if (!seen.insert(name).second) {
        fail(pair.first, "mapping key \"" + name + "\" already defined");
        continue;
      }
      walk_key(pair.first, pair.second, block.empty() ? name : block + "." + name);
    }
    // Merged mappings give what the mapping itself does not.
    for (const auto& pair : map) {
      if (pair.first.IsScalar() && pair.first.Scalar() == "<<") merge(pair.second, block, seen);
    }
  }

  result<void> outcome() const {
    if (problems_.empty()) return {};
    std::string text = "yaml: construct errors: ";
    for (std::size_t i = 0; i < problems_.size(); ++i) {
      if (i > 0) text += "; ";
      text += problems_[i];
    }
    return error{errc::invalid_argument, std::move(text)};
  }
  std::vector<std::string> take_warnings() { return std::move(warnings_); }

 private:
  void merge(const YAML::Node& from, const std::string& block, std::set<std::string>& seen) {
    if (from.IsSequence()) {
      for (const YAML::Node& item : from) merge(item, block, seen);
      return;
    }
    if (!from.IsMap()) return fail(from, "map merge requires map or sequence of maps as the value");
    for (const auto& pair : from) {
      const std::string& name = pair.first.Scalar();
      if (!seen.insert(name).second) continue;
      walk_key(pair.first, pair.second, block.empty() ? name : block + "." + name);
    }
  }

  void walk_key(const YAML::Node& name, const YAML::Node& value, const std::string& path) {
    const key_table& table = key_table::instance();
    const config_key* key = table.find(path);
    if (key == nullptr && table.is_block(path)) return walk(value, path);
    if (key == nullptr) {
      if (path.rfind(limits_block, 0) == 0) return;  // Loki ignores unknown limits
      const std::size_t dot = path.rfind('.');
      return fail(name, "field " + name.Scalar() + " not found in type " +
                            type_of_block(dot == std::string::npos ? "" : path.substr(0, dot)));
    }
    if (key->use == key_use::ignored || key->use == key_use::ignored_block) {
      if (!only_limits_) {
        warnings_.push_back(key->path + " has no effect: " + std::string(key->help));
      }
      return;
    }
    if (key->at == nullptr) return;
    draft_.given.insert(path);
    const auto set = assign_yaml(key->at(draft_), value, draft_);
    if (!set.ok()) problems_.push_back(set.error().message);
  }

  void fail(const YAML::Node& at, const std::string& what) {
    problems_.push_back("line " + std::to_string(at.Mark().line + 1) + ": " + what);
  }

  config_draft& draft_;
  const bool only_limits_;
  std::vector<std::string> problems_;
  std::vector<std::string> warnings_;
};

result<YAML::Node> parse(std::string_view text) {
  try {
    return YAML::Load(std::string(text));
  } catch (const YAML::Exception& e) {
    return error{errc::invalid_argument,
                 "yaml: line " + std::to_string(e.mark.line + 1) + ": " + e.msg};
  }
}

// yaml-cpp reports misuse of nodes (an index into a scalar) by exceptions.
template <class F>
result<void> guarded(const F& walk) {
  try {
    return walk();
  } catch (const YAML::Exception& e) {
    return error{errc::invalid_argument,
                 "yaml: line " + std::to_string(e.mark.line + 1) + ": " + e.msg};
  }
}

}  // namespace

result<yaml_findings> read_yaml(std::string_view text, config_draft& draft) {
  SKALD_TRY_ASSIGN(const YAML::Node root, parse(text));
  yaml_findings findings;
  SKALD_TRY(guarded([&]() -> result<void> {
    reader r(draft, false);
    r.walk(root, "");
    SKALD_TRY(r.outcome());
    findings.warnings = r.take_warnings();
    std::move(draft.warnings.begin(), draft.warnings.end(), std::back_inserter(findings.warnings));
    draft.warnings.clear();
    return {};
  }));
  return findings;
}

result<void> read_overrides_yaml(std::string_view text, override_sink& sink) {
  SKALD_TRY_ASSIGN(const YAML::Node root, parse(text));
  return guarded([&]() -> result<void> {
    if (root.IsNull()) return {};
    if (!root.IsMap()) {
      return error{errc::invalid_argument, "yaml: line 1: the overrides file must be a mapping"};
    }
    for (const auto& pair : root) {
      const std::string& name = pair.first.Scalar();
      if (name != "overrides" && name != "configs" && name != "multi_kv_config") {
        return error{errc::invalid_argument,
                     "yaml: line " + std::to_string(pair.first.Mark().line + 1) + ": field " +
                         name + " not found in type loki.runtimeConfigValues"};
      }
      if (name != "overrides" || pair.second.IsNull()) continue;
      if (!pair.second.IsMap()) {
        return error{errc::invalid_argument, "yaml: overrides must be a mapping of tenants"};
      }
      for (const auto& tenant : pair.second) {
        config_draft draft;
        draft.config.limits = sink.limits_of(tenant.first.Scalar());
        const ingestion_rate_strategy strategy = draft.config.limits.rate_strategy;
        reader r(draft, true);
        r.walk(tenant.second, std::string(limits_block));
        SKALD_TRY(r.outcome());
        draft.config.limits.rate_strategy = strategy;  // not per tenant
        sink.set_limits(tenant.first.Scalar(), std::move(draft.config.limits));
        for (const std::string& about : draft.warnings) sink.warn(tenant.first.Scalar(), about);
      }
    }
    return {};
  });
}

}  // namespace skald
