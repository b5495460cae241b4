// Whose weights a file beside a model holds: a hash of bytes from places all over it, as nanoc writes it into the model.
#pragma once

#include <filesystem>
#include <string>

namespace nanoc {

// The mark of a data file stands in the model's metadata under this and the file's name.
inline const char* const data_mark_key = "nanoc.data_mark.";

// Throws std::runtime_error where the file cannot be read.
std::string data_mark(const std::filesystem::path& file);

}  // namespace nanoc
