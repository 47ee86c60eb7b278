// SPDX-License-Identifier: Apache-2.0
// An object store in memory: for tests, and for nodes that are told to keep nothing.
// Context: safe from many threads.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "storage/object_store/object_store.h"

namespace skald {

class memory_store final : public object_store {
 public:
  using object_store::put;
  result<void> put(const std::string& key, std::span<const std::string_view> parts) override;
  result<std::string> get(const std::string& key) override;
  result<std::string> get_range(const std::string& key, std::uint64_t offset,
                                std::uint64_t length) override;
  result<object_info> head(const std::string& key) override;
  result<std::vector<object_info>> list(const std::string& prefix) override;
  result<void> remove(const std::string& key) override;

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> objects_;
};

}  // namespace skald
