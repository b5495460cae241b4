// Several texts of different lengths as the calls of one model: padding, masks and positions.
#pragma once

#include <vector>

#include "model.h"

namespace nanoc {

class Batch {
 public:
  // Throws std::runtime_error when the prompts cannot be one batch. The manifest must outlive it.
  Batch(const Manifest& manifest, const Rows& prompts);

  // The prompts at first; after `add`, what was added. Without a cache it is everything, each time.
  Call call() const;
  // One more token for each row.
  void add(const std::vector<int64_t>& tokens);

  // Columns of the longest row that the model still has room for.
  int64_t room() const;

 private:
  int64_t columns() const { return static_cast<int64_t>(tokens_[0].size()); }

  const Manifest& manifest_;
  Rows tokens_;  // padded on the left
  std::vector<int64_t> padding_;
  int64_t fed_ = 0;  // columns of earlier calls
};

}  // namespace nanoc
