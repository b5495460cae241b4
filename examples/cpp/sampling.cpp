#include "sampling.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace nanoc {

double Random::next() {
  state_ += 0x6d2b79f5u;
  uint32_t x = (state_ ^ (state_ >> 15)) * (state_ | 1u);
  x ^= x + (x ^ (x >> 7)) * (x | 61u);
  return (x ^ (x >> 14)) / 4294967296.0;
}

namespace {

int64_t largest(const float* logits, int64_t vocab) {
  int64_t best = 0;
  for (int64_t i = 1; i < vocab; i++)
    if (logits[i] > logits[best] || std::isnan(logits[best])) best = i;
  return best;
}

// Tokens from the most probable down, at most `most`.
std::vector<int64_t> ranked(const float* logits, int64_t vocab, int64_t most) {
  std::vector<int64_t> tokens;
  tokens.reserve(static_cast<size_t>(vocab));
  for (int64_t i = 0; i < vocab; i++)
    if (!std::isnan(logits[i])) tokens.push_back(i);
  const auto size = static_cast<int64_t>(tokens.size());
  const auto end = tokens.begin() + (most > 0 ? std::min(most, size) : size);
  std::partial_sort(tokens.begin(), end, tokens.end(), [&](int64_t a, int64_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  });
  tokens.erase(end, tokens.end());
  return tokens;
}

}  // namespace

int64_t sample(const float* logits, int64_t vocab, const Sampling& sampling, Random& random) {
  if (sampling.temperature <= 0) return largest(logits, vocab);
  const std::vector<int64_t> tokens = ranked(logits, vocab, sampling.top_k);
  if (tokens.empty()) return largest(logits, vocab);

  const double top = logits[tokens[0]];
  std::vector<double> weights;
  double total = 0;
  for (const int64_t token : tokens) {
    weights.push_back(std::exp((logits[token] - top) / sampling.temperature));
    total += weights.back();
  }
  // Keep while those before have not reached top_p; the first always stays.
  size_t kept = 0;
  double mass = 0, left = 0;
  do {
    mass += weights[kept] / total;
    left += weights[kept++];
  } while (kept < tokens.size() && mass < sampling.top_p);

  double drawn = random.next();
  for (size_t i = 0; i < kept; i++) {
    drawn -= weights[i] / left;
    if (drawn < 0) return tokens[i];
  }
  return tokens[kept - 1];  // rounding can leave a crumb of probability beyond the last
}

}  // namespace nanoc
