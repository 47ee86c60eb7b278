// SPDX-License-Identifier: Apache-2.0
// Zones from the IANA database in TZif form (RFC 8536), with the POSIX rule at its end for times
// behind the last stored change.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "runtime/logql/template/time/go_time.h"
#include "runtime/logql/template/time/posix_zone_rule.h"

namespace skald::logql {

class time_zone {
 public:
  struct local_type {
    int offset_seconds = 0;
    bool is_dst = false;
    std::string abbreviation;
  };
  std::vector<std::int64_t> changes;      // unix seconds, rising
  std::vector<std::uint8_t> change_type;  // index into types, one per change
  std::vector<local_type> types;
  std::optional<posix_zone_rule> rule;
};

namespace {

constexpr std::string_view zone_folder = "/usr/share/zoneinfo/";
constexpr std::size_t zone_file_bytes_max = 1 << 20;
constexpr std::size_t header_bytes = 44;

std::int64_t read_big_endian(const std::string& data, std::size_t at, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i) {
    value = value << 8 | static_cast<unsigned char>(data[at + i]);
  }
  if (bytes == 4) return static_cast<std::int32_t>(static_cast<std::uint32_t>(value));
  return static_cast<std::int64_t>(value);
}

struct zone_counts {
  std::size_t ut_flags = 0;
  std::size_t standard_flags = 0;
  std::size_t leaps = 0;
  std::size_t changes = 0;
  std::size_t types = 0;
  std::size_t characters = 0;

  std::size_t block_bytes(std::size_t time_bytes) const {
    return changes * (time_bytes + 1) + types * 6 + characters + leaps * (time_bytes + 4) +
           standard_flags + ut_flags;
  }
};

bool read_header(const std::string& data, std::size_t at, zone_counts& counts) {
  if (data.size() < at + header_bytes || data.compare(at, 4, "TZif") != 0) return false;
  std::size_t* const fields[] = {&counts.ut_flags, &counts.standard_flags, &counts.leaps,
                                 &counts.changes,  &counts.types,          &counts.characters};
  std::size_t field_at = at + 20;
  for (std::size_t* field : fields) {
    *field = static_cast<std::uint32_t>(read_big_endian(data, field_at, 4));
    if (*field > zone_file_bytes_max) return false;
    field_at += 4;
  }
  return counts.types > 0;
}

bool read_block(const std::string& data, std::size_t at, int time_bytes, const zone_counts& counts,
                time_zone& zone) {
  if (data.size() < at + counts.block_bytes(time_bytes)) return false;
  for (std::size_t i = 0; i < counts.changes; ++i) {
    zone.changes.push_back(read_big_endian(data, at + i * time_bytes, time_bytes));
  }
  at += counts.changes * time_bytes;
  for (std::size_t i = 0; i < counts.changes; ++i) {
    const auto type = static_cast<std::uint8_t>(data[at + i]);
    if (type >= counts.types) return false;
    zone.change_type.push_back(type);
  }
  at += counts.changes;
  const std::size_t names = at + counts.types * 6;
  for (std::size_t i = 0; i < counts.types; ++i, at += 6) {
    const std::size_t name = static_cast<unsigned char>(data[at + 5]);
    if (name >= counts.characters) return false;
    zone.types.push_back({static_cast<int>(read_big_endian(data, at, 4)), data[at + 4] != 0,
                          std::string(data.c_str() + names + name)});
  }
  return true;
}

bool read_zone(const std::string& data, time_zone& zone) {
  zone_counts counts;
  if (!read_header(data, 0, counts)) return false;
  if (data[4] < '2') return read_block(data, header_bytes, 4, counts, zone);
  const std::size_t second = header_bytes + counts.block_bytes(4);
  if (!read_header(data, second, counts)) return false;
  if (!read_block(data, second + header_bytes, 8, counts, zone)) return false;
  const std::size_t footer = second + header_bytes + counts.block_bytes(8);
  if (footer + 1 < data.size() && data[footer] == '\n') {
    const std::size_t end = data.find('\n', footer + 1);
    if (end != std::string::npos) {
      zone.rule =
          parse_posix_zone_rule(std::string_view(data).substr(footer + 1, end - footer - 1));
    }
  }
  return true;
}

std::unique_ptr<time_zone> load_zone(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return nullptr;
  std::string data;
  char buffer[4096];
  while (file.read(buffer, sizeof buffer) || file.gcount() > 0) {
    data.append(buffer, static_cast<std::size_t>(file.gcount()));
    if (data.size() > zone_file_bytes_max) return nullptr;
  }
  auto zone = std::make_unique<time_zone>();
  return read_zone(data, *zone) ? std::move(zone) : nullptr;
}

std::unique_ptr<time_zone> make_utc() {
  auto zone = std::make_unique<time_zone>();
  zone->types.push_back({0, false, "UTC"});
  return zone;
}

std::unique_ptr<time_zone> load_local() {
  const char* name = std::getenv("TZ");  // NOLINT: read once, at first use
  std::unique_ptr<time_zone> zone;
  if (name == nullptr) {
    zone = load_zone("/etc/localtime");
  } else {
    if (*name == ':') ++name;
    if (*name != '\0') zone = load_zone(*name == '/' ? name : std::string(zone_folder) + name);
  }
  return zone ? std::move(zone) : make_utc();
}

bool is_safe_name(std::string_view name) {
  constexpr std::size_t name_bytes_max = 128;
  return !name.empty() && name.size() <= name_bytes_max && name[0] != '/' && name[0] != '\\' &&
         name.find("..") == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

struct zone_cache {
  std::mutex mutex;
  std::unordered_map<std::string, std::unique_ptr<time_zone>> zones;
};

zone_cache& cache() {
  static auto* const zones = new zone_cache;  // never destroyed: values point into it
  return *zones;
}

}  // namespace

const time_zone& utc_zone() {
  static const time_zone* const zone = make_utc().release();
  return *zone;
}

const time_zone& local_zone() {
  static const time_zone* const zone = load_local().release();
  return *zone;
}

const time_zone* find_zone(std::string_view name) {
  if (name.empty() || name == "UTC") return &utc_zone();
  if (name == "Local") return &local_zone();
  if (!is_safe_name(name)) return nullptr;
  // Names come from queries: unknown ones are not kept, so the cache is bounded by the database.
  const std::lock_guard lock(cache().mutex);
  std::string key(name);
  const auto known = cache().zones.find(key);
  if (known != cache().zones.end()) return known->second.get();
  std::unique_ptr<time_zone> zone = load_zone(std::string(zone_folder) + key);
  if (!zone) return nullptr;
  return cache().zones.emplace(std::move(key), std::move(zone)).first->second.get();
}

zone_offset offset_at(const time_zone& zone, std::int64_t unix_seconds) {
  const bool is_behind = zone.changes.empty() || unix_seconds >= zone.changes.back();
  if (is_behind && zone.rule) return offset_by_rule(*zone.rule, unix_seconds);
  const auto next = std::upper_bound(zone.changes.begin(), zone.changes.end(), unix_seconds);
  if (next != zone.changes.begin()) {
    const auto& type = zone.types[zone.change_type[next - zone.changes.begin() - 1]];
    return {type.offset_seconds, type.abbreviation};
  }
  // Before the first change: the first type that is no summer time.
  for (const time_zone::local_type& type : zone.types) {
    if (!type.is_dst) return {type.offset_seconds, type.abbreviation};
  }
  return {zone.types[0].offset_seconds, zone.types[0].abbreviation};
}

}  // namespace skald::logql
