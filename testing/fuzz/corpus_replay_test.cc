// SPDX-License-Identifier: Apache-2.0
// Feeds a fuzz target's kept inputs through its function, so that what a fuzzer once reached stays
// tried in every test run. The environment variable CORPUS names the file (format: corpus.py).
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

constexpr std::size_t inputs_at_least = 10;

TEST(CorpusReplay, NoInputBreaksTheTarget) {
  const char* path = std::getenv("CORPUS");
  ASSERT_NE(path, nullptr) << "set CORPUS";
  std::ifstream in(path, std::ios::binary);
  std::ostringstream content;
  content << in.rdbuf();
  const std::string bytes = content.str();
  std::size_t inputs = 0;
  for (std::size_t at = 0; at < bytes.size(); ++inputs) {
    std::uint32_t size = 0;
    ASSERT_LE(at + sizeof(size), bytes.size()) << path << " is cut off";
    std::memcpy(&size, bytes.data() + at, sizeof(size));
    at += sizeof(size);
    ASSERT_LE(at + size, bytes.size()) << path << " is cut off";
    // A copy of its own lets a sanitizer see reads behind the input.
    const std::unique_ptr<std::uint8_t[]> copy(new std::uint8_t[size]);
    std::memcpy(copy.get(), bytes.data() + at, size);
    EXPECT_EQ(LLVMFuzzerTestOneInput(copy.get(), size), 0);
    at += size;
  }
  EXPECT_GE(inputs, inputs_at_least) << path;
}

}  // namespace
