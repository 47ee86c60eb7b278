// SPDX-License-Identifier: Apache-2.0
// A sparse array of states by interval number: pages are made when their first cell is used, so
// that a series with rows in few of many intervals stays small.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace skald::logql {

template <class State>
class interval_cells {
 public:
  explicit interval_cells(std::uint32_t interval_count = 0) : count_(interval_count) {}

  std::uint32_t size() const { return count_; }

  // Made when it is not there; `bytes` then grows by the memory it takes. `interval` is below
  // size().
  State& at(std::uint32_t interval, std::uint64_t& bytes) {
    const std::size_t page = interval / page_cells;
    if (page >= pages_.size()) {
      bytes += (page + 1 - pages_.size()) * sizeof(pages_[0]);
      pages_.resize(page + 1);
    }
    if (!pages_[page]) {
      bytes += cells_in(page) * sizeof(State);
      pages_[page] = std::make_unique<State[]>(cells_in(page));
    }
    return pages_[page][interval % page_cells];
  }
  // Null when nothing was added there.
  const State* find(std::uint32_t interval) const {
    const std::size_t page = interval / page_cells;
    if (page >= pages_.size() || !pages_[page]) return nullptr;
    const State& state = pages_[page][interval % page_cells];
    return state.absent() ? nullptr : &state;
  }

  void merge(interval_cells&& from, std::uint64_t& bytes) {
    if (from.pages_.size() > pages_.size()) {
      bytes += (from.pages_.size() - pages_.size()) * sizeof(pages_[0]);
      pages_.resize(from.pages_.size());
    }
    for (std::size_t page = 0; page < from.pages_.size(); ++page) {
      if (!from.pages_[page]) continue;
      if (!pages_[page]) {
        bytes += cells_in(page) * sizeof(State);
        pages_[page] = std::move(from.pages_[page]);
        continue;
      }
      for (std::size_t i = 0; i < cells_in(page); ++i) {
        if (!from.pages_[page][i].absent()) pages_[page][i].merge(from.pages_[page][i]);
      }
    }
  }

  // Without what states own themselves.
  std::uint64_t memory_bytes() const {
    std::uint64_t bytes = pages_.size() * sizeof(pages_[0]);
    for (std::size_t page = 0; page < pages_.size(); ++page) {
      if (pages_[page]) bytes += cells_in(page) * sizeof(State);
    }
    return bytes;
  }

 private:
  static constexpr std::size_t page_cells = 32;
  // Only the last page may be shorter.
  std::size_t cells_in(std::size_t page) const {
    return std::min<std::size_t>(page_cells, count_ - page * page_cells);
  }

  std::uint32_t count_ = 0;
  std::vector<std::unique_ptr<State[]>> pages_;
};

}  // namespace skald::logql
