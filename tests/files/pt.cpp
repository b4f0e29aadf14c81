#include "xgrad/files/pt.hpp"

#include "reference.hpp"
#include "xgrad/nn.hpp"

using namespace xgrad;
using test::error_of;
using test::Folder;

namespace {

void check_value(const StateValue& value, const nlohmann::json& expected, const std::string& name) {
  INFO(name);
  if (expected.is_object() && expected.contains("dtype"))
    test::check_tensor(std::get<Tensor>(value), expected, name);
  else if (expected.is_object())
    CHECK(test::same_number(std::get<double>(value), test::number_of(expected["number"])));
  else if (expected.is_boolean())
    CHECK(std::get<bool>(value) == expected.get<bool>());
  else if (expected.is_string())
    CHECK(std::get<std::string>(value) == expected.get<std::string>());
  else
    CHECK(std::get<std::int64_t>(value) == expected.get<std::int64_t>());
}

void check_state(const std::string& file) {
  const auto expected = test::reference("numpy_torch.json")[file];

  const StateDict state = files::read_pt(test::reference_file(file));

  REQUIRE(state.size() == expected.size());
  std::size_t i = 0;
  for (const auto& [name, value] : state) {
    CHECK(name == expected[i][0].get<std::string>());
    check_value(value, expected[i++][1], name);
  }
}

std::string error_of_file(const std::string& file) {
  const std::string path = test::reference_file(file);
  std::string error = error_of([&] { files::read_pt(path); });
  if (const auto at = error.find(path); at != std::string::npos)
    error.replace(at, path.size() - file.size(), "");
  return error;
}

}  // namespace

TEST_CASE("the state dict of a model is read in its order") { check_state("model.pt"); }
TEST_CASE("a checkpoint is flattened: dicts, lists, tuples, numbers, texts, an optimizer's state") {
  check_state("checkpoint.pt");
}
TEST_CASE("a list of parameters is read under its places") { check_state("parameters.pt"); }
TEST_CASE("every dtype of storages is read") { check_state("dtypes.pt"); }
TEST_CASE("transposed, sliced, expanded and overlapping tensors are read by their strides") {
  check_state("strided.pt");
}

TEST_CASE("contiguous tensors of one storage share its elements, others are copies") {
  const StateDict state = files::read_pt(test::reference_file("strided.pt"));
  Tensor base = state.get<Tensor>("base");

  base.fill_(-1);
  CHECK(state.get<Tensor>("rows").to_vector<float>() == std::vector<float>(12, -1));
  CHECK(state.get<Tensor>("flat").to_vector<float>() == std::vector<float>(4, -1));
  CHECK(state.get<Tensor>("element").item() == -1);
  CHECK(state.get<Tensor>("columns").at({0, 0}) == 2);
  CHECK(state.get<Tensor>("transposed").at({1, 0}) == 1);
}

TEST_CASE("a state of PyTorch goes into a model of the same structure") {
  nn::Sequential model(nn::Conv2d(1, 2, 3), nn::BatchNorm2d(2), nn::Flatten(), nn::Linear(8, 3));
  const StateDict state = files::read_pt(test::reference_file("model.pt"));

  load_state_dict(model, state);

  CHECK(same(model, state));
}

TEST_CASE("what is no state dict is refused by what it is") {
  CHECK(error_of_file("module.pt") ==
        "read_pt: torch.nn.modules.linear.Linear is no name that a state dict needs, and nothing is made of "
        "it: keep "
        "tensors, numbers and texts only (byte 2 of the pickle); save it again by "
        "torch.save(model.state_dict(), "
        "path): the member 'module/data.pkl' of module.pt");
  CHECK(error_of_file("namespace.pt").starts_with("read_pt: argparse.Namespace is no name"));
  CHECK(error_of_file("numpy_number.pt").starts_with("read_pt: numpy.core.multiarray.scalar is no name"));
  CHECK(error_of_file("complex.pt").starts_with("read_pt: torch.ComplexFloatStorage is no name"));
  CHECK(error_of_file("old_form.pt") ==
        "read_pt: this is a pickle, as PyTorch before 1.6 wrote it, and must be a zip archive; load it there "
        "and save "
        "it again by a newer one: old_form.pt");
  CHECK(error_of_file("program.pt") ==
        "read_pt: this is a program of torch.jit.save; save the model's state_dict() by torch.save: "
        "program.pt");
  CHECK(error_of_file("tensor.pt") ==
        "read_pt: the file holds no dict of values; save one by torch.save(model.state_dict(), path): "
        "tensor.pt");
  CHECK(error_of_file("stored.npz") ==
        "read_pt: this is no file of torch.save, which must have a member data.pkl: stored.npz");
  CHECK(error_of_file("matrix.npy").starts_with("read_pt: this is no zip archive: it must begin with PK"));
}

TEST_CASE("two values of one flattened name are refused") {
  CHECK(error_of_file("one_name.pt") ==
        "read_pt: two values have one name when dicts are flattened; rename one of them: the value 'a.b' of "
        "one_name.pt");
}

TEST_CASE("few bytes do not become many values") {
  CHECK(error_of_file("deep.pt").starts_with(
      "read_pt: values must lie in one another at most 64 deep: the value "
      "'deep.0.0."));
  CHECK(error_of_file("cycle.pt").starts_with("read_pt: values must lie in one another at most 64 deep"));
  CHECK(error_of_file("laughs.pt")
            .starts_with("read_pt: a list must not lie in others so many times; save every value once: the "
                         "value 'bomb.0."));
  CHECK(error_of_file("expanded.pt") ==
        "read_pt: a tensor of shape [1099511627776] has more elements than there is room for; save a copy of "
        "it by "
        "clone(): the member 'expanded/data/0' of expanded.pt");
}
