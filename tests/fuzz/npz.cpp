#include "xgrad/files/npz.hpp"

#include <doctest/doctest.h>

#include "fuzz/input.hpp"

using namespace xgrad;

namespace {

void read_input(const std::string& bytes) {
  test::read_or_refuse(bytes, [](const std::string& path) {
    for (const auto& [name, tensor] : files::read_npz(path)) test::look_at(tensor);
  });
}

}  // namespace

TEST_CASE("whatever the corpus of npz holds is read or refused") {
  CHECK(test::run_corpus("npz", read_input) > 10);
}

#ifdef DOCTEST_CONFIG_DISABLE  // as in the programs of make fuzz
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return test::run_input(data, size, read_input);
}
#endif
