#pragma once

// Runs the program xgrad as a user does.

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "datasets/files.hpp"
#include "files/bytes.hpp"

namespace test {

inline std::string quoted(const std::string& text) {
  std::string all = "'";
  for (char c : text) all += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return all + "'";
}

/// What a command has printed, and its exit status.
struct Ran {
  int status;
  std::string out, err;
};

/// Runs a line of the shell; what hangs is ended.
inline Ran run_line(const std::string& line) {
  const Folder folder;
  const std::string redirected = "{ timeout 60 " + line + "; } >" + quoted(folder.path("out")) + " 2>" +
                                 quoted(folder.path("err")) + " </dev/null";
  const int status = std::system(redirected.c_str());
  REQUIRE(WIFEXITED(status));
  return {WEXITSTATUS(status), bytes_in(folder.path("out")), bytes_in(folder.path("err"))};
}

inline std::string line_of(const std::vector<std::string>& arguments,
                           const std::string& program = XGRAD_PROGRAM) {
  std::string line = quoted(program);
  for (const std::string& argument : arguments) line += " " + quoted(argument);
  return line;
}

inline Ran run_xgrad(const std::vector<std::string>& arguments) { return run_line(line_of(arguments)); }

/// What a command with --json has printed.
inline nlohmann::json json_of(std::vector<std::string> arguments, int status = 0) {
  arguments.emplace_back("--json");
  const Ran ran = run_xgrad(arguments);
  INFO(ran.err);
  REQUIRE(ran.status == status);
  return nlohmann::json::parse(ran.out);
}

inline std::string data_file(const std::string& name) { return XGRAD_TEST_DATA "/files/" + name; }

}  // namespace test
