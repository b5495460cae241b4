// What a compiled model says of itself: the tensors it is fed, and the state it keeps between calls.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nanoc {

enum class CacheForm { none, dynamic, fixed };

// A tensor that a call gives and the next one is fed: keys, values, and whatever else a model remembers.
struct Port {
  // `append`, `replace` or `in_place`: in all of them the output is the next input as it is.
  std::string input, output, rule, dtype;
  std::vector<std::string> shape;  // numbers, or the names of sizes
  // The output of the call's own rows alone, and the axis that they follow the others on: for programs that
  // keep all rows themselves.
  std::optional<std::string> new_rows;
  std::optional<size_t> axis;
  double fill = 0;                 // of every element before the first token
};

struct Manifest {
  std::string model;
  CacheForm cache = CacheForm::dynamic;
  std::optional<int64_t> slots;    // columns of a fixed cache, padding included
  std::optional<int64_t> context;  // positions that the model has; unbounded without
  int64_t vocab = 0;
  std::vector<std::string> inputs;  // besides the ports
  std::vector<Port> ports;

  bool wants(std::string_view input) const;
  // The shape of a port before the first token.
  std::vector<int64_t> start_shape(const Port& port, int64_t rows) const;
};

// Throws std::runtime_error. `name` is what messages call the model.
Manifest read_manifest(std::string_view json, const std::string& name);

}  // namespace nanoc
