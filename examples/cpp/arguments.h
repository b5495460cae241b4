// The options of both programs.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "generate.h"

namespace nanoc {

struct Arguments {
  std::string model;
  std::vector<std::string> prompts;  // texts, or
  Rows tokens;                       // ids; one of the two is empty
  std::string tokenizer;             // empty: beside the model
  bool escapes = false;              // in the prompts as typed a backslash and an n mean a line break
  bool special = false;              // special tokens in the prompts count as such
  bool cuda = false;
  int threads = 0;  // 0: as many as the runtime thinks fit
  bool statistics = false;
  Generation generation;
};

// The command line is wrong; the message says how.
class UsageError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

bool wants_help(int count, char** words);
std::string help(const std::string& program);
Arguments read_arguments(int count, char** words);

}  // namespace nanoc
