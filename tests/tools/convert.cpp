// What `xgrad convert` writes is what other programs say of the file that it was made of.

#include <filesystem>

#include "files/reference.hpp"
#include "tools/program.hpp"
#include "xgrad/files.hpp"

using namespace xgrad;
using nlohmann::json;
using test::data_file;
using test::Folder;
using test::Ran;

namespace {

/// Checks tensors against those of the reference files, in this order.
void check_tensors(const std::vector<NamedTensor>& tensors, const std::string& reference) {
  std::size_t i = 0;
  const json files = test::reference("numpy_torch.json");
  for (const json& item : files.at(reference)) {
    if (!item[1].contains("dtype")) continue;
    REQUIRE(i < tensors.size());
    CHECK(tensors[i].name == item[0].get<std::string>());
    test::check_tensor(tensors[i++].tensor, item[1], item[0]);
  }
  CHECK(i == tensors.size());
}

}  // namespace

TEST_CASE("an archive of NumPy's or PyTorch's becomes one of NumPy's with the same arrays") {
  const Folder folder;
  for (const char* file :
       {"dtypes.npz", "deflated.npz", "streamed.npz", "none.npz", "dtypes.pt", "strided.pt"})
    for (const char* option : {"--compress", "--tensors-only"}) {
      INFO(file);
      const Ran ran = test::run_xgrad({"convert", data_file(file), folder.path("a.npz"), option});

      CHECK(ran.status == 0);
      CHECK(ran.out + ran.err == "");
      check_tensors(files::read_npz(folder.path("a.npz")), file);
    }
}

TEST_CASE(
    "a checkpoint of PyTorch's becomes a safetensors with all of its values, and back no value is lost") {
  const Folder folder;
  const std::string path = folder.path("a.safetensors");

  CHECK(test::run_xgrad({"convert", data_file("checkpoint.pt"), path}).status == 0);

  const StateDict state = xgrad::files::read_state(path);
  std::size_t values = 0;
  const json files = test::reference("numpy_torch.json");
  for (const json& item : files.at("checkpoint.pt")) {
    const std::string name = item[0];
    if (item[1].contains("dtype")) {
      test::check_tensor(state.get<Tensor>(name), item[1], name);
      continue;
    }
    ++values;
    if (item[1].contains("number")) CHECK(state.get<double>(name) == test::number_of(item[1]["number"]));
    if (item[1].is_number_integer()) CHECK(state.get<std::int64_t>(name) == item[1].get<std::int64_t>());
    if (item[1].is_boolean()) CHECK(state.get<bool>(name) == item[1].get<bool>());
  }
  CHECK(values > 20);
  CHECK(test::run_xgrad({"diff", data_file("checkpoint.pt"), path}).status == 0);
}

TEST_CASE("one array goes into an archive and out again") {
  const Folder folder;

  CHECK(test::run_xgrad({"convert", data_file("matrix.npy"), folder.path("a.npz")}).status == 0);
  CHECK(test::run_xgrad({"convert", folder.path("a.npz"), folder.path("a.npy")}).status == 0);

  CHECK(test::bytes_in(folder.path("a.npy")) == test::bytes_in(data_file("matrix.npy")));
}

TEST_CASE("metadata of the user's go along, from safetensors to safetensors") {
  const Folder folder;

  CHECK(test::run_xgrad({"convert", data_file("written.safetensors"), folder.path("a.safetensors")}).status ==
        0);

  CHECK(test::bytes_in(folder.path("a.safetensors")) == test::bytes_in(data_file("written.safetensors")));
}

TEST_CASE("what the other form has no place for is said, and nothing is written") {
  const Folder folder;
  const auto refused = [&](const std::string& from, const std::string& to,
                           const std::string& option = "--json") {
    std::vector<std::string> arguments{"convert", data_file(from), folder.path(to)};
    if (option != "--json") arguments.push_back(option);
    const Ran ran = test::run_xgrad(arguments);
    CHECK(ran.status == 2);
    CHECK_FALSE(std::filesystem::exists(folder.path(to)));
    return ran.err;
  };
  const auto says = [](const std::string& text, const std::string& words) {
    INFO(text);
    CHECK(text.find(words) != std::string::npos);
  };

  says(refused("written.safetensors", "a.npz"), "1 values that are no tensors and 1 texts of metadata");
  says(refused("stored.npz", "a.npy"), "a .npy must hold one tensor, and there are 8; write a .npz: ");
  says(refused("stored.npz", "a.pt"), "files of PyTorch are read and not written; write a .safetensors");
  says(refused("stored.npz", "a.h5"), "must be one of .safetensors, .npy, .npz, .pt, .pth and .bin: ");
  says(refused("stored.npz", "a.safetensors", "--compress"), "--compress needs a .npz to write");
  CHECK(test::run_xgrad({"convert", data_file("written.safetensors"), folder.path("a.npz"), "--tensors-only"})
            .status == 0);
}

TEST_CASE("a file is not converted into itself, by whatever name") {
  const Folder folder;
  const std::string path = folder.path("a.npz"), bytes = test::bytes_in(data_file("stored.npz"));
  folder.write("a.npz", bytes);
  std::filesystem::create_hard_link(path, folder.path("b.npz"));
  std::filesystem::create_symlink(path, folder.path("c.npz"));

  for (const char* other : {"a.npz", "b.npz", "c.npz"}) {
    const Ran ran = test::run_xgrad({"convert", path, folder.path(other)});
    CHECK(ran.status == 2);
    CHECK(ran.err.find("the file to read must not be the one to write") != std::string::npos);
  }
  CHECK(test::bytes_in(path) == bytes);
}
