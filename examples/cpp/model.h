// A compiled model as generation sees it; each runtime has its own.
#pragma once

#include <cstdint>
#include <vector>

#include "manifest.h"

namespace nanoc {

using Rows = std::vector<std::vector<int64_t>>;

// What every row is fed in one call. All rows have equally many columns; padding stands on the left.
struct Call {
  int64_t rows = 0, columns = 0;
  std::vector<int64_t> tokens;     // [rows, columns]
  std::vector<int64_t> positions;  // [rows, columns]
  std::vector<int64_t> mask;  // [rows, mask_columns]: 1 for a token, 0 for padding, of all columns so far
  int64_t mask_columns = 0;   // `before + columns`, or the slots of a fixed cache
  int64_t before = 0;         // columns of earlier calls
};

class Model {
 public:
  virtual ~Model() = default;

  virtual const Manifest& manifest() const = 0;

  // Runs a call after those before it, and keeps the state for the next. Gives the logits of every row's last
  // column, [rows, vocab]. A call with `before == 0` begins anew.
  virtual std::vector<float> run(const Call& call) = 0;
};

}  // namespace nanoc
