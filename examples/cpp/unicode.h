// What tokenizers ask of characters: their categories, their small letters, and their normal forms.
#pragma once

#include <cstdint>
#include <string>

namespace nanoc {

// General categories, a bit for each, so that a set of them is a number.
using Categories = uint32_t;

Categories category_of(char32_t point);

// The categories that a name stands for, as in \p{L} or \p{Lu}; 0 when it is not known.
Categories categories_named(const std::string& name);

bool is_space(char32_t point);  // White_Space
bool is_word(char32_t point);   // letters, marks, digits and connectors

enum class Script { han, hiragana, katakana, hangul };
bool is_of(Script script, char32_t point);

std::u32string small_letters_of(const std::u32string& text);

enum class NormalForm { nfc, nfd, nfkc, nfkd };
std::u32string normalised(const std::u32string& text, NormalForm form);

}  // namespace nanoc
