// Text generation: the prompts in one call, then a call for every further token of all rows.
#pragma once

#include <functional>

#include "model.h"
#include "sampling.h"

namespace nanoc {

struct Generation {
  int64_t max_tokens = 256;  // of each row
  Sampling sampling;
  uint64_t seed = 42;          // row r draws by seed + r, whatever the other rows do
  std::vector<int64_t> stops;  // end a row; the token itself is still given
};

struct Statistics {
  double first_seconds = 0;  // until every row had its first token
  double rest_seconds = 0;
  int64_t steps = 0;   // calls after the first
  int64_t tokens = 0;  // of all rows
};

// Called with every token as it is made; `last` says that its row has ended.
using OnToken = std::function<void(size_t row, int64_t token, bool last)>;

// Throws std::runtime_error when the prompts do not fit the model. The end of its context ends a row too.
Statistics generate(Model& model, const Rows& prompts, const Generation& options, const OnToken& on_token);

}  // namespace nanoc
