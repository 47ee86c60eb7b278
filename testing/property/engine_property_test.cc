// SPDX-License-Identifier: Apache-2.0
// Random queries over random data: the engine's answer, however its blocks are cut and merged, is
// that of the reference evaluator. PROPERTY_PAIRS says how many pairs, PROPERTY_SEED where to
// begin; a failure is made smaller before it is printed.
#include <gtest/gtest.h>

#include <cstdlib>

#include "testing/property/answer_difference.h"
#include "testing/property/engine_runs.h"
#include "testing/property/random_data.h"
#include "testing/property/random_query.h"
#include "testing/reference/reference_evaluator.h"

namespace skald::logql::property {
namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr int failures_shown = 5;

std::uint64_t from_environment(const char* name, std::uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

struct trial {
  query_part query;
  query_request request;  // without the text
  data_set data;
  std::uint64_t seed = 0;  // of block layouts
};

trial random_trial(std::uint64_t seed) {
  random_source random(seed);
  trial made;
  made.seed = seed;
  made.data = random_data(random);
  const bool is_log = random.one_in(2);
  made.query = is_log ? random_log_query(random) : random_metric_query(random);
  made.request.start_ns = static_cast<std::int64_t>(random.below(20)) * second;
  made.request.end_ns = static_cast<std::int64_t>(30 + random.below(35)) * second;
  static const std::vector<std::int64_t> steps = {second, 5 * second, 7 * second, 2500'000'000};
  made.request.step_ns = random.pick(steps);
  made.request.limit = static_cast<std::uint32_t>(random.one_in(2) ? 100 : 1 + random.below(12));
  made.request.forward = random.one_in(2);
  if (is_log && random.one_in(5)) made.request.interval_ns = 3 * second;
  made.request.instant = !is_log && random.one_in(2);
  made.request.early_rejection = !random.one_in(4);
  return made;
}

struct outcome {
  std::string difference;  // empty: all is well
  std::string layout;
  result<query_result> expected = query_result();
  result<query_result> actual = query_result();
};

outcome run(const trial& one) {
  query_request request = one.request;
  request.query = one.query.text();
  // A sort inside of something else promises no order.
  const bool ordered =
      one.query.head.starts_with("sort") || request.query.find("sort") == std::string::npos;
  outcome out;
  out.expected = reference::evaluate(request, one.data);
  for (const block_layout layout : all_layouts) {
    random_source random(one.seed);
    out.actual = run_engine(request, one.data, layout, random);
    out.difference = difference(out.expected, out.actual, ordered);
    out.layout = to_string(layout);
    if (!out.difference.empty()) break;
  }
  return out;
}

bool differs(const trial& one) {
  return !run(one).difference.empty();
}

// Leaves out entries and parts of the query for as long as the answers differ.
trial smallest(trial one) {
  for (bool changed = true; changed;) {
    changed = false;
    for (query_part& query : smaller_queries(one.query)) {
      trial less = one;
      less.query = std::move(query);
      if (!differs(less)) continue;
      one = std::move(less);
      changed = true;
      break;
    }
    for (std::size_t i = one.data.size(); i-- > 0;) {
      trial less = one;
      less.data.erase(less.data.begin() + static_cast<std::ptrdiff_t>(i));
      if (!differs(less)) continue;
      one = std::move(less);
      changed = true;
    }
  }
  return one;
}

std::string report(const trial& one) {
  const outcome done = run(one);
  const query_request& r = one.request;
  return "seed " + std::to_string(one.seed) + ", blocks " + done.layout + "\nquery " +
         one.query.text() + "\nfrom " + std::to_string(r.start_ns) + " to " +
         std::to_string(r.end_ns) + " step " + std::to_string(r.step_ns) + " interval " +
         std::to_string(r.interval_ns) + " limit " + std::to_string(r.limit) +
         (r.forward ? " forward" : "") + (r.instant ? " instant" : "") +
         (r.early_rejection ? "" : " without early rejection") + "\ndata\n" + to_text(one.data) +
         "reference says\n" + to_text(done.expected) + "engine says\n" + to_text(done.actual) +
         "difference: " + done.difference + "\n";
}

// That a test of random queries is not empty: some answer, some fail, most find something.
struct tally {
  std::uint64_t refused = 0;  // by the parser: a duplicate name and the like
  std::uint64_t failed = 0;
  std::uint64_t empty = 0;

  void count(const outcome& done) {
    if (!done.expected.ok()) {
      ++(done.expected.error().message.starts_with("parse error") ? refused : failed);
    } else if (to_text(done.expected).empty()) {
      ++empty;
    }
  }
};

TEST(EngineProperty, AnswersAreThoseOfTheReference) {
  const std::uint64_t pairs = from_environment("PROPERTY_PAIRS", 500);
  const std::uint64_t first = from_environment("PROPERTY_SEED", 1);
  int failures = 0;
  tally counts;
  for (std::uint64_t seed = first; seed < first + pairs && failures < failures_shown; ++seed) {
    const trial one = random_trial(seed);
    const outcome done = run(one);
    counts.count(done);
    if (done.difference.empty()) continue;
    ++failures;
    ADD_FAILURE() << report(smallest(one));
  }
  std::printf("seeds %llu to %llu: %llu queries refused, %llu failed, %llu found nothing\n",
              static_cast<unsigned long long>(first),
              static_cast<unsigned long long>(first + pairs - 1),
              static_cast<unsigned long long>(counts.refused),
              static_cast<unsigned long long>(counts.failed),
              static_cast<unsigned long long>(counts.empty));
  if (failures == 0 && pairs >= 500) {
    EXPECT_LT(counts.refused, pairs / 20);
    EXPECT_LT(counts.failed + counts.empty, pairs * 6 / 10);
  }
}

}  // namespace
}  // namespace skald::logql::property
