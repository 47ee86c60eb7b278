// SPDX-License-Identifier: Apache-2.0
// A line as logfmt pairs.
#pragma once

#include <string>
#include <vector>

namespace skald::logql::reference {

struct logfmt_pair {
  std::string key;
  std::string value;
};

struct logfmt_reading {
  std::vector<logfmt_pair> pairs;
  std::string error;  // details of the first syntax error; empty when there is none
};

// `strict`: pairs end in front of the first syntax error; else what is wrong is passed over.
logfmt_reading read_logfmt(const std::string& line, bool strict);

}  // namespace skald::logql::reference
