// SPDX-License-Identifier: Apache-2.0
#include "actors/querier/pack_waves.h"

#include <algorithm>

namespace skald {
namespace {

constexpr std::size_t wave_growth = 4;

// A pack, or all that is in memory.
struct element {
  const pack_chunks* pack = nullptr;  // null: memory
  std::size_t number = 0;
  std::size_t rows = 0;
  std::int64_t min_ns = INT64_MAX;
  std::int64_t max_ns = INT64_MIN;
};

element measure(const pack_chunks& pack, std::size_t number) {
  element one{&pack, number};
  for (const pack_chunk& chunk : pack.chunks) {
    one.rows += chunk.rows;
    one.min_ns = std::min(one.min_ns, chunk.min_timestamp_ns);
    one.max_ns = std::max(one.max_ns, chunk.max_timestamp_ns);
  }
  return one;
}

std::vector<element> in_opening_order(const chunk_table& table, const wave_request& request) {
  std::vector<element> order;
  order.reserve(table.packs.size() + 1);
  for (std::size_t i = 0; i < table.packs.size(); ++i) order.push_back(measure(table.packs[i], i));
  if (request.memory_min_ns <= request.memory_max_ns) {
    order.push_back(
        {nullptr, 0, request.memory_rows, request.memory_min_ns, request.memory_max_ns});
  }
  std::stable_sort(order.begin(), order.end(), [&](const element& a, const element& b) {
    return request.forward ? a.min_ns < b.min_ns : a.max_ns > b.max_ns;
  });
  return order;
}

// The places between elements at which a wave may not end, since rows of a stream on either side
// are not in order. Place i is in front of element i.
class closed_places {
 public:
  explicit closed_places(std::size_t elements) : changes_(elements + 1, 0) {}
  // Keeps elements `first` to `last` together.
  void join(std::size_t first, std::size_t last) {
    if (first >= last) return;
    ++changes_[first + 1];
    --changes_[last + 1];
  }
  std::vector<bool> all() const {
    std::vector<bool> closed(changes_.size(), false);
    int open_joins = 0;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      open_joins += changes_[i];
      closed[i] = open_joins > 0;
    }
    return closed;
  }

 private:
  std::vector<int> changes_;
};

// Of a stream: neighbouring elements whose rows of it are not in order, from the first of them on,
// and how far the rows up to here reach.
struct stream_reach {
  std::size_t first = 0;
  std::int64_t edge_ns = 0;       // the lowest time, or the highest of a forward query
  std::size_t before = SIZE_MAX;  // the reach behind whose rows all these are
};

void join_streams(const chunk_table& table, const std::vector<element>& order, bool forward,
                  closed_places& places) {
  std::vector<stream_reach> reaches;
  std::vector<std::size_t> newest(table.streams.size(), SIZE_MAX);  // in reaches
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i].pack == nullptr) continue;
    for (const pack_chunk& chunk : order[i].pack->chunks) {
      const std::int64_t near = forward ? chunk.min_timestamp_ns : chunk.max_timestamp_ns;
      stream_reach reach{i, forward ? chunk.max_timestamp_ns : chunk.min_timestamp_ns};
      std::size_t& top = newest[chunk.stream];
      while (top != SIZE_MAX) {
        const stream_reach& known = reaches[top];
        if (forward ? near > known.edge_ns : near < known.edge_ns) break;
        reach.first = known.first;
        reach.edge_ns = forward ? std::max(reach.edge_ns, known.edge_ns)
                                : std::min(reach.edge_ns, known.edge_ns);
        top = known.before;
      }
      places.join(reach.first, i);
      reach.before = top;
      top = reaches.size();
      reaches.push_back(reach);
    }
  }
}

// Which streams are in memory is not looked at: what is there is new, and so are few packs.
void join_memory(const std::vector<element>& order, closed_places& places) {
  const auto memory = std::find_if(order.begin(), order.end(),
                                   [](const element& one) { return one.pack == nullptr; });
  if (memory == order.end()) return;
  const auto at = static_cast<std::size_t>(memory - order.begin());
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (order[i].min_ns > memory->max_ns || order[i].max_ns < memory->min_ns) continue;
    places.join(std::min(i, at), std::max(i, at));
  }
}

}  // namespace

std::vector<pack_wave> waves_of(const chunk_table& table, const wave_request& request) {
  const std::vector<element> order = in_opening_order(table, request);
  closed_places places(order.size());
  if (request.first_rows < SIZE_MAX) {  // else there is one wave
    join_streams(table, order, request.forward, places);
    join_memory(order, places);
  }
  const std::vector<bool> closed = places.all();

  std::vector<pack_wave> waves;
  std::size_t target = request.first_rows;
  std::size_t rows = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (waves.empty() || (rows >= target && !closed[i])) {
      if (!waves.empty())
        target = target > SIZE_MAX / wave_growth ? SIZE_MAX : target * wave_growth;
      waves.emplace_back();
      rows = 0;
    }
    pack_wave& wave = waves.back();
    if (order[i].pack != nullptr) {
      wave.packs.push_back(order[i].number);
    } else {
      wave.has_memory = true;
    }
    wave.min_timestamp_ns = std::min(wave.min_timestamp_ns, order[i].min_ns);
    wave.max_timestamp_ns = std::max(wave.max_timestamp_ns, order[i].max_ns);
    rows += order[i].rows;
  }
  return waves;
}

}  // namespace skald
