#include "xgrad/onnx/load.hpp"

#include <google/protobuf/io/coded_stream.h>

#include <filesystem>
#include <fstream>
#include <limits>

#include "import/graph.hpp"
#include "protobuf.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/tape.hpp"

// From a file or bytes to a message.

namespace xgrad::onnx {

Model parse(std::string_view bytes, const std::string& name) {
  const NoGrad guard;
  auto graph = std::make_shared<detail::LoadedGraph>();
  graph->file = name;
  if (bytes.empty()) graph->fail("it is empty; get the file again");
  if (bytes.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    graph->fail("a file of ONNX must have fewer than 2^31 bytes, and it has " + std::to_string(bytes.size()) +
                "; export the model in parts");
  ::onnx::ModelProto model;
  google::protobuf::io::CodedInputStream stream(reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                                static_cast<int>(bytes.size()));
  stream.SetRecursionLimit(64);
  if (!model.ParseFromCodedStream(&stream) || !stream.ConsumedEntireMessage())
    graph->fail("it is no model of ONNX, or damaged, or cut off; get the file again");
  detail::read_graph(model, *graph);
  return Model(std::move(graph));
}

Model load(const std::string& path) {
  std::error_code error;
  detail::LoadedGraph place;
  place.file = path;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status)) place.fail("there is no such file; look at the path");
  if (!std::filesystem::is_regular_file(status))
    place.fail("it is a folder, a pipe or a device, and must be a file");
  std::ifstream in(path, std::ios::binary);
  if (!in) place.fail("it cannot be opened; look at its permissions");
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (error) place.fail("its size cannot be read: " + error.message() + "; look at its permissions");
  if (size > static_cast<std::uintmax_t>(std::numeric_limits<int>::max()))
    place.fail("a file of ONNX must have fewer than 2^31 bytes, and it has " + std::to_string(size) +
               "; export the model in parts");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  if (!in.read(bytes.data(), static_cast<std::streamsize>(bytes.size())))
    place.fail("it cannot be read to its end; get the file again");
  return parse(bytes, path);
}

}  // namespace xgrad::onnx
