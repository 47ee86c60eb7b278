// SPDX-License-Identifier: Apache-2.0
#include "storage/index/index_catalog.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

#include "storage/index/index_catalog_state.h"
#include "storage/index/index_side_files.h"

namespace skald {
namespace {

constexpr std::int64_t nanoseconds_per_second = 1'000'000'000;

std::string hex64(std::uint64_t value) {
  char text[20];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(value));
  return text;
}

bool parse_day(std::string_view table, std::string_view prefix, std::int64_t& day) {
  if (!table.starts_with(prefix)) return false;
  table.remove_prefix(prefix.size());
  const auto parsed = std::from_chars(table.data(), table.data() + table.size(), day);
  return !table.empty() && parsed.ec == std::errc() && parsed.ptr == table.data() + table.size();
}

}  // namespace

result<void> index_catalog::implementation::recover() {
  SKALD_TRY(files_.create_directories(directory_));
  SKALD_TRY(files_.create_directories(cache_directory_));
  SKALD_TRY_ASSIGN(const auto entries, files_.list(directory_));
  for (const directory_entry& entry : entries) {
    std::int64_t day = 0;
    if (entry.kind == entry_kind::directory && parse_day(entry.name, options_.table_prefix, day)) {
      SKALD_TRY(recover_table(day));
    }
  }
  return {};
}

result<void> index_catalog::implementation::recover_table(std::int64_t day) {
  const std::string directory = directory_ + "/" + table_name(day);
  SKALD_TRY_ASSIGN(const auto entries, files_.list(directory));
  for (const directory_entry& entry : entries) {
    const std::string path = directory + "/" + entry.name;
    if (entry.name.ends_with(".tmp")) SKALD_TRY(files_.remove(path));
    if (!entry.name.ends_with(index_side_files::data_suffix)) continue;
    auto slot = std::make_shared<slot_file>(
        path.substr(0, path.size() - index_side_files::data_suffix.size()), false);
    // An unfinished file was not synced, and LMDB would not notice what a crash of the machine did
    // to it.
    auto good = index_side_files::check_sum(files_, slot->stem);
    if (!good.ok() && good.error().code != errc::corrupt) return good;
    std::shared_ptr<index_file> file;
    if (good.ok()) {
      auto opened = open_files_.get(slot->place);
      if (opened.ok()) file = std::move(*opened);
    }
    if (!file) {
      ++recovery_.dropped_files;
      SKALD_TRY(index_side_files::remove_all(files_, slot->stem));
      continue;
    }
    ++recovery_.kept_files;
    const auto shipped = index_side_files::read_shipped(files_, slot->stem);
    slot->former_life = true;
    slot->shipped_ns = shipped.value_or(0);
    slot->slot = {table_name(day),
                  day,
                  slot->stem.substr(directory.size() + 1),
                  true,
                  shipped.has_value(),
                  file->file_stats().chunks};
    slot->object_key = object_key(slot->slot);
    slots_.push_back(std::move(slot));
  }
  return {};
}

result<void> index_catalog::implementation::add(std::string_view tenant,
                                                std::span<const index_row> rows) {
  const std::lock_guard lock(write_mutex_);
  std::map<std::int64_t, std::vector<index_row>> by_day;
  std::int64_t only_day = 0;
  bool one_day = true;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t first = day_number(rows[i].chunk.min_timestamp_ns);
    const std::int64_t last = day_number(rows[i].chunk.max_timestamp_ns);
    if (i == 0) only_day = first;
    one_day = one_day && first == only_day && last == only_day;
  }
  if (rows.empty()) return {};
  if (one_day) return add_to_day(only_day, tenant, rows);
  for (const index_row& row : rows) {
    const std::int64_t first = day_number(row.chunk.min_timestamp_ns);
    const std::int64_t last = day_number(row.chunk.max_timestamp_ns);
    if (last < first || last - first > 366) {
      return error{errc::invalid_argument, "index row: chunk is longer than a year"};
    }
    for (std::int64_t day = first; day <= last; ++day) by_day[day].push_back(row);
  }
  for (const auto& [day, day_rows] : by_day) SKALD_TRY(add_to_day(day, tenant, day_rows));
  return {};
}

result<void> index_catalog::implementation::add_to_day(std::int64_t day, std::string_view tenant,
                                                       std::span<const index_row> rows) {
  // After a crash rows come again that a file of an earlier life has.
  std::vector<index_row> fresh;
  bool filtered = false;
  for (const auto& slot : slot_files()) {
    if (!slot->former_life || slot->slot.day != day) continue;
    const std::span<const index_row> left = filtered ? std::span<const index_row>(fresh) : rows;
    SKALD_TRY_ASSIGN(const auto file, open_files_.get(slot->place));
    SKALD_TRY_ASSIGN(const std::vector<bool> known, file->contains(tenant, left));
    std::vector<index_row> kept;
    for (std::size_t i = 0; i < left.size(); ++i) {
      if (!known[i]) kept.push_back(left[i]);
    }
    fresh = std::move(kept);
    filtered = true;
  }
  if (filtered) rows = fresh;
  if (rows.empty()) return {};
  SKALD_TRY_ASSIGN(const auto slot, active_slot(day));
  SKALD_TRY_ASSIGN(const auto file, open_files_.get(slot->place));
  SKALD_TRY(file->add(tenant, rows));
  const index_file_stats stats = file->file_stats();
  if (stats.file_bytes >= options_.slot_bytes_max) close(slot);
  const std::lock_guard lock(mutex_);
  slot->slot.chunks = stats.chunks;
  return {};
}

result<std::shared_ptr<index_catalog::implementation::slot_file>>
index_catalog::implementation::active_slot(std::int64_t day) {
  const std::int64_t start_s = slot_start_s();
  if (const auto found = active_.find(day); found != active_.end()) {
    if (found->second->start_s == start_s) return found->second;
    close(std::shared_ptr(found->second));
  }
  const std::string directory = directory_ + "/" + table_name(day);
  SKALD_TRY(files_.create_directories(directory));
  std::string name;
  bool taken = true;
  while (taken) {
    name = options_.writer + "-" + hex64(options_.incarnation) + "-" + std::to_string(start_s) +
           "-" + std::to_string(next_number_++);
    SKALD_TRY_ASSIGN(taken, files_.exists(index_side_files::data_path(directory + "/" + name)));
  }
  auto slot = std::make_shared<slot_file>(directory + "/" + name, true);
  slot->start_s = start_s;
  slot->slot = {table_name(day), day, name, false, false, 0};
  slot->object_key = object_key(slot->slot);
  SKALD_TRY(open_files_.get(slot->place));
  const std::lock_guard lock(mutex_);
  slots_.push_back(slot);
  active_[day] = slot;
  return slot;
}

// Of the slot that takes rows now. A slot of another time is over, also one that began while the
// clock was ahead: it would not end before that time came again.
std::int64_t index_catalog::implementation::slot_start_s() const {
  const std::int64_t length_s = std::max<std::int64_t>(options_.slot_length.count(), 1);
  return time_.wall_now_ns() / nanoseconds_per_second / length_s * length_s;
}

void index_catalog::implementation::close(const std::shared_ptr<slot_file>& slot) {
  const std::lock_guard lock(mutex_);
  slot->closed = true;
  std::erase_if(active_, [&](const auto& entry) { return entry.second == slot; });
}

result<void> index_catalog::implementation::finish(slot_file& slot) {
  SKALD_TRY(open_files_.finish(slot.place));
  SKALD_TRY(index_side_files::write_sum(files_, slot.stem));
  const std::lock_guard lock(mutex_);
  slot.slot.finished = true;
  return {};
}

result<void> index_catalog::implementation::finish_slots(bool all) {
  const std::lock_guard shipping(ship_mutex_);
  const std::int64_t start_s = slot_start_s();
  std::vector<std::shared_ptr<slot_file>> over;
  {
    const std::lock_guard lock(write_mutex_);
    for (const auto& slot : slot_files()) {
      if (slot->slot.finished) continue;
      if (slot->closed || all || slot->start_s != start_s) {
        close(slot);
        over.push_back(slot);
      }
    }
  }
  for (const auto& slot : over) SKALD_TRY(finish(*slot));
  return {};
}

std::vector<std::shared_ptr<index_catalog::implementation::slot_file>>
index_catalog::implementation::slot_files() const {
  const std::lock_guard lock(mutex_);
  return slots_;
}

std::vector<index_slot> index_catalog::implementation::slots(bool to_ship) const {
  const std::lock_guard lock(mutex_);
  std::vector<index_slot> out;
  for (const auto& s : slots_) {
    if (!to_ship || (s->slot.finished && !s->slot.shipped)) out.push_back(s->slot);
  }
  return out;
}

std::string index_catalog::implementation::object_key(const index_slot& slot) const {
  return "index/" + slot.table + "/raw/" + slot.file_name + ".lmdb.zst";
}

result<std::shared_ptr<index_catalog::implementation::slot_file>>
index_catalog::implementation::find_slot(const index_slot& slot) const {
  const std::lock_guard lock(mutex_);
  for (const auto& s : slots_) {
    if (s->slot.table == slot.table && s->slot.file_name == slot.file_name) return s;
  }
  return error{errc::not_found, "index slot " + slot.table + "/" + slot.file_name};
}

result<void> index_catalog::implementation::ship_slot(const index_slot& wanted,
                                                      const index_upload& upload) {
  const std::lock_guard shipping(ship_mutex_);
  SKALD_TRY_ASSIGN(const auto slot, find_slot(wanted));
  {
    const std::lock_guard lock(mutex_);
    if (!slot->slot.finished) {
      return error{errc::invalid_argument,
                   "index slot " + wanted.file_name + " is still written to"};
    }
  }
  const std::string path = slot->stem + ".ship.tmp";
  auto shipped = export_slot(*slot, path, upload);
  static_cast<void>(files_.remove(path).ok());  // recover() removes a left-over
  SKALD_TRY(std::move(shipped));
  return mark_shipped(*slot);
}

// The file is read as it is. A copy without free pages would have to go through the map, all of
// which would become resident; free pages are few, as refs are only ever appended.
result<void> index_catalog::implementation::export_slot(const slot_file& slot,
                                                        const std::string& path,
                                                        const index_upload& upload) {
  SKALD_TRY_ASSIGN(auto data,
                   files_.open(index_side_files::data_path(slot.stem), open_mode::read_only));
  SKALD_TRY_ASSIGN(std::shared_ptr<file> shipment, files_.open(path, open_mode::create_or_empty));
  SKALD_TRY_ASSIGN(
      const index_shipment_written written,
      write_index_shipment(pieces_of(std::move(data)), options_.compression_level, *shipment));
  SKALD_TRY(index_side_files::compare_sum(
      files_, slot.stem, index_side_files::sum_text(written.file.bytes, written.file.hash)));
  return upload(slot.object_key, written.bytes, pieces_of(std::move(shipment)));
}

result<void> index_catalog::implementation::mark_shipped(slot_file& slot) {
  const std::int64_t now_ns = time_.wall_now_ns();
  SKALD_TRY(index_side_files::write_shipped(files_, slot.stem, now_ns));
  const std::lock_guard lock(mutex_);
  slot.slot.shipped = true;
  slot.shipped_ns = now_ns;
  return {};
}

result<void> index_catalog::implementation::drop_slot(const index_slot& wanted) {
  SKALD_TRY_ASSIGN(const auto slot, find_slot(wanted));
  {
    const std::lock_guard lock(mutex_);
    std::erase(slots_, slot);
    std::erase_if(active_, [&](const auto& entry) { return entry.second == slot; });
  }
  return remove_unlisted(slot);
}

result<std::uint64_t> index_catalog::implementation::drop_expired_slots() {
  const std::int64_t now_ns = time_.wall_now_ns();
  const std::int64_t limit_ns = now_ns - options_.shipped_ttl.count() * nanoseconds_per_second;
  std::vector<index_slot> expired;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& s : slots_) {
      s->shipped_ns = std::min(s->shipped_ns, now_ns);  // the clock may have been ahead
      if (s->slot.shipped && s->shipped_ns <= limit_ns) expired.push_back(s->slot);
    }
  }
  for (const index_slot& slot : expired) SKALD_TRY(drop_slot(slot));
  return static_cast<std::uint64_t>(expired.size());
}

index_catalog::index_catalog(std::unique_ptr<implementation> state) : state_(std::move(state)) {}
index_catalog::~index_catalog() = default;

result<std::unique_ptr<index_catalog>> index_catalog::open(std::string directory,
                                                           std::string cache_directory,
                                                           index_options options,
                                                           file_system& files, const clock& time) {
  auto state = std::make_unique<implementation>(std::move(directory), std::move(cache_directory),
                                                std::move(options), files, time);
  SKALD_TRY(state->recover());
  return std::unique_ptr<index_catalog>(new index_catalog(std::move(state)));
}

const index_catalog_recovery& index_catalog::recovery() const {
  return state_->recovery_;
}
result<void> index_catalog::add(std::string_view tenant, std::span<const index_row> rows) {
  return state_->add(tenant, rows);
}
result<void> index_catalog::finish_slots(bool all) {
  return state_->finish_slots(all);
}
std::vector<index_slot> index_catalog::slots() const {
  return state_->slots(false);
}
std::vector<index_slot> index_catalog::slots_to_ship() const {
  return state_->slots(true);
}
result<void> index_catalog::ship_slot(const index_slot& slot, const index_upload& upload) {
  return state_->ship_slot(slot, upload);
}
result<void> index_catalog::drop_slot(const index_slot& slot) {
  const std::lock_guard shipping(state_->ship_mutex_);
  const std::lock_guard lock(state_->write_mutex_);
  return state_->drop_slot(slot);
}

result<std::uint64_t> index_catalog::drop_expired() {
  const std::lock_guard shipping(state_->ship_mutex_);
  const std::lock_guard lock(state_->write_mutex_);
  SKALD_TRY_ASSIGN(const std::uint64_t slots, state_->drop_expired_slots());
  SKALD_TRY_ASSIGN(const std::uint64_t downloads, state_->drop_expired_downloads());
  return slots + downloads;
}

result<std::vector<std::string>> index_catalog::unshipped_pack_keys() const {
  std::vector<std::string> out;
  for (const auto& slot : state_->slot_files()) {
    {
      const std::lock_guard lock(state_->mutex_);
      if (slot->slot.shipped) continue;
    }
    SKALD_TRY_ASSIGN(const auto file, state_->open_files_.get(slot->place));
    SKALD_TRY_ASSIGN(const auto keys, file->pack_keys());
    out.insert(out.end(), keys.begin(), keys.end());
  }
  std::sort(out.begin(), out.end());
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

std::string index_catalog::table_name(std::int64_t day) const {
  return state_->table_name(day);
}

std::string index_catalog::raw_prefix(std::int64_t day) const {
  return "index/" + state_->table_name(day) + "/raw/";
}

index_catalog::day_span index_catalog::days_of(const time_range& range) {
  if (range.empty()) return {};
  return {day_number(range.start_ns), day_number(range.end_ns - 1)};
}

}  // namespace skald
