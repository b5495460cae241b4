#include "data_mark.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <vector>

namespace nanoc {

namespace {

constexpr uint64_t places = 256, place_bytes = 64;
constexpr size_t mark_length = 32;

// The first 32 bits behind the point.
uint32_t fraction(double x) { return static_cast<uint32_t>(std::ldexp(x - std::floor(x), 32)); }

std::vector<int> first_primes(size_t count) {
  std::vector<int> found;
  for (int n = 2; found.size() < count; n++)
    if (std::none_of(found.begin(), found.end(), [&](int p) { return n % p == 0; })) found.push_back(n);
  return found;
}

uint32_t turned(uint32_t x, int by) { return (x >> by) | (x << (32 - by)); }

void compress(std::array<uint32_t, 8>& state, const unsigned char* block, const std::vector<int>& primes) {
  std::array<uint32_t, 64> words;
  for (size_t i = 0; i < 16; i++) {
    const unsigned char* byte = block + 4 * i;
    words[i] = static_cast<uint32_t>(byte[0]) << 24 | static_cast<uint32_t>(byte[1]) << 16 |
               static_cast<uint32_t>(byte[2]) << 8 | byte[3];
  }
  for (size_t i = 16; i < 64; i++) {
    const uint32_t x = words[i - 15], y = words[i - 2];
    words[i] = words[i - 16] + (turned(x, 7) ^ turned(x, 18) ^ (x >> 3)) + words[i - 7] +
               (turned(y, 17) ^ turned(y, 19) ^ (y >> 10));
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (size_t i = 0; i < 64; i++) {
    const uint32_t one = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25);
    const uint32_t first = h + one + ((e & f) ^ (~e & g)) + fraction(std::cbrt(primes[i])) + words[i];
    const uint32_t zero = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22);
    const uint32_t second = zero + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + first, d = c, c = b, b = a, a = first + second;
  }
  const std::array<uint32_t, 8> added = {a, b, c, d, e, f, g, h};
  for (size_t i = 0; i < 8; i++) state[i] += added[i];
}

// SHA-256 (FIPS 180-4) of a few kilobytes, in hexadecimal.
std::string sha256(std::string text) {
  const std::vector<int> primes = first_primes(64);
  std::array<uint32_t, 8> state;
  for (size_t i = 0; i < 8; i++) state[i] = fraction(std::sqrt(primes[i]));
  const uint64_t bits = 8 * static_cast<uint64_t>(text.size());
  text += '\x80';
  while (text.size() % 64 != 56) text += '\0';
  for (int shift = 56; shift >= 0; shift -= 8) text += static_cast<char>(bits >> shift & 0xff);
  for (size_t at = 0; at < text.size(); at += 64)
    compress(state, reinterpret_cast<const unsigned char*>(text.data()) + at, primes);
  std::string hex;
  for (const uint32_t word : state)
    for (int shift = 28; shift >= 0; shift -= 4) hex += "0123456789abcdef"[word >> shift & 15];
  return hex;
}

}  // namespace

std::string data_mark(const std::filesystem::path& file) {
  const uint64_t size = std::filesystem::file_size(file);
  std::ifstream stream(file, std::ios::binary);
  std::string text = std::to_string(size) + " bytes\n";
  const uint64_t step = std::max(place_bytes, size / places);
  for (uint64_t at = 0; at < size; at += step) {
    std::string piece(static_cast<size_t>(std::min(place_bytes, size - at)), '\0');
    stream.seekg(static_cast<std::streamoff>(at));
    stream.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    text += piece;
  }
  if (!stream) throw std::runtime_error(file.u8string() + " cannot be read");
  return sha256(text).substr(0, mark_length);
}

}  // namespace nanoc
