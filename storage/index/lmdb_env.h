// SPDX-License-Identifier: Apache-2.0
// The one place that talks to LMDB: environments, transactions and cursors with errors as values.
// LMDB's rules that are kept here: a file is opened once per process (a registry shares it), reader
// slots belong to transactions and not threads (NOTLS), the map grows only while no transaction
// runs. Errors: corrupt (LMDB found the file damaged), resource_exhausted (disk full), unavailable
// (I/O), internal.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/result.h"

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

namespace skald {

struct lmdb_options {
  bool writable = false;               // else NOLOCK and read-only: nobody may write the file
  std::uint64_t map_bytes = 64 << 20;  // first size, for writable ones
  std::vector<std::string> tables;     // made when absent; referred to by position
};

using lmdb_table = std::size_t;

// Views that it returns are valid until the transaction ends or, in a write transaction, writes.
// One thread at a time.
class lmdb_transaction {
 public:
  ~lmdb_transaction();
  lmdb_transaction(const lmdb_transaction&) = delete;
  lmdb_transaction& operator=(const lmdb_transaction&) = delete;

  result<std::optional<std::string_view>> get(lmdb_table table, std::string_view key);
  // Inserts or replaces.
  result<void> put(lmdb_table table, std::string_view key, std::string_view value);
  // An absent key is fine.
  result<void> remove(lmdb_table table, std::string_view key);
  std::uint64_t entries(lmdb_table table);

 private:
  friend class lmdb_env;
  friend class lmdb_cursor;
  lmdb_transaction(class lmdb_env& env, MDB_txn* txn) : env_(env), txn_(txn) {}
  error failed(int code, const char* what);

  lmdb_env& env_;
  MDB_txn* txn_;
  bool map_full_ = false;
};

// Walks one table in key order. Must end before its transaction.
class lmdb_cursor {
 public:
  static result<lmdb_cursor> open(lmdb_transaction& transaction, lmdb_table table);
  ~lmdb_cursor();
  lmdb_cursor(lmdb_cursor&& other) noexcept;
  lmdb_cursor& operator=(lmdb_cursor&&) = delete;

  // False: there is no such entry, the cursor is nowhere.
  result<bool> seek(std::string_view key);  // the first entry at or behind `key`
  result<bool> next();
  result<bool> last();
  bool at_entry() const { return at_entry_; }
  std::string_view key() const { return key_; }
  std::string_view value() const { return value_; }

  // Adds an entry; false when the key is there already. `append`: the caller knows that it is the
  // greatest.
  result<bool> insert(std::string_view key, std::string_view value, bool append);

 private:
  lmdb_cursor(lmdb_transaction& transaction, MDB_cursor* cursor)
      : transaction_(&transaction), cursor_(cursor) {}
  result<bool> move(int operation, std::string_view key);

  lmdb_transaction* transaction_;
  MDB_cursor* cursor_;
  bool at_entry_ = false;
  std::string_view key_;
  std::string_view value_;
};

// Thread-safe. Writers exclude one another; readers run beside them.
class lmdb_env {
 public:
  // Returns the open environment of that file if this process has one. Errors: also
  // invalid_argument when that one was opened in the other mode.
  static result<std::shared_ptr<lmdb_env>> open(const std::string& path,
                                                const lmdb_options& options);
  ~lmdb_env();
  lmdb_env(const lmdb_env&) = delete;
  lmdb_env& operator=(const lmdb_env&) = delete;

  // Runs `body` in a transaction that ends with the call.
  result<void> read(const std::function<result<void>(lmdb_transaction&)>& body);
  // Commits what `body` did, unless it returns an error. When the map is full, it is doubled and
  // `body` runs again from the start. Not synced.
  result<void> write(const std::function<result<void>(lmdb_transaction&)>& body);
  result<void> sync();
  std::uint64_t map_bytes() const;
  // Bytes of the file that hold pages.
  std::uint64_t used_bytes() const;

 private:
  friend class lmdb_transaction;
  friend class lmdb_cursor;
  lmdb_env() = default;
  result<void> start(const std::string& path, const lmdb_options& options);
  result<void> open_tables(const lmdb_options& options);
  result<void> grow();
  // Pages that commits touched would count as this process's memory for as long as the file is
  // open.
  void drop_resident_pages() const;
  std::shared_lock<std::shared_mutex> share_map() const;

  std::string path_;
  std::string registry_key_;
  bool writable_ = false;
  MDB_env* env_ = nullptr;
  std::vector<unsigned> tables_;
  // Shared by transactions; exclusive while the map grows. Everybody passes the gate first, so that
  // a stream of readers cannot keep the map from growing.
  mutable std::shared_mutex map_mutex_;
  mutable std::mutex gate_;
};

}  // namespace skald
