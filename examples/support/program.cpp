#include "support/program.hpp"

#include <CLI/CLI.hpp>
#include <climits>
#include <cstdio>
#include <iostream>
#include <optional>
#include <stdexcept>

#include "xgrad/core/profile.hpp"
#include "xgrad/core/random.hpp"
#include "xgrad/data/directories.hpp"

namespace example {

namespace {

constexpr int missed = 1;
constexpr int skipped = 77;  // CTest's SKIP_RETURN_CODE in examples/CMakeLists.txt

}  // namespace

struct Program::CommandLine {
  CLI::App app;
  std::string directory = {}, trace = {};
  bool profile = false;

  template <class T>
  CLI::Option* add(const std::string& name, T& value, const std::string& description) {
    return app.add_option(name, value, description)->capture_default_str();
  }
};

Program::Program(const std::string& description)
    : command_line_(new CommandLine{.app = CLI::App(description)}) {
  command_line_->add("--seed", seed_, "Makes the random numbers");
  command_line_->app.add_flag("--profile", command_line_->profile,
                              "Prints where the time went, by op and by kernel");
  command_line_->app.add_option("--trace", command_line_->trace,
                                "Writes where the time went to this file, for chrome://tracing or Perfetto");
}

Program::~Program() = default;

void Program::option(const std::string& name, int& value, const std::string& description) {
  command_line_->add(name, value, description)->check(CLI::Range(1, INT_MAX));
}
void Program::option(const std::string& name, double& value, const std::string& description) {
  command_line_->add(name, value, description);
}
void Program::option(const std::string& name, std::string& value, const std::string& description) {
  command_line_->add(name, value, description);
}
void Program::flag(const std::string& name, bool& value, const std::string& description) {
  command_line_->app.add_flag(name, value, description);
}

void Program::reads_data() {
  command_line_->app
      .add_option("--data", command_line_->directory,
                  "Where to look for the data sets before XGRAD_DATA and examples/data")
      ->check(CLI::ExistingDirectory);
}

int Program::run(int argc, char** argv, const std::function<bool()>& example) try {
  CLI11_PARSE(command_line_->app, argc, argv);
  xgrad::data::set_directory(command_line_->directory);
  xgrad::manual_seed(seed_);
  std::optional<xgrad::Profile> profile;
  if (command_line_->profile || !command_line_->trace.empty()) profile.emplace();
  const bool reached = example();
  if (profile) profile->stop();
  if (command_line_->profile) std::cout << "\n" << *profile << std::flush;
  if (!command_line_->trace.empty()) profile->write_trace(command_line_->trace);
  if (std::fflush(stdout) != 0) throw std::runtime_error("the output cannot be written");
  return reached ? 0 : missed;
} catch (const Skip& skip) {
  std::fprintf(stderr, "skipped: %s\n", skip.reason.c_str());
  return skipped;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return missed;
}

bool check(bool reached, const std::string& target) {
  if (!reached) std::fprintf(stderr, "missed the target: %s\n", target.c_str());
  return reached;
}

}  // namespace example
