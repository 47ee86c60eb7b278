// SPDX-License-Identifier: Apache-2.0
// What is kept of the rows of one series in one elementary interval. Every state is empty when
// made, takes one sample at a time and merges with another in any order; `absent()` tells whether
// any sample arrived.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace skald::logql {

// One value that a row gives. `order` decides between equal times of different streams, the same on
// every worker; rows of one stream with equal times are added in order of arrival.
struct timed_sample {
  std::int64_t timestamp_ns = 0;
  std::uint64_t order = 0;
  double value = 0;

  bool before(const timed_sample& other) const {
    return timestamp_ns != other.timestamp_ns ? timestamp_ns < other.timestamp_ns
                                              : order < other.order;
  }
  friend bool operator==(const timed_sample&, const timed_sample&) = default;
};

struct count_state {
  std::uint64_t rows = 0;
  bool absent() const { return rows == 0; }
  void add(const timed_sample&) { ++rows; }
  // Many rows at once, from counters.
  void add_rows(std::uint64_t more_rows, std::uint64_t) { rows += more_rows; }
  void merge(const count_state& other) { rows += other.rows; }
};

struct bytes_state {
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  bool absent() const { return rows == 0; }
  void add(const timed_sample& sample) {
    ++rows;
    bytes += static_cast<std::uint64_t>(sample.value);
  }
  void add_rows(std::uint64_t more_rows, std::uint64_t more_bytes) {
    rows += more_rows;
    bytes += more_bytes;
  }
  void merge(const bytes_state& other) {
    rows += other.rows;
    bytes += other.bytes;
  }
};

// Sums are held with more digits and a wider range than a double has, so that their order hardly
// matters and a mean of huge values stays finite.
struct sum_state {
  long double sum = 0;
  std::uint64_t rows = 0;
  bool absent() const { return rows == 0; }
  void add(const timed_sample& sample) {
    ++rows;
    sum += sample.value;
  }
  void merge(const sum_state& other) {
    rows += other.rows;
    sum += other.sum;
  }
};

// NaN gives way to any other value.
struct minimum_state {
  double value = 0;
  bool present = false;
  bool absent() const { return !present; }
  void add(const timed_sample& sample) { take(sample.value); }
  void merge(const minimum_state& other) {
    if (other.present) take(other.value);
  }

 private:
  void take(double v) {
    if (!present || v < value || std::isnan(value)) value = v;
    present = true;
  }
};

struct maximum_state {
  double value = 0;
  bool present = false;
  bool absent() const { return !present; }
  void add(const timed_sample& sample) { take(sample.value); }
  void merge(const maximum_state& other) {
    if (other.present) take(other.value);
  }

 private:
  void take(double v) {
    if (!present || v > value || std::isnan(value)) value = v;
    present = true;
  }
};

// Number, mean and sum of squared distances from the mean: Welford's update, Chan's merge.
struct moments_state {
  std::uint64_t rows = 0;
  double mean = 0;
  double squares = 0;
  bool absent() const { return rows == 0; }
  void add(const timed_sample& sample) {
    ++rows;
    const double delta = sample.value - mean;
    mean += delta / static_cast<double>(rows);
    squares += delta * (sample.value - mean);
  }
  void merge(const moments_state& other) {
    if (other.rows == 0) return;
    if (rows == 0) {
      *this = other;
      return;
    }
    const double left = static_cast<double>(rows);
    const double right = static_cast<double>(other.rows);
    const double delta = other.mean - mean;
    rows += other.rows;
    mean += delta * (right / (left + right));
    squares += other.squares + delta * delta * (left * right / (left + right));
  }
  double variance() const { return squares / static_cast<double>(rows); }
};

struct earliest_state {
  timed_sample first;
  bool present = false;
  bool absent() const { return !present; }
  void add(const timed_sample& sample) {
    if (!present || sample.before(first)) first = sample;
    present = true;
  }
  void merge(const earliest_state& other) {
    if (other.present) add(other.first);
  }
};

struct latest_state {
  timed_sample last;
  bool present = false;
  bool absent() const { return !present; }
  void add(const timed_sample& sample) {
    if (!present || !sample.before(last)) last = sample;
    present = true;
  }
  void merge(const latest_state& other) {
    if (other.present) add(other.last);
  }
};

// All samples, in no particular order but that samples with equal time and order stand as they were
// added.
struct samples_state {
  std::vector<timed_sample> samples;
  bool absent() const { return samples.empty(); }
  void add(const timed_sample& sample) { samples.push_back(sample); }
  void merge(const samples_state& other) {
    samples.insert(samples.end(), other.samples.begin(), other.samples.end());
  }
};

}  // namespace skald::logql
