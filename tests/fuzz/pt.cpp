#include "xgrad/files/pt.hpp"

#include <doctest/doctest.h>

#include "fuzz/input.hpp"

using namespace xgrad;

namespace {

/// An archive, or else the pickle of one with a storage of 64 bytes: its checksum, which no chance finds, is
/// put right here.
void read_input(const std::string& bytes) {
  const bool is_archive = bytes.starts_with("PK");
  const test::Members members{{"model/data.pkl", bytes}, {"model/data/0", std::string(64, '\1')}};
  test::read_or_refuse(is_archive ? bytes : test::stored_archive(members),
                       [](const std::string& path) { test::look_at(files::read_pt(path)); });
}

}  // namespace

TEST_CASE("whatever the corpus of pt holds is read or refused") {
  CHECK(test::run_corpus("pt", read_input) > 10);
}

#ifdef DOCTEST_CONFIG_DISABLE  // as in the programs of make fuzz
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return test::run_input(data, size, read_input);
}
#endif
