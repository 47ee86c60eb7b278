// SPDX-License-Identifier: Apache-2.0
// The real file system behind classes to derive from: a test overrides the calls that it makes
// fail. It never waits for the disk: no test cuts the power, and thousands of syncs beside other
// programs' writes take minutes. Context: as the real one's, as long as the overrides are.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "storage/file/posix_file_system.h"

namespace skald {

class forwarding_file : public file {
 public:
  explicit forwarding_file(std::unique_ptr<file> inner) : inner_(std::move(inner)) {}
  result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t length) override {
    return inner_->read_at(offset, out, length);
  }
  result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    return inner_->write_at(offset, bytes);
  }
  result<void> append(std::string_view bytes) override { return inner_->append(bytes); }
  result<void> sync_data() override { return {}; }
  result<std::uint64_t> size() override { return inner_->size(); }
  result<void> resize(std::uint64_t bytes) override { return inner_->resize(bytes); }
  int descriptor() const override { return inner_->descriptor(); }

 private:
  const std::unique_ptr<file> inner_;
};

class forwarding_file_system : public file_system {
 public:
  result<std::unique_ptr<file>> open(const std::string& path, open_mode mode) override {
    return real_.open(path, mode);
  }
  result<void> rename(const std::string& from, const std::string& to) override {
    return real_.rename(from, to);
  }
  result<void> remove(const std::string& path) override { return real_.remove(path); }
  result<void> remove_directory(const std::string& path) override {
    return real_.remove_directory(path);
  }
  result<std::vector<directory_entry>> list(const std::string& directory) override {
    return real_.list(directory);
  }
  result<void> create_directories(const std::string& path) override {
    std::error_code failure;
    std::filesystem::create_directories(path, failure);
    return failure ? real_.create_directories(path) : result<void>();
  }
  result<std::uint64_t> file_size(const std::string& path) override {
    return real_.file_size(path);
  }
  result<bool> exists(const std::string& path) override { return real_.exists(path); }
  result<void> sync_directory(const std::string& directory) override {
    SKALD_TRY_ASSIGN(const bool there, real_.exists(directory));
    return there ? result<void>() : error{errc::not_found, "no such directory: " + directory};
  }
  result<disk_space> space(const std::string& path) override { return real_.space(path); }

 private:
  posix_file_system real_;
};

}  // namespace skald
