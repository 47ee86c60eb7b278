// SPDX-License-Identifier: Apache-2.0
// Runs every script against the engine, in several layouts of blocks, and the reference evaluator.
// With GOLDEN_REWRITE=1 the engine's answers are written into the scripts (outside of Bazel: into
// GOLDEN_FOLDER); read the difference before you keep it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "testing/golden/logql/golden_script.h"
#include "testing/property/engine_runs.h"
#include "testing/reference/reference_evaluator.h"

namespace skald::logql::golden {
namespace {

constexpr std::size_t cases_at_least = 150;

std::string environment(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

std::vector<std::filesystem::path> scripts() {
  std::vector<std::filesystem::path> found;
  const std::string folder = environment("GOLDEN_FOLDER", "testing/golden/logql");
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".logqltest") found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string content(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string joined(const std::vector<std::string>& rows) {
  std::string out;
  for (const std::string& row : rows) out += row + "\n";
  return out;
}

std::vector<std::string> engine_answer(const script_case& one, property::block_layout layout) {
  property::random_source random(1);
  return answer_rows(property::run_engine(one.request, one.data, layout, random));
}

TEST(GoldenScripts, EngineAndReferenceAnswerAsWritten) {
  std::size_t cases = 0;
  for (const auto& path : scripts()) {
    const result<script> read = read_script(content(path));
    ASSERT_TRUE(read.ok()) << path << ": " << read.error().message;
    for (const script_case& one : read->cases) {
      ++cases;
      SCOPED_TRACE(path.string() + ":" + std::to_string(one.line_number) + " " + one.request.query);
      EXPECT_FALSE(one.answer.empty()) << "no answer is written";
      for (const property::block_layout layout : property::all_layouts) {
        EXPECT_EQ(joined(engine_answer(one, layout)), joined(one.answer))
            << "blocks " << property::to_string(layout);
      }
      if (!one.with_reference) continue;
      EXPECT_EQ(joined(answer_rows(reference::evaluate(one.request, one.data))), joined(one.answer))
          << "reference evaluator";
    }
  }
  EXPECT_GE(cases, cases_at_least);
  std::printf("%zu cases\n", cases);
}

TEST(GoldenScripts, Rewrite) {
  if (environment("GOLDEN_REWRITE", "") != "1") GTEST_SKIP() << "only with GOLDEN_REWRITE=1";
  for (const auto& path : scripts()) {
    const std::string text = content(path);
    const result<script> read = read_script(text);
    ASSERT_TRUE(read.ok()) << path << ": " << read.error().message;
    std::vector<std::vector<std::string>> answers;
    for (const script_case& one : read->cases) {
      answers.push_back(engine_answer(one, property::block_layout::whole));
    }
    std::ofstream(path, std::ios::binary) << rewrite(text, answers);
  }
}

TEST(GoldenScripts, MistakesAreNamed) {
  EXPECT_EQ(read_script("\n  1s `x`\n").error().message, "line 2: an entry without a stream");
  EXPECT_EQ(read_script("= x").error().message, "line 1: an answer without a query");
  EXPECT_EQ(read_script("? {a=\"b\"}\nwith speed=1s").error().message,
            "line 2: unknown option speed");
}

}  // namespace
}  // namespace skald::logql::golden
