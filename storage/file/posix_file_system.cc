// SPDX-License-Identifier: Apache-2.0
#include "storage/file/posix_file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

namespace skald {
namespace {

constexpr mode_t file_permissions = 0644;
constexpr mode_t directory_permissions = 0755;

// Linux moves at most 0x7ffff000 bytes per call; smaller steps keep the loop's arithmetic plain.
constexpr std::size_t call_bytes_max = std::size_t{1} << 30;

template <class Call>
auto repeat_interrupted(Call call) {
  auto answer = call();
  while (answer < 0 && errno == EINTR) answer = call();
  return answer;
}

error last_error(std::string_view call, std::string_view path) {
  return error_from_errno(errno, call, path);
}

class posix_file final : public file {
 public:
  posix_file(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~posix_file() override { ::close(descriptor_); }

  result<std::size_t> read_at(std::uint64_t offset, char* out, std::size_t length) override {
    std::size_t done = 0;
    while (done < length) {
      const std::size_t step = std::min(length - done, call_bytes_max);
      const ssize_t got = repeat_interrupted([&] {
        return ::pread(descriptor_, out + done, step, static_cast<off_t>(offset + done));
      });
      if (got < 0) return last_error("pread", path_);
      if (got == 0) break;
      done += static_cast<std::size_t>(got);
    }
    return done;
  }

  result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const std::size_t step = std::min(bytes.size(), call_bytes_max);
      const ssize_t put = repeat_interrupted(
          [&] { return ::pwrite(descriptor_, bytes.data(), step, static_cast<off_t>(offset)); });
      if (put < 0) return last_error("pwrite", path_);
      offset += static_cast<std::uint64_t>(put);
      bytes.remove_prefix(static_cast<std::size_t>(put));
    }
    return {};
  }

  result<void> append(std::string_view bytes) override {
    SKALD_TRY(write_at(append_offset_, bytes));
    append_offset_ += bytes.size();
    return {};
  }

  result<void> sync_data() override {
    if (repeat_interrupted([&] { return ::fdatasync(descriptor_); }) < 0) {
      return last_error("fdatasync", path_);
    }
    return {};
  }

  result<std::uint64_t> size() override {
    struct stat found = {};
    if (::fstat(descriptor_, &found) < 0) return last_error("fstat", path_);
    return static_cast<std::uint64_t>(found.st_size);
  }

  result<void> resize(std::uint64_t bytes) override {
    if (repeat_interrupted([&] { return ::ftruncate(descriptor_, static_cast<off_t>(bytes)); }) <
        0) {
      return last_error("ftruncate", path_);
    }
    return {};
  }

  int descriptor() const override { return descriptor_; }

 private:
  const int descriptor_;
  const std::string path_;
  std::uint64_t append_offset_ = 0;
};

int flags_of(open_mode mode) {
  switch (mode) {
    case open_mode::read_only:
      return O_RDONLY;
    case open_mode::read_write:
      return O_RDWR;
    case open_mode::create_or_open:
      return O_RDWR | O_CREAT;
    case open_mode::create_new:
      return O_RDWR | O_CREAT | O_EXCL;
    case open_mode::create_or_empty:
      return O_RDWR | O_CREAT | O_TRUNC;
  }
  return O_RDONLY;
}

errc code_of(int error_number) {
  switch (error_number) {
    case ENOENT:
      return errc::not_found;
    case EEXIST:
    case ENOTEMPTY:
      return errc::already_exists;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case EFBIG:
    case ENOMEM:
      return errc::resource_exhausted;
    case EACCES:
    case EPERM:
    case EROFS:
      return errc::unauthorized;
    case ENAMETOOLONG:
    case ENOTDIR:
    case EISDIR:
    case EINVAL:
    case ELOOP:
      return errc::invalid_argument;
    default:
      return errc::unavailable;
  }
}

entry_kind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return entry_kind::regular;
  if (S_ISDIR(mode)) return entry_kind::directory;
  return entry_kind::other;
}

result<bool> is_directory(const std::string& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) < 0) {
    if (errno == ENOENT) return false;
    return last_error("stat", path);
  }
  if (!S_ISDIR(found.st_mode)) return error_from_errno(ENOTDIR, "mkdir", path);
  return true;
}

}  // namespace

error error_from_errno(int error_number, std::string_view call, std::string_view path) {
  std::string message(call);
  message += " ";
  message += path;
  message += ": ";
  message += std::generic_category().message(error_number);
  return {code_of(error_number), std::move(message)};
}

result<std::unique_ptr<file>> posix_file_system::open(const std::string& path, open_mode mode) {
  const int descriptor = repeat_interrupted(
      [&] { return ::open(path.c_str(), flags_of(mode) | O_CLOEXEC, file_permissions); });
  if (descriptor < 0) return last_error("open", path);
  return std::unique_ptr<file>(std::make_unique<posix_file>(descriptor, path));
}

result<void> posix_file_system::rename(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) < 0) return last_error("rename", from + " to " + to);
  return {};
}

result<void> posix_file_system::remove(const std::string& path) {
  if (::unlink(path.c_str()) < 0) return last_error("unlink", path);
  return {};
}

result<void> posix_file_system::remove_directory(const std::string& path) {
  if (::rmdir(path.c_str()) < 0) return last_error("rmdir", path);
  return {};
}

result<std::vector<directory_entry>> posix_file_system::list(const std::string& directory) {
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(::opendir(directory.c_str()), &::closedir);
  if (opened == nullptr) return last_error("opendir", directory);
  std::vector<directory_entry> entries;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(opened.get());
    if (entry == nullptr) {
      if (errno != 0) return last_error("readdir", directory);
      break;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat found = {};
    if (::fstatat(::dirfd(opened.get()), entry->d_name, &found, 0) < 0) {
      // Removed since it was listed, or a dangling link.
      if (errno == ENOENT) continue;
      return last_error("fstatat", directory + "/" + std::string(name));
    }
    entries.push_back({std::string(name), kind_of(found.st_mode)});
  }
  std::sort(entries.begin(), entries.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return entries;
}

result<void> posix_file_system::create_directories(const std::string& path) {
  if (path.empty()) return error{errc::invalid_argument, "mkdir: empty path"};
  SKALD_TRY_ASSIGN(const bool there, is_directory(path));
  if (there) return {};
  const std::string parent = parent_directory(path);
  if (parent != path) SKALD_TRY(create_directories(parent));
  if (::mkdir(path.c_str(), directory_permissions) < 0) {
    if (errno != EEXIST) return last_error("mkdir", path);
    return {};  // another thread was faster, and syncs it
  }
  return sync_directory(parent);
}

result<std::uint64_t> posix_file_system::file_size(const std::string& path) {
  struct stat found = {};
  if (::stat(path.c_str(), &found) < 0) return last_error("stat", path);
  if (!S_ISREG(found.st_mode)) return error_from_errno(EISDIR, "stat", path);
  return static_cast<std::uint64_t>(found.st_size);
}

result<bool> posix_file_system::exists(const std::string& path) {
  struct stat found = {};
  if (::lstat(path.c_str(), &found) == 0) return true;
  if (errno == ENOENT || errno == ENOTDIR) return false;
  return last_error("lstat", path);
}

result<void> posix_file_system::sync_directory(const std::string& directory) {
  const int descriptor = repeat_interrupted(
      [&] { return ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  if (descriptor < 0) return last_error("open", directory);
  const int answer = repeat_interrupted([&] { return ::fsync(descriptor); });
  const int error_number = errno;
  ::close(descriptor);
  if (answer < 0) return error_from_errno(error_number, "fsync", directory);
  return {};
}

result<disk_space> posix_file_system::space(const std::string& path) {
  struct statvfs found = {};
  if (::statvfs(path.c_str(), &found) < 0) return last_error("statvfs", path);
  const std::uint64_t used = found.f_blocks - std::min(found.f_bfree, found.f_blocks);
  return disk_space{used * found.f_frsize, std::uint64_t{found.f_bavail} * found.f_frsize};
}

result<std::string> read_file(file_system& files, const std::string& path,
                              std::uint64_t bytes_max) {
  SKALD_TRY_ASSIGN(const auto opened, files.open(path, open_mode::read_only));
  SKALD_TRY_ASSIGN(const std::uint64_t bytes, opened->size());
  if (bytes > bytes_max) {
    return error{errc::resource_exhausted, path + " has " + std::to_string(bytes) +
                                               " bytes, more than " + std::to_string(bytes_max)};
  }
  std::string contents(bytes, '\0');
  SKALD_TRY_ASSIGN(const std::size_t got, opened->read_at(0, contents.data(), contents.size()));
  contents.resize(got);
  return contents;
}

std::string parent_directory(std::string_view path) {
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  if (slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

}  // namespace skald
