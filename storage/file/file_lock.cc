// SPDX-License-Identifier: Apache-2.0
#include "storage/file/file_lock.h"

#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "storage/file/posix_file_system.h"

namespace skald {
namespace {

std::string own_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  return "process " + std::to_string(::getpid()) + " on host " + host.data();
}

// Who wrote it last. For a message only: empty when it cannot be read.
std::string holder_in(file& lock_file) {
  std::array<char, 400> text{};
  const auto got = lock_file.read_at(0, text.data(), text.size());
  return got.ok() ? std::string(text.data(), *got) : std::string();
}

}  // namespace

result<bool> try_lock(file& opened) {
  if (opened.descriptor() < 0) return true;
  while (::flock(opened.descriptor(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) return false;
    if (errno != EINTR) return error_from_errno(errno, "flock", "an open file");
  }
  return true;
}

result<directory_lock> directory_lock::acquire(file_system& files, const std::string& directory) {
  SKALD_TRY(files.create_directories(directory));
  SKALD_TRY_ASSIGN(auto held, files.open(directory + "/LOCK", open_mode::create_or_open));
  SKALD_TRY_ASSIGN(const bool locked, try_lock(*held));
  if (!locked) {
    return error{errc::unavailable, "directory " + directory + " is in use by " + holder_in(*held) +
                                        ": stop that node first, or give this one a directory of "
                                        "its own"};
  }
  SKALD_TRY(held->resize(0));
  SKALD_TRY(held->write_at(0, own_name()));
  return directory_lock(std::move(held));
}

}  // namespace skald
