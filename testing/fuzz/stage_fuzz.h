// SPDX-License-Identifier: Apache-2.0
// Runs one pipeline stage on one line for the fuzz targets, and checks what must hold of every
// answer: a second run gives the same, and values lie in the line or in the row's memory.
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/assert.h"
#include "runtime/logql/pipeline/label_builder.h"
#include "runtime/logql/pipeline/row_arena.h"
#include "runtime/logql/pipeline/stage.h"
#include "runtime/model/labels.h"

namespace skald::logql {

template <class Maker>
void fuzz_stage(Maker make, std::string_view line) {
  static const stream_ptr stream = *make_stream("{app=\"x\", env=\"y\"}");
  // An exact copy lets the address sanitizer see reads behind the line.
  const std::unique_ptr<char[]> copy(new char[line.size()]);
  std::copy(line.begin(), line.end(), copy.get());
  label_builder labels;
  row_arena arena;
  const auto one = make(labels);
  labels.set_stream(stream);
  hash128 first;
  for (int round = 0; round < 2; ++round) {
    labels.begin_row({});
    arena.reset();
    row_context row{labels, arena, 0, std::string_view(copy.get(), line.size())};
    one->process(row);
    const hash128 hash = labels.hash();
    SKALD_ASSERT(round == 0 || hash == first);
    first = hash;
    for (const row_label& item : labels.sorted()) SKALD_ASSERT(!item.name.empty());
  }
}

}  // namespace skald::logql
