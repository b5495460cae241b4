#include "generate.h"

#include <algorithm>
#include <chrono>

#include "batch.h"

namespace nanoc {

Statistics generate(Model& model, const Rows& prompts, const Generation& options, const OnToken& on_token) {
  const auto start = std::chrono::steady_clock::now();
  const auto seconds = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  const int64_t vocab = model.manifest().vocab;
  Batch batch(model.manifest(), prompts);
  std::vector<Random> random;
  for (size_t row = 0; row < prompts.size(); row++) random.emplace_back(options.seed + row);
  std::vector<int64_t> tokens(prompts.size(), 0);
  std::vector<bool> ended(prompts.size(), false);
  size_t running = prompts.size();
  Statistics statistics;

  for (int64_t made = 1; running > 0; made++) {
    const std::vector<float> logits = model.run(batch.call());
    const bool last_round = made == options.max_tokens || batch.room() == 0;
    for (size_t row = 0; row < prompts.size(); row++) {
      if (ended[row]) continue;  // its last token is fed again, and nobody looks at what follows
      tokens[row] = sample(&logits[row * static_cast<size_t>(vocab)], vocab, options.sampling, random[row]);
      const bool stopped =
          std::find(options.stops.begin(), options.stops.end(), tokens[row]) != options.stops.end();
      ended[row] = stopped || last_round;
      if (ended[row]) running--;
      statistics.tokens++;
      on_token(row, tokens[row], ended[row]);
    }
    if (made == 1)
      statistics.first_seconds = seconds();
    else
      statistics.steps++;
    if (running > 0) batch.add(tokens);
  }
  statistics.rest_seconds = seconds() - statistics.first_seconds;
  return statistics;
}

}  // namespace nanoc
