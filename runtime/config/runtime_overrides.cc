// SPDX-License-Identifier: Apache-2.0
#include "runtime/config/runtime_overrides.h"

#include <fstream>
#include <sstream>

#include "runtime/config/yaml_reader.h"

namespace skald {
namespace {

class override_builder final : public override_sink {
 public:
  override_builder(const tenant_limits& defaults, std::vector<std::string>* warnings)
      : defaults_(defaults), warnings_(warnings) {}
  tenant_limits limits_of(const std::string& tenant) override {
    const auto it = overrides_.find(tenant);
    return it == overrides_.end() ? defaults_ : it->second;
  }
  void set_limits(const std::string& tenant, tenant_limits limits) override {
    overrides_[tenant] = std::move(limits);
  }
  void warn(const std::string& tenant, const std::string& about) override {
    if (warnings_ != nullptr) warnings_->push_back("tenant " + tenant + ": " + about);
  }
  limits_snapshot::override_map take() { return std::move(overrides_); }

 private:
  const tenant_limits& defaults_;
  std::vector<std::string>* const warnings_;
  limits_snapshot::override_map overrides_;
};

}  // namespace

result<limits_snapshot_ptr> parse_overrides(const std::vector<std::string>& texts,
                                            const tenant_limits& defaults,
                                            std::vector<std::string>* warnings) {
  override_builder builder(defaults, warnings);
  for (const std::string& text : texts) SKALD_TRY(read_overrides_yaml(text, builder));
  return limits_snapshot_ptr(std::make_shared<const limits_snapshot>(defaults, builder.take()));
}

result<limits_snapshot_ptr> overrides_watcher::poll() {
  std::vector<std::string> texts;
  for (const std::string& path : files_.files) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    if (!file || !(text << file.rdbuf())) {
      // An empty file makes the insertion fail, too.
      if (!file.is_open()) {
        return error{errc::not_found, "overrides file " + path + " cannot be read"};
      }
    }
    texts.push_back(std::move(text).str());
  }
  if (loaded_ && texts == last_texts_) return limits_snapshot_ptr();
  std::vector<std::string> warnings;
  auto snapshot = parse_overrides(texts, defaults_, &warnings);
  if (!snapshot.ok()) {
    std::string names;
    for (const std::string& path : files_.files) names += (names.empty() ? "" : ",") + path;
    return error{snapshot.error().code,
                 "failed to load " + names + ": " + snapshot.error().message};
  }
  loaded_ = true;
  last_texts_ = std::move(texts);
  warnings_ = std::move(warnings);
  return snapshot;
}

}  // namespace skald
