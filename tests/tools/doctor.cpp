// `xgrad doctor`: what it says of the library and its self test.

#include "tools/program.hpp"
#include "xgrad/core/build_info.hpp"

using nlohmann::json;
using test::Ran;

TEST_CASE("the doctor says how the library was built, and that it computes right") {
  const json report = test::json_of({"doctor"});

  const xgrad::BuildInfo build = xgrad::build_info();
  CHECK(report["version"] == build.version);
  CHECK(report["compiler"] == build.compiler);
  CHECK(report["blas"] == build.blas);
  CHECK(report["products"] == build.products);
  double seconds = 0;
  REQUIRE(report["self_test"].size() == 5);
  for (const json& test : report["self_test"]) {
    INFO(test.dump());
    CHECK(test["right"] == true);
    CHECK(test["detail"] != "");
    seconds += test["seconds"].get<double>();
  }
  CHECK(seconds > 0.4);
  CHECK(report["data"].size() > 0);
}

TEST_CASE("a folder for temporary files that is not there makes the self test fail, and the rest goes on") {
  const Ran ran = test::run_line("env TMPDIR=/nonexistent " + test::line_of({"doctor"}));

  CHECK(ran.status == 1);
  CHECK(ran.out.find("  wrong  saving and loading: ") != std::string::npos);
  CHECK(ran.out.find("  right  gradients") != std::string::npos);
}

TEST_CASE("colours are for terminals, and not for those who want none") {
  if (test::run_line("sh -c 'command -v script'").status != 0) return;
  const auto output = [](const std::string& before) {
    return test::run_line("env -u NO_COLOR TERM=xterm " + before + " script -qec " +
                          test::quoted(test::line_of({"doctor"})) + " /dev/null")
        .out;
  };
  const std::string green = "\033[32mright\033[0m";

  CHECK(output("").find(green) != std::string::npos);
  CHECK(output("NO_COLOR=1").find('\033') == std::string::npos);
  CHECK(output("TERM=dumb").find('\033') == std::string::npos);
  CHECK(test::run_xgrad({"doctor"}).out.find('\033') == std::string::npos);
}
