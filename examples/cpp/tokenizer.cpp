#include "tokenizer.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <queue>
#include <stdexcept>
#include <tuple>

namespace nanoc {

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw std::runtime_error("cannot read " + file.u8string());
  return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
}

// GPT-2's letters for bytes: printable Latin-1 stands for itself, the others are U+0100 and on, in order.
const std::array<char32_t, 256>& letters_of_bytes() {
  static const std::array<char32_t, 256> table = [] {
    std::array<char32_t, 256> made{};
    char32_t next = 0x100;
    for (char32_t b = 0; b < 256; b++) {
      const bool own = (b >= 0x21 && b <= 0x7e) || (b >= 0xa1 && b <= 0xac) || b >= 0xae;
      made[b] = own ? b : next++;
    }
    return made;
  }();
  return table;
}

// A token as the file spells it, to the bytes it means.
std::string bytes_of(const std::string& spelled) {
  static const std::unordered_map<char32_t, char> bytes = [] {
    std::unordered_map<char32_t, char> made;
    for (size_t b = 0; b < 256; b++) made[letters_of_bytes()[b]] = static_cast<char>(b);
    return made;
  }();
  std::string text;
  for (const char32_t letter : code_points(spelled)) {
    const auto found = bytes.find(letter);
    if (found == bytes.end())
      throw std::runtime_error("the token \"" + spelled + "\" is not spelled in bytes");
    text += found->second;
  }
  return text;
}

uint64_t pair_of(uint32_t left, uint32_t right) { return (uint64_t{left} << 32) | right; }

// "a b", or the newer ["a", "b"].
std::pair<std::string, std::string> merge_of(const Json& merge) {
  if (merge.kind() == Json::Kind::array && merge.array().size() == 2)
    return {merge.array()[0].string(), merge.array()[1].string()};
  const std::string& text = merge.string();
  const size_t space = text.find(' ');
  if (space == std::string::npos) throw std::runtime_error("the merge \"" + text + "\" has no two parts");
  return {text.substr(0, space), text.substr(space + 1)};
}

// "</s>", or { "content": "</s>", ... }.
std::string name_of(const Json& value) {
  const Json& name = value.kind() == Json::Kind::object ? value["content"] : value;
  return name.kind() == Json::Kind::string ? name.string() : "";
}

Json config_beside(const fs::path& file) {
  std::string name = file.filename().u8string();  // tokenizer.json, or model.tokenizer.json
  const std::string ending = "tokenizer.json";
  if (name.size() < ending.size()) return {};
  name = name.substr(0, name.size() - ending.size()) + "tokenizer_config.json";
  for (const fs::path& path :
       {file.parent_path() / fs::u8path(name), file.parent_path() / "tokenizer_config.json"})
    if (fs::exists(path)) return Json::parse(read_file(path), path.u8string());
  return {};
}

}  // namespace

Tokenizer Tokenizer::open(const fs::path& file) {
  const Json json = Json::parse(read_file(file), file.u8string());
  const Json config = config_beside(file);
  try {
    if (!json["normalizer"].is_null()) throw std::runtime_error("it normalises text, which is not done here");
    Tokenizer tokenizer;
    tokenizer.read_vocabulary(json["model"]);
    tokenizer.read_added(json["added_tokens"]);
    tokenizer.read_splitting(json["pre_tokenizer"]);
    tokenizer.read_ends(config);
    return tokenizer;
  } catch (const std::exception& problem) {
    throw std::runtime_error(file.u8string() + " cannot be used: " + problem.what());
  }
}

void Tokenizer::read_vocabulary(const Json& model) {
  if (model["type"].kind() != Json::Kind::string || model["type"].string() != "BPE")
    throw std::runtime_error("it is no byte pair encoding");
  whole_pieces_ = model["ignore_merges"].kind() == Json::Kind::boolean && model["ignore_merges"].boolean();
  std::unordered_map<std::string, uint32_t> spelled;
  for (const auto& [token, id] : model["vocab"].object()) {
    spelled[token] = static_cast<uint32_t>(id.integer());
    const std::string bytes = bytes_of(token);
    tokens_[bytes] = spelled[token];
    bytes_[id.integer()] = bytes;
  }
  for (size_t b = 0; b < 256; b++) {
    const auto found = tokens_.find(std::string(1, static_cast<char>(b)));
    if (found == tokens_.end()) throw std::runtime_error("it has no token for the byte " + std::to_string(b));
    of_byte_[b] = found->second;
  }
  uint32_t rank = 0;
  for (const Json& merge : model["merges"].array()) {
    const auto [left, right] = merge_of(merge);
    const auto a = spelled.find(left), b = spelled.find(right), whole = spelled.find(left + right);
    if (a == spelled.end() || b == spelled.end() || whole == spelled.end())
      throw std::runtime_error("the merge of \"" + left + "\" and \"" + right + "\" names no tokens");
    merges_.emplace(pair_of(a->second, b->second), Merge{rank++, whole->second});
  }
}

void Tokenizer::read_added(const Json& tokens) {
  if (tokens.is_null()) return;
  for (const Json& token : tokens.array()) {
    const Json& special = token["special"];
    added_.push_back({token["content"].string(), token["id"].integer(),
                      special.kind() == Json::Kind::boolean && special.boolean()});
    bytes_[added_.back().token] = added_.back().text;
  }
  const auto longer = [](const Added& a, const Added& b) { return a.text.size() > b.text.size(); };
  std::stable_sort(added_.begin(), added_.end(), longer);
}

void Tokenizer::read_splitting(const Json& pre_tokenizer) {
  std::vector<const Json*> steps = {&pre_tokenizer};
  if (name_of(pre_tokenizer["type"]) == "Sequence") {
    steps.clear();
    for (const Json& step : pre_tokenizer["pretokenizers"].array()) steps.push_back(&step);
  }
  bool known = false;
  for (const Json* step : steps) {
    const std::string type = name_of((*step)["type"]);
    const Json& use_regex = (*step)["use_regex"];
    if (type == "Split" && !known) {
      rules_ = split_rules((*step)["pattern"]["Regex"].string());
      known = true;
    } else if (type == "ByteLevel" && (use_regex.is_null() || use_regex.boolean()) && !known) {
      rules_ = gpt2_rules();
      known = true;
    } else if (type != "ByteLevel" || (!use_regex.is_null() && use_regex.boolean())) {
      throw std::runtime_error("its way to split text (" + type + ") is not known here");
    }
  }
  if (!known) throw std::runtime_error("it does not say how to split text");
}

// As nanoc's own reader does: what the config names, else the names that models use.
void Tokenizer::read_ends(const Json& config) {
  bos_ = added(name_of(config["bos_token"]));
  for (const char* name : {"<|bos|>", "<|begin_of_text|>", "<s>", "<|endoftext|>"})
    if (!bos_) bos_ = added(name);
  const auto stop_at = [&](const std::string& name) {
    const auto token = added(name);
    if (token && std::find(stops_.begin(), stops_.end(), *token) == stops_.end()) stops_.push_back(*token);
  };
  stop_at(name_of(config["eos_token"]));
  for (const char* name : {"<|assistant_end|>", "<|im_end|>", "<|eot_id|>", "<|end_of_text|>", "</s>",
                           "<|endoftext|>", "<|bos|>"})
    stop_at(name);
}

std::optional<int64_t> Tokenizer::added(std::string_view text) const {
  for (const Added& token : added_)
    if (token.special && token.text == text) return token.token;
  return std::nullopt;
}

std::string_view Tokenizer::bytes(int64_t token) const {
  const auto found = bytes_.find(token);
  return found == bytes_.end() ? std::string_view("\xef\xbf\xbd") : std::string_view(found->second);
}

const Tokenizer::Added* Tokenizer::added_at(std::string_view text, bool special) const {
  for (const Added& token : added_)
    if ((special || !token.special) && text.substr(0, token.text.size()) == token.text) return &token;
  return nullptr;
}

std::vector<int64_t> Tokenizer::encode(std::string_view bytes, bool special) const {
  const std::string text = valid_utf8(bytes);
  std::vector<int64_t> tokens;
  size_t start = 0;
  for (size_t i = 0; i < text.size();) {
    const Added* found = added_at(std::string_view(text).substr(i), special);
    if (!found) {
      i++;
      continue;
    }
    encode_ordinary(std::string_view(text).substr(start, i - start), tokens);
    tokens.push_back(found->token);
    start = i += found->text.size();
  }
  encode_ordinary(std::string_view(text).substr(start), tokens);
  return tokens;
}

void Tokenizer::encode_ordinary(std::string_view text, std::vector<int64_t>& tokens) const {
  for (const std::string_view piece : split(text, rules_)) encode_piece(piece, tokens);
}

// Neighbours merge until no merge is left: the lowest rank first, and of equal ones the leftmost.
void Tokenizer::encode_piece(std::string_view piece, std::vector<int64_t>& tokens) const {
  if (whole_pieces_) {
    const auto whole = tokens_.find(std::string(piece));
    if (whole != tokens_.end()) {
      tokens.push_back(whole->second);
      return;
    }
  }
  const size_t size = piece.size();
  std::vector<uint32_t> token(size);
  std::vector<size_t> next(size), before(size);  // neighbours still there; `size` when there is none
  for (size_t i = 0; i < size; i++) {
    token[i] = of_byte_[static_cast<unsigned char>(piece[i])];
    next[i] = i + 1;
    before[i] = i == 0 ? size : i - 1;
  }
  // Rank, place, and the two tokens it was found for: when one of them has merged since, the entry is void.
  using Found = std::tuple<uint32_t, size_t, uint32_t, uint32_t>;
  std::priority_queue<Found, std::vector<Found>, std::greater<Found>> queue;
  std::vector<bool> gone(size, false);
  const auto look = [&](size_t i) {
    if (i >= size || next[i] >= size) return;
    const auto merge = merges_.find(pair_of(token[i], token[next[i]]));
    if (merge != merges_.end()) queue.emplace(merge->second.rank, i, token[i], token[next[i]]);
  };
  for (size_t i = 0; i < size; i++) look(i);
  while (!queue.empty()) {
    const auto [rank, i, left, right] = queue.top();
    queue.pop();
    if (gone[i] || token[i] != left || next[i] >= size || token[next[i]] != right) continue;
    token[i] = merges_.at(pair_of(left, right)).token;
    gone[next[i]] = true;
    next[i] = next[next[i]];
    if (next[i] < size) before[next[i]] = i;
    look(i);
    look(before[i]);
  }
  for (size_t i = 0; i < size; i = next[i]) tokens.push_back(token[i]);
}

}  // namespace nanoc
