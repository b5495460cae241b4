// nanoc-libtorch-session: lets nanoc verify archives where there is no Python with torch. Set NANOC_LIBTORCH
// to its path.
//
// A message on standard input or output is four bytes of length (little-endian), so many bytes of text, and
// then the bytes of the tensors that the text lists, one a line: a name where one goes in, the type, the
// sizes. The first line of what comes in is `load KEY DEVICE PATH`, `run KEY` or `drop KEY`; of what goes out
// `ready VERSION`, `loaded`, `done` or `failed KIND WHY`, where KIND is `device`, `model` or `call`. Lines of
// `load` stand for an archive without numbers, which is loaded in place of the file: `archive BYTES`, and those
// follow the text; then where in the file each tensor begins: `OFFSET transformer.wte.weight`.

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/cuda.h>
#include <torch/script.h>
#include <torch/version.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#ifdef _WIN32
#include <fcntl.h>
#include <io.h>
#endif

namespace {

const std::map<std::string, at::ScalarType> dtypes = {{"float32", at::kFloat},
                                                      {"float16", at::kHalf},
                                                      {"bfloat16", at::kBFloat16},
                                                      {"int64", at::kLong},
                                                      {"bool", at::kBool}};

std::string name_of(at::ScalarType dtype) {
  for (const auto& [name, known] : dtypes)
    if (known == dtype) return name;
  throw std::runtime_error(std::string("a tensor of ") + c10::toString(dtype) + " comes out");
}

struct NoDevice : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A message that cannot be read to its end, so that nobody knows where the next one begins.
struct OutOfStep : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void read_bytes(void* data, size_t size) {
  if (size > 0 && std::fread(data, 1, size, stdin) != size) std::exit(0);  // whoever asked is gone
}

std::vector<std::string> read_lines() {
  unsigned char length[4];
  read_bytes(length, 4);
  std::string text(length[0] | length[1] << 8 | length[2] << 16 | static_cast<size_t>(length[3]) << 24, '\0');
  read_bytes(text.data(), text.size());
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

void send(const std::vector<std::string>& lines, const std::vector<at::Tensor>& tensors = {}) {
  std::string text;
  for (size_t i = 0; i < lines.size(); i++) text += (i == 0 ? "" : "\n") + lines[i];
  for (int shift = 0; shift < 32; shift += 8)
    std::fputc(static_cast<int>(text.size() >> shift & 0xff), stdout);
  std::fwrite(text.data(), 1, text.size(), stdout);
  for (const at::Tensor& tensor : tensors) std::fwrite(tensor.data_ptr(), 1, tensor.nbytes(), stdout);
  std::fflush(stdout);
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// The tensor that a line of a call describes, with its bytes from standard input.
at::Tensor read_tensor(const std::vector<std::string>& words) {
  const auto dtype = dtypes.find(words.at(1));
  if (dtype == dtypes.end()) throw OutOfStep("a tensor of " + words[1] + " came in");
  std::vector<int64_t> shape;
  for (size_t i = 2; i < words.size(); i++) {
    const bool digits = words[i].size() < 18 && words[i].find_first_not_of("0123456789") == std::string::npos;
    if (!digits) throw OutOfStep("a tensor of size " + words[i] + " came in");
    shape.push_back(std::stoll(words[i]));
  }
  at::Tensor tensor = at::empty(shape, dtype->second);
  read_bytes(tensor.data_ptr(), tensor.nbytes());
  return tensor;
}

void flatten(const c10::IValue& value, std::vector<at::Tensor>& tensors) {
  if (value.isTensor()) {
    tensors.push_back(value.toTensor().to(at::kCPU).contiguous());
  } else if (value.isTuple()) {
    for (const c10::IValue& item : value.toTupleRef().elements()) flatten(item, tensors);
  } else {
    for (const at::Tensor& item : value.toTensorVector()) flatten(item, tensors);
  }
}

class Host {
 public:
  void answer(const std::vector<std::string>& lines) {
    const std::vector<std::string> words = words_of(lines.at(0));
    if (words.at(0) == "load") {
      size_t path = 0;  // what follows the third space, for it may have spaces of its own
      for (int i = 0; i < 3; i++) path = lines[0].find(' ', path) + 1;
      std::string archive;
      if (lines.size() > 1) {
        archive.resize(std::stoull(words_of(lines[1]).at(1)));
        read_bytes(archive.data(), archive.size());
      }
      load(words.at(1), words.at(2), lines[0].substr(path), archive, lines);
    } else if (words[0] == "run") {
      run(words.at(1), lines);
    } else {
      models_.erase(words.at(1));
      send({"done"});
    }
  }

 private:
  struct Loaded {
    torch::jit::Module module;
    at::Device device;
  };

  // Gives the tensors of a module, by their paths, the bytes that begin at so many bytes of a file.
  static void take(torch::jit::Module module, at::Device device, const std::string& path,
                   const std::vector<std::string>& lines) {
    std::ifstream stored(path, std::ios::binary);
    for (size_t i = 2; i < lines.size(); i++) {
      const size_t space = lines[i].find(' ');
      std::istringstream names(lines[i].substr(space + 1));
      c10::IValue value = module._ivalue();
      for (std::string name; std::getline(names, name, '.');) value = value.toObjectRef().getAttr(name);
      at::Tensor tensor = value.toTensor();
      const at::Tensor taken = at::empty(tensor.sizes(), tensor.scalar_type());
      stored.seekg(std::stoll(lines[i].substr(0, space)));
      if (!stored.read(static_cast<char*>(taken.data_ptr()), static_cast<std::streamsize>(taken.nbytes())))
        throw std::runtime_error("the file ends in the middle of " + lines[i].substr(space + 1));
      tensor.set_data(taken.to(device));
    }
  }

  void load(const std::string& key, const std::string& device_name, const std::string& path,
            const std::string& archive, const std::vector<std::string>& lines) {
    const at::Device device(device_name);
    if (device.is_cuda() && !torch::cuda::is_available())
      throw NoDevice("LibTorch " TORCH_VERSION " sees no CUDA device");
    std::istringstream rewritten(archive);
    Loaded loaded{archive.empty() ? torch::jit::load(path, device) : torch::jit::load(rewritten, device),
                  device};
    if (!archive.empty()) take(loaded.module, device, path, lines);
    loaded.module.eval();
    std::vector<std::string> answer = {"loaded"};
    const auto& arguments = loaded.module.get_method("forward").function().getSchema().arguments();
    for (size_t i = 1; i < arguments.size(); i++)
      answer.push_back(arguments[i].name() + " " + arguments[i].type()->annotation_str());
    models_.insert_or_assign(key, std::move(loaded));
    send(answer);
  }

  void run(const std::string& key, const std::vector<std::string>& lines) {
    // All bytes are read before anything can fail, so that the next message begins where it should.
    std::map<std::string, c10::List<at::Tensor>> lists;
    torch::jit::Kwargs arguments;
    for (size_t i = 1; i < lines.size(); i++) {
      const std::vector<std::string> words = words_of(lines[i]);
      const std::string& name = words.at(0);
      const bool is_list = name.size() > 2 && name.substr(name.size() - 2) == "[]";
      if (!is_list)
        arguments[name] = read_tensor(words);
      else if (words.size() > 1)
        lists[name.substr(0, name.size() - 2)].push_back(read_tensor(words));
      else
        lists[name.substr(0, name.size() - 2)];
    }
    Loaded& loaded = models_.at(key);
    for (auto& [name, value] : arguments) value = value.toTensor().to(loaded.device);
    for (auto& [name, list] : lists) {
      for (size_t i = 0; i < list.size(); i++) list.set(i, list.get(i).to(loaded.device));
      arguments[name] = list;
    }
    torch::NoGradGuard no_gradients;
    std::vector<at::Tensor> outputs;
    flatten(loaded.module.forward({}, arguments), outputs);
    std::vector<std::string> answer = {"done"};
    for (const at::Tensor& tensor : outputs) {
      std::string line = name_of(tensor.scalar_type());
      for (const int64_t size : tensor.sizes()) line += " " + std::to_string(size);
      answer.push_back(line);
    }
    send(answer, outputs);
  }

  std::map<std::string, Loaded> models_;
};

std::string in_one_line(std::string why) {
  for (char& c : why)
    if (c == '\n' || c == '\r') c = ' ';
  return why.substr(0, 400);
}

}  // namespace

int main() {
#ifdef _WIN32
  _setmode(_fileno(stdin), _O_BINARY);
  _setmode(_fileno(stdout), _O_BINARY);
#endif
  // Without this the second call of every shape takes seconds, to be optimised for calls like the first.
  torch::jit::getProfilingMode() = false;
  send({"ready " TORCH_VERSION " (C++)"});
  Host host;
  while (true) {
    const std::vector<std::string> lines = read_lines();
    const std::string kind = !lines.empty() && lines[0].rfind("load ", 0) == 0 ? "model" : "call";
    try {
      host.answer(lines);
    } catch (const NoDevice& problem) {
      send({"failed device " + in_one_line(problem.what())});
    } catch (const OutOfStep& problem) {
      send({"failed call " + in_one_line(problem.what())});
      return 1;
    } catch (const c10::Error& problem) {
      send({"failed " + kind + " " + in_one_line(problem.what_without_backtrace())});
    } catch (const std::exception& problem) {
      send({"failed " + kind + " " + in_one_line(problem.what())});
    }
  }
}
