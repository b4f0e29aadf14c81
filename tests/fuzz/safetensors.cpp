#include "xgrad/files/safetensors.hpp"

#include <doctest/doctest.h>

#include "fuzz/input.hpp"

using namespace xgrad;

namespace {

void read_input(const std::string& bytes) {
  test::read_or_refuse(bytes, [](const std::string& path) {
    for (const auto& [name, tensor] : files::read(path).tensors) test::look_at(tensor);
    test::look_at(files::read_state(path));
  });
}

}  // namespace

TEST_CASE("whatever the corpus of safetensors holds is read or refused") {
  CHECK(test::run_corpus("safetensors", read_input) > 10);
}

#ifdef DOCTEST_CONFIG_DISABLE  // as in the programs of make fuzz
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return test::run_input(data, size, read_input);
}
#endif
