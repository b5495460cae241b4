// GPT-2's letters for bytes: printable Latin-1 stands for itself, the others are U+0100 and on, in order.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace nanoc {

std::u32string letters_of_bytes(std::string_view bytes);

// The byte that a letter stands for.
std::optional<char> byte_of_letter(char32_t letter);

}  // namespace nanoc
