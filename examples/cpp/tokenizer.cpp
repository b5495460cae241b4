#include "tokenizer.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "utf8.h"

namespace nanoc {

namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream || fs::is_directory(file)) throw std::runtime_error("cannot read " + file.u8string());
  return std::string(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
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
    Tokenizer tokenizer;
    tokenizer.normaliser_ = read_normaliser(json["normalizer"]);
    tokenizer.added_ = AddedTokens(json["added_tokens"], tokenizer.normaliser_);
    tokenizer.pre_tokenizer_ = read_pre_tokenizer(json["pre_tokenizer"]);
    std::vector<std::string> special;
    for (const AddedToken& token : tokenizer.added_.all())
      if (token.special) special.push_back(token.spelled);
    tokenizer.model_ = read_token_model(json["model"], special);
    tokenizer.decoder_ = read_decoder(json["decoder"]);
    for (const auto& [name, token] : tokenizer.model_->vocabulary()) tokenizer.spelled_[token] = name;
    for (const AddedToken& token : tokenizer.added_.all()) tokenizer.spelled_[token.token] = token.spelled;
    tokenizer.put_around(json["post_processor"]);
    tokenizer.read_ends(config);
    return tokenizer;
  } catch (const std::exception& problem) {
    throw std::runtime_error(file.u8string() + " cannot be used: " + problem.what());
  }
}

std::vector<int64_t> Tokenizer::encode(std::string_view text, bool special) const {
  std::vector<int64_t> tokens;
  const Section whole{code_points(text), true, {}};
  for (const Section& outer : added_.cut(whole, false, special)) {
    if (outer.token) {
      tokens.push_back(*outer.token);
      continue;
    }
    const Section normal{normaliser_(outer.text), outer.begins, {}};
    for (const Section& section : added_.cut(normal, true, special)) {
      if (section.token) {
        tokens.push_back(*section.token);
        continue;
      }
      for (const Piece& piece : pre_tokenizer_({{section.text, section.begins}}))
        model_->encode(piece.text, tokens);
    }
  }
  return tokens;
}

// One that is put around by a later processor stands further out.
void Tokenizer::put_around(const Json& post_processor) {
  if (post_processor.is_null()) return;
  const std::string& type = post_processor["type"].string();
  if (type == "Sequence") {
    for (const Json& inner : post_processor["processors"].array()) put_around(inner);
  } else if (type == "TemplateProcessing") {
    put_template_around(post_processor);
  } else if (type == "BertProcessing" || type == "RobertaProcessing") {
    before_.insert(before_.begin(), post_processor["cls"].array().at(1).integer());
    after_.push_back(post_processor["sep"].array().at(1).integer());
  } else if (type != "ByteLevel") {  // which only counts places
    throw std::runtime_error("what it puts around a text (" + type + ") is not known here");
  }
}

void Tokenizer::put_template_around(const Json& post_processor) {
  std::vector<int64_t> before;
  bool after_text = false;
  for (const Json& item : post_processor["single"].array()) {
    if (!item["Sequence"].is_null()) {
      if (after_text) throw std::runtime_error("it says a text twice");
      after_text = true;
      continue;
    }
    const Json& token = post_processor["special_tokens"][item["SpecialToken"]["id"].string()];
    for (const Json& id : token["ids"].array()) (after_text ? after_ : before).push_back(id.integer());
  }
  if (!after_text) throw std::runtime_error("it leaves out the text");
  before_.insert(before_.begin(), before.begin(), before.end());
}

// As nanoc's own reader does: what the config names, else the names that models use.
void Tokenizer::read_ends(const Json& config) {
  bos_ = named(name_of(config["bos_token"]), false);
  const bool has_none = config.has("bos_token") && config["bos_token"].is_null();
  if (!has_none)
    for (const char* name : {"<|bos|>", "<|begin_of_text|>", "<s>", "<|endoftext|>"})
      if (!bos_) bos_ = named(name, true);
  const auto stop_at = [&](const std::optional<int64_t>& token) {
    if (token && std::find(stops_.begin(), stops_.end(), *token) == stops_.end()) stops_.push_back(*token);
  };
  stop_at(named(name_of(config["eos_token"]), false));
  for (const char* name : {"<|assistant_end|>", "<|im_end|>", "<|eot_id|>", "<|end_of_text|>", "</s>",
                           "<|endoftext|>", "<|bos|>"})
    stop_at(named(name, true));
}

std::optional<int64_t> Tokenizer::named(const std::string& name, bool special) const {
  for (const AddedToken& token : added_.all())
    if ((token.special || !special) && token.spelled == name) return token.token;
  const auto found = model_->vocabulary().find(name);
  if (name.empty() || special || found == model_->vocabulary().end()) return std::nullopt;
  return found->second;
}

std::optional<std::string_view> Tokenizer::spelled(int64_t token) const {
  const auto found = spelled_.find(token);
  return found == spelled_.end() ? std::nullopt : std::optional<std::string_view>(found->second);
}

}  // namespace nanoc
