// SPDX-License-Identifier: Apache-2.0
#include "storage/index/lmdb_env.h"

#include <fcntl.h>
#include <lmdb.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>

namespace skald {
namespace {

constexpr unsigned readers_max = 512;
// Maps smaller than this are left alone.
constexpr std::uintptr_t resident_bytes_min = 16 << 20;
constexpr std::uint64_t map_bytes_max = std::uint64_t{1} << 40;

errc code_of(int code) {
  switch (code) {
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_PANIC:
    case MDB_BAD_DBI:
    case MDB_INCOMPATIBLE:
    case MDB_NOTFOUND:
      return errc::corrupt;
    case MDB_MAP_FULL:
    case MDB_READERS_FULL:
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENOMEM:
      return errc::resource_exhausted;
    case ENOENT:
      return errc::not_found;
    case EIO:
    case EACCES:
      return errc::unavailable;
    default:
      return errc::internal;
  }
}

error error_of(int code, const std::string& path, const char* what) {
  return {code_of(code), std::string(what) + " " + path + ": " + mdb_strerror(code)};
}

MDB_val to_val(std::string_view bytes) {
  return {bytes.size(), const_cast<char*>(bytes.data())};
}

std::string_view to_view(const MDB_val& val) {
  return {static_cast<const char*>(val.mv_data), val.mv_size};
}

// Environments that are open in this process, by device and inode. An entry stays until its
// environment is closed, so that nobody opens the file a second time meanwhile.
struct registry {
  std::mutex mutex;
  std::condition_variable closed;
  std::map<std::string, std::weak_ptr<lmdb_env>> open;
};

registry& the_registry() {
  static registry r;
  return r;
}

result<std::string> file_identity(const std::string& path, bool create) {
  const int flags = create ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDONLY | O_CLOEXEC;
  const int descriptor = ::open(path.c_str(), flags, 0644);
  if (descriptor < 0) return error_of(errno, path, "open");
  struct stat about {};
  const int status = ::fstat(descriptor, &about);
  const int problem = errno;
  ::close(descriptor);
  if (status != 0) return error_of(problem, path, "stat");
  return std::to_string(about.st_dev) + ":" + std::to_string(about.st_ino);
}

}  // namespace

error lmdb_transaction::failed(int code, const char* what) {
  if (code == MDB_MAP_FULL) map_full_ = true;
  return error_of(code, env_.path_, what);
}

lmdb_transaction::~lmdb_transaction() {
  if (txn_ != nullptr) mdb_txn_abort(txn_);
}

result<std::optional<std::string_view>> lmdb_transaction::get(lmdb_table table,
                                                              std::string_view key) {
  MDB_val k = to_val(key);
  MDB_val v;
  const int code = mdb_get(txn_, env_.tables_[table], &k, &v);
  if (code == MDB_NOTFOUND) return std::optional<std::string_view>();
  if (code != 0) return failed(code, "get");
  return std::optional<std::string_view>(to_view(v));
}

result<void> lmdb_transaction::put(lmdb_table table, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  const int code = mdb_put(txn_, env_.tables_[table], &k, &v, 0);
  if (code != 0) return failed(code, "put");
  return {};
}

result<void> lmdb_transaction::remove(lmdb_table table, std::string_view key) {
  MDB_val k = to_val(key);
  const int code = mdb_del(txn_, env_.tables_[table], &k, nullptr);
  if (code != 0 && code != MDB_NOTFOUND) return failed(code, "remove");
  return {};
}

std::uint64_t lmdb_transaction::entries(lmdb_table table) {
  MDB_stat about{};
  return mdb_stat(txn_, env_.tables_[table], &about) == 0 ? about.ms_entries : 0;
}

result<lmdb_cursor> lmdb_cursor::open(lmdb_transaction& transaction, lmdb_table table) {
  MDB_cursor* cursor = nullptr;
  const int code = mdb_cursor_open(transaction.txn_, transaction.env_.tables_[table], &cursor);
  if (code != 0) return transaction.failed(code, "cursor");
  return lmdb_cursor(transaction, cursor);
}

lmdb_cursor::lmdb_cursor(lmdb_cursor&& other) noexcept
    : transaction_(other.transaction_),
      cursor_(std::exchange(other.cursor_, nullptr)),
      at_entry_(other.at_entry_),
      key_(other.key_),
      value_(other.value_) {}

lmdb_cursor::~lmdb_cursor() {
  if (cursor_ != nullptr) mdb_cursor_close(cursor_);
}

result<bool> lmdb_cursor::move(int operation, std::string_view key) {
  MDB_val k = to_val(key);
  MDB_val v{};
  const int code = mdb_cursor_get(cursor_, &k, &v, static_cast<MDB_cursor_op>(operation));
  at_entry_ = code == 0;
  if (code == MDB_NOTFOUND) return false;
  if (code != 0) return transaction_->failed(code, "cursor");
  key_ = to_view(k);
  value_ = to_view(v);
  return true;
}

result<bool> lmdb_cursor::seek(std::string_view key) {
  return move(MDB_SET_RANGE, key);
}
result<bool> lmdb_cursor::next() {
  return move(MDB_NEXT, {});
}
result<bool> lmdb_cursor::last() {
  return move(MDB_LAST, {});
}

result<bool> lmdb_cursor::insert(std::string_view key, std::string_view value, bool append) {
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  const int code = mdb_cursor_put(cursor_, &k, &v, append ? MDB_APPEND : MDB_NOOVERWRITE);
  if (code == MDB_KEYEXIST) return false;
  if (code != 0) return transaction_->failed(code, "insert");
  return true;
}

result<std::shared_ptr<lmdb_env>> lmdb_env::open(const std::string& path,
                                                 const lmdb_options& options) {
  SKALD_TRY_ASSIGN(const std::string identity, file_identity(path, options.writable));
  registry& r = the_registry();
  std::unique_lock lock(r.mutex);
  for (auto found = r.open.find(identity); found != r.open.end(); found = r.open.find(identity)) {
    if (auto env = found->second.lock()) {
      if (env->writable_ == options.writable) return env;
      lock.unlock();  // it may be ours to close by now
      return error{errc::invalid_argument, "open " + path + ": is open in another mode"};
    }
    r.closed.wait(lock);
  }
  std::shared_ptr<lmdb_env> env(new lmdb_env);
  const auto started = env->start(path, options);
  if (!started.ok()) {
    lock.unlock();
    return started.error();
  }
  env->registry_key_ = identity;
  r.open[identity] = env;
  return env;
}

result<void> lmdb_env::start(const std::string& path, const lmdb_options& options) {
  path_ = path;
  writable_ = options.writable;
  if (const int code = mdb_env_create(&env_); code != 0) return error_of(code, path, "create");
  mdb_env_set_maxdbs(env_, static_cast<MDB_dbi>(options.tables.size()));
  mdb_env_set_maxreaders(env_, readers_max);
  if (writable_) mdb_env_set_mapsize(env_, options.map_bytes);
  const unsigned mode = writable_ ? MDB_NOSYNC | MDB_NOMETASYNC | MDB_NORDAHEAD
                                  : MDB_RDONLY | MDB_NOLOCK | MDB_NORDAHEAD;
  const int code = mdb_env_open(env_, path.c_str(), MDB_NOSUBDIR | MDB_NOTLS | mode, 0644);
  if (code != 0) return error_of(code, path, "open");
  return open_tables(options);
}

result<void> lmdb_env::open_tables(const lmdb_options& options) {
  MDB_txn* txn = nullptr;
  int code = mdb_txn_begin(env_, nullptr, writable_ ? 0 : MDB_RDONLY, &txn);
  if (code != 0) return error_of(code, path_, "begin");
  for (const std::string& name : options.tables) {
    MDB_dbi table = 0;
    code = mdb_dbi_open(txn, name.c_str(), writable_ ? MDB_CREATE : 0, &table);
    if (code != 0) {
      mdb_txn_abort(txn);
      return error_of(code, path_, "open table in");
    }
    tables_.push_back(table);
  }
  code = mdb_txn_commit(txn);
  if (code != 0) return error_of(code, path_, "commit");
  return {};
}

lmdb_env::~lmdb_env() {
  if (registry_key_.empty()) {
    if (env_ != nullptr) mdb_env_close(env_);
    return;
  }
  registry& r = the_registry();
  const std::lock_guard lock(r.mutex);
  mdb_env_close(env_);
  r.open.erase(registry_key_);
  r.closed.notify_all();
}

std::shared_lock<std::shared_mutex> lmdb_env::share_map() const {
  const std::lock_guard gate(gate_);
  return std::shared_lock(map_mutex_);
}

result<void> lmdb_env::read(const std::function<result<void>(lmdb_transaction&)>& body) {
  const auto lock = share_map();
  MDB_txn* txn = nullptr;
  const int code = mdb_txn_begin(env_, nullptr, MDB_RDONLY, &txn);
  if (code != 0) return error_of(code, path_, "begin");
  lmdb_transaction transaction(*this, txn);
  return body(transaction);
}

result<void> lmdb_env::write(const std::function<result<void>(lmdb_transaction&)>& body) {
  while (true) {
    bool map_full = false;
    {
      const auto lock = share_map();
      MDB_txn* txn = nullptr;
      int code = mdb_txn_begin(env_, nullptr, 0, &txn);
      if (code != 0) return error_of(code, path_, "begin");
      lmdb_transaction transaction(*this, txn);
      auto done = body(transaction);
      if (done.ok()) {
        transaction.txn_ = nullptr;
        code = mdb_txn_commit(txn);
        if (code == 0) {
          drop_resident_pages();
          return {};
        }
        if (code != MDB_MAP_FULL) return error_of(code, path_, "commit");
        map_full = true;
      } else if (transaction.map_full_) {
        map_full = true;
      } else {
        return done;
      }
    }
    if (map_full) SKALD_TRY(grow());
  }
}

// LMDB keeps the address of its map for itself, so it is looked up by the file's name. The pages
// stay in the page cache; only the mapping of them ends, until somebody touches them again.
void lmdb_env::drop_resident_pages() const {
  const std::string name = path_.substr(path_.rfind('/') + 1);
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (!line.ends_with(name)) continue;
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    if (std::sscanf(line.c_str(), "%" SCNxPTR "-%" SCNxPTR, &begin, &end) != 2) continue;
    if (end - begin < resident_bytes_min) continue;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): told as text, there is no pointer to take
    ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
  }
}

result<void> lmdb_env::grow() {
  const std::lock_guard gate(gate_);
  const std::unique_lock lock(map_mutex_);
  MDB_envinfo about{};
  mdb_env_info(env_, &about);
  if (about.me_mapsize >= map_bytes_max) return error_of(MDB_MAP_FULL, path_, "grow");
  const int code = mdb_env_set_mapsize(env_, about.me_mapsize * 2);
  if (code != 0) return error_of(code, path_, "grow");
  return {};
}

std::uint64_t lmdb_env::map_bytes() const {
  const auto lock = share_map();
  MDB_envinfo about{};
  mdb_env_info(env_, &about);
  return about.me_mapsize;
}

std::uint64_t lmdb_env::used_bytes() const {
  const auto lock = share_map();
  MDB_envinfo about{};
  MDB_stat pages{};
  mdb_env_info(env_, &about);
  mdb_env_stat(env_, &pages);
  return (about.me_last_pgno + 1) * pages.ms_psize;
}

result<void> lmdb_env::sync() {
  if (const int code = mdb_env_sync(env_, 1); code != 0) return error_of(code, path_, "sync");
  return {};
}

}  // namespace skald
