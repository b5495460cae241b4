// The next token from logits: the most probable one, or one drawn from those that are probable enough.
#pragma once

#include <cstdint>

namespace nanoc {

struct Sampling {
  double temperature = 0;  // 0 takes the largest logit, the first among equals
  int64_t top_k = 0;       // draw from the k largest; 0 from all
  double top_p = 1;        // draw from the fewest most probable that together reach this probability
};

// Numbers in [0, 1), the same for one seed on every machine (mulberry32); not for secrets.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(static_cast<uint32_t>(seed)) {}
  double next();

 private:
  uint32_t state_;
};

// `logits` are those of one position.
int64_t sample(const float* logits, int64_t vocab, const Sampling& sampling, Random& random);

}  // namespace nanoc
