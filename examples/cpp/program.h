// What the two programs do apart from running a model: options, text in and out, messages.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "arguments.h"
#include "model.h"

namespace nanoc {

using OpenModel =
    std::function<std::unique_ptr<Model>(const std::filesystem::path& file, const Arguments& arguments)>;

// All of `main`; gives the exit code: 0, 1 when a file or the runtime is not well, 2 for wrong options.
int run_program(const char* name, int count, char** words, const OpenModel& open);

}  // namespace nanoc
