// SPDX-License-Identifier: Apache-2.0
#include "actors/ingester/head_columns.h"

#include <random>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "actors/ingester/head_rows.h"

namespace skald {
namespace {

using namespace head_rows;

class head_columns_test : public ::testing::Test {
 protected:
  std::uint32_t append(const std::vector<row>& rows) {
    const auto frame = frame_of(rows);
    const auto dropped =
        columns_.append(frame->slices()[0], 0, static_cast<std::uint32_t>(rows.size()));
    columns_.check_invariants();
    return dropped;
  }
  head_snapshot_ptr snapshot() const { return columns_.snapshot(*make_stream(labels), 0, 1); }
  strings all() const { return rows_of(snapshot()); }

  head_columns columns_;
};

TEST_F(head_columns_test, EmptyHasNoRows) {
  EXPECT_EQ(columns_.rows(), 0U);
  EXPECT_EQ(snapshot()->rows, 0U);
  EXPECT_LT(columns_.memory_bytes(), 300U);
}

TEST_F(head_columns_test, KeepsRowsInOrder) {
  EXPECT_EQ(append({{1, "a"}, {2, ""}, {3, "ccc"}}), 0U);
  EXPECT_EQ(append({{4, "d"}}), 0U);
  EXPECT_EQ(all(), (strings{"1:a", "2:", "3:ccc", "4:d"}));
  EXPECT_TRUE(snapshot()->sorted);
  EXPECT_EQ(snapshot()->line_bytes(), 5U);
}

TEST_F(head_columns_test, AppendsPartOfASlice) {
  const auto frame = frame_of({{1, "a"}, {2, "bb"}, {3, "c"}, {4, "d"}});
  EXPECT_EQ(columns_.append(frame->slices()[0], 1, 2), 0U);
  columns_.check_invariants();
  EXPECT_EQ(all(), (strings{"2:bb", "3:c"}));
}

TEST_F(head_columns_test, SortsLateRowsStably) {
  append({{5, "a"}, {5, "b"}, {3, "c"}, {5, "d"}, {3, "e"}, {9, "f"}});
  EXPECT_FALSE(snapshot()->sorted);
  EXPECT_EQ(all(), (strings{"3:c", "3:e", "5:a", "5:b", "5:d", "9:f"}));
  EXPECT_EQ(snapshot()->min_timestamp_ns, 3);
  EXPECT_EQ(snapshot()->max_timestamp_ns, 9);
}

TEST_F(head_columns_test, DropsEqualRowsOnly) {
  EXPECT_EQ(append({{1, "a"}, {1, "a"}, {1, "b"}, {1, "a"}}), 2U);
  EXPECT_EQ(append({{1, "a"}, {2, "a"}}), 1U);
  EXPECT_EQ(append({{1, "b"}, {1, "c"}}), 1U);
  EXPECT_EQ(append({{1, "c"}, {2, "a"}, {2, "b"}}), 2U);
  EXPECT_EQ(all(), (strings{"1:a", "1:b", "1:c", "2:a", "2:b"}));
}

TEST_F(head_columns_test, MetadataMakesRowsDifferent) {
  EXPECT_EQ(append({{1, "a"}, {2, "b"}}), 0U);
  EXPECT_EQ(append({{2, "b", {{"k", "v"}}}, {2, "b", {{"k", "v"}}}, {2, "b", {{"k", "w"}}}}), 1U);
  EXPECT_EQ(append({{2, "b", {{"k", "v"}, {"l", "x"}}}}), 0U);
  EXPECT_EQ(append({{2, "b"}}), 1U);
  EXPECT_EQ(append({{3, "c"}}), 0U);
  EXPECT_EQ(all(), (strings{"1:a", "2:b", "2:b{k=v}", "2:b{k=w}", "2:b{k=v}{l=x}", "3:c"}));
}

TEST_F(head_columns_test, FindsDuplicatesAmongManyRowsOfOneTimestamp) {
  std::vector<row> rows;
  for (int i = 0; i < 500; ++i) rows.push_back({7, "line " + std::to_string(i)});
  EXPECT_EQ(append(rows), 0U);
  EXPECT_EQ(append(rows), 500U);
  EXPECT_EQ(append({{6, "line 1"}, {6, "line 1"}, {7, "line 499"}, {8, "line 1"}}), 2U);
  EXPECT_EQ(columns_.rows(), 502U);
}

TEST_F(head_columns_test, SnapshotsDoNotChange) {
  append({{1, "a"}, {2, "b"}});
  const auto first = snapshot();
  append({{3, "c", {{"k", "v"}}}, {0, "late"}});
  const auto second = snapshot();
  for (int i = 10; i < 1000; ++i) append({{i, "more"}});
  EXPECT_EQ(rows_of(first), (strings{"1:a", "2:b"}));
  EXPECT_EQ(rows_of(second), (strings{"0:late", "1:a", "2:b", "3:c{k=v}"}));
}

// Against the plain rule: a list, compared with every row.
TEST_F(head_columns_test, AgreesWithThePlainRuleOnRandomRows) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    columns_ = head_columns();
    std::vector<row> kept;
    std::uint32_t expected_dropped = 0;
    std::uint32_t dropped = 0;
    for (int batch = 0; batch < 30; ++batch) {
      std::vector<row> rows;
      for (unsigned i = 0; i < 1 + random() % 20; ++i) {
        row r{static_cast<std::int64_t>(batch + random() % 6), std::string(random() % 3, 'x')};
        if (seed % 2 == 0 && random() % 4 == 0) r.metadata = {{"k", std::to_string(random() % 2)}};
        rows.push_back(r);
        bool seen = false;
        for (const auto& k : kept) {
          seen = seen ||
                 (k.timestamp_ns == r.timestamp_ns && k.line == r.line && k.metadata == r.metadata);
        }
        expected_dropped += seen;
        if (!seen) kept.push_back(r);
      }
      dropped += append(rows);
    }
    EXPECT_EQ(dropped, expected_dropped);
    std::stable_sort(kept.begin(), kept.end(),
                     [](const row& a, const row& b) { return a.timestamp_ns < b.timestamp_ns; });
    std::vector<std::string> expected;
    for (const auto& k : kept) {
      auto text = std::to_string(k.timestamp_ns) + ":" + k.line;
      for (const auto& [name, value] : k.metadata) text += "{" + name + "=" + value + "}";
      expected.push_back(text);
    }
    EXPECT_EQ(all(), expected);
  }
}

TEST_F(head_columns_test, SmallStreamsStaySmall) {
  std::vector<row> rows;
  for (int i = 0; i < 5; ++i) rows.push_back({i, std::string(250, 'x')});
  append(rows);
  // 1,255 bytes of lines, 60 of columns: everything else must stay below 300.
  EXPECT_LT(columns_.memory_bytes(), 1255U + 60 + 300);
}

TEST_F(head_columns_test, ReadersOnOtherThreadsSeeWholeRows) {
  std::atomic<bool> stop{false};
  std::mutex mutex;
  head_snapshot_ptr shared;
  std::thread reader([&] {
    while (!stop) {
      head_snapshot_ptr taken;
      {
        const std::lock_guard<std::mutex> lock(mutex);
        taken = shared;
      }
      if (!taken || taken->rows == 0) continue;
      head_block block(taken);
      const auto lines = *block.lines();
      const auto times = *block.timestamps();
      for (std::size_t i = 0; i < times.size(); ++i) {
        ASSERT_EQ(lines.line(i), std::to_string(times[i]));
      }
    }
  });
  for (int i = 0; i < 3000; ++i) {
    append({{i, std::to_string(i)}});
    if (i % 10 != 0) continue;
    const std::lock_guard<std::mutex> lock(mutex);
    shared = snapshot();
  }
  stop = true;
  reader.join();
}

TEST(HeadBlock, SaysWhatItsLinesHold) {
  struct flag_case {
    std::string line;
    bool ascii, newline, escape;
  };
  for (const auto& c :
       {flag_case{"plain", true, false, false}, flag_case{"\xC3\xA9", false, false, false},
        flag_case{"two\nlines", true, true, false}, flag_case{"\\u00e9", true, false, true}}) {
    SCOPED_TRACE(c.line);
    head_columns columns;
    const auto frame = frame_of({{1, "x"}, {2, c.line}});
    columns.append(frame->slices()[0], 0, 2);
    head_block block(columns.snapshot(*make_stream(labels), 0, 9));
    ASSERT_TRUE(block.lines().ok());
    EXPECT_EQ(block.flags().ascii, c.ascii);
    EXPECT_EQ(block.flags().embedded_newline, c.newline);
    EXPECT_EQ(block.flags().unicode_escape, c.escape);
    EXPECT_EQ(block.arrival_order(), 9U);
    EXPECT_TRUE(block.in_memory());
    EXPECT_TRUE(block.metadata()->empty());
    block.release();
    EXPECT_EQ(block.lines()->line(1), c.line);
  }
}

}  // namespace
}  // namespace skald
