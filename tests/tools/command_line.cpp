// The options of the program, its page of the manual, and its completion: none has what another lacks.

#include <filesystem>
#include <regex>
#include <set>

#include "tools/program.hpp"

using test::Ran;

namespace {

const std::vector<std::string> commands{"info", "convert", "diff", "doctor"};

/// The long options in a text.
std::set<std::string> options_in(const std::string& text) {
  static const std::regex option("--[a-z]+(-[a-z]+)*");
  std::set<std::string> found;
  for (std::sregex_iterator i(text.begin(), text.end(), option), end; i != end; ++i) found.insert(i->str());
  return found;
}

/// What bash completes a line to, whose last word is unfinished.
std::set<std::string> completed(const std::string& words, const std::string& folder = "/") {
  const Ran ran = test::run_line(
      "bash -c " +
      test::quoted("cd " + folder + " && source " XGRAD_SOURCE_DIR "/tools/completion/xgrad && COMP_WORDS=(" +
                   words +
                   ") && COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && _xgrad; "
                   "printf '%s\\n' \"${COMPREPLY[@]}\""));
  CHECK(ran.err == "");
  std::set<std::string> found;
  std::string::size_type from = 0;
  for (auto to = ran.out.find('\n'); to != std::string::npos; from = to + 1, to = ran.out.find('\n', from))
    found.insert(ran.out.substr(from, to - from));
  return found;
}

}  // namespace

TEST_CASE("help is there for the program and for each command") {
  const Ran all = test::run_xgrad({"--help"});
  CHECK(all.status == 0);
  CHECK(all.err == "");
  for (const std::string& command : commands) {
    CHECK(all.out.find("\n  " + command + " ") != std::string::npos);
    const Ran ran = test::run_xgrad({command, "--help"});
    CHECK(ran.status == 0);
    CHECK(ran.out.find("xgrad " + command) != std::string::npos);
    CHECK(ran.err == "");
  }
}

TEST_CASE("the version is the library's") {
  const Ran ran = test::run_xgrad({"--version"});

  CHECK(ran.status == 0);
  CHECK(std::regex_match(ran.out, std::regex("xgrad \\d+\\.\\d+\\.\\d+\n")));
}

TEST_CASE("wrong command lines end with 2, and say so") {
  const std::vector<std::vector<std::string>> wrong{{},
                                                    {"nonsense"},
                                                    {"info"},
                                                    {"info", "a.npy", "b.npy"},
                                                    {"diff", "a.npy"},
                                                    {"convert", "a.npy"},
                                                    {"info", "--nonsense", "a.npy"},
                                                    {"diff", "a.npy", "b.npy", "--tolerance"},
                                                    {"diff", "a.npy", "b.npy", "--tolerance", "-1"},
                                                    {"diff", "a.npy", "b.npy", "--tolerance", "nan"},
                                                    {"diff", "a.npy", "b.npy", "--tolerance", "1x"}};
  for (const auto& arguments : wrong) {
    const Ran ran = test::run_xgrad(arguments);
    INFO(test::line_of(arguments));
    CHECK(ran.status == 2);
    CHECK(ran.out == "");
    CHECK(ran.err != "");
  }
}

TEST_CASE("completion offers the commands, and the options of each that its help names") {
  CHECK(completed("xgrad d") == std::set<std::string>{"diff", "doctor"});
  for (const std::string& command : commands)
    CHECK(completed("xgrad " + command + " --") == options_in(test::run_xgrad({command, "--help"}).out));
}

TEST_CASE("completion offers files that can be read") {
  const test::Folder folder;
  for (const char* name : {"a b.npz", "a.txt", "a.safetensors"}) folder.write(name, "");
  std::filesystem::create_directory(folder.path("an"));

  CHECK(completed("xgrad info a", folder.path()) == std::set<std::string>{"a b.npz", "a.safetensors", "an"});
  CHECK(completed("xgrad diff --tolerance ''", folder.path()) == std::set<std::string>{""});
}

TEST_CASE("the page of the manual has every command and option, and no others, and no fault") {
  const std::string page = XGRAD_SOURCE_DIR "/tools/man/xgrad.1";
  std::string text = test::bytes_in(page);
  for (const std::string& command : commands) CHECK(text.find("\n.B " + command + "\n") != std::string::npos);
  text = std::regex_replace(text, std::regex("\\\\-"), "-");
  std::set<std::string> options{"--version"};
  for (const std::string& command : commands)
    options.merge(options_in(test::run_xgrad({command, "--help"}).out));
  CHECK(options_in(text) == options);
  const std::string version = test::run_xgrad({"--version"}).out;
  CHECK(text.find("\"" + version.substr(0, version.size() - 1) + "\"") != std::string::npos);

  if (test::run_line("sh -c 'command -v groff'").status != 0) return;
  const Ran ran = test::run_line("groff -ww -man -Tutf8 " + test::quoted(page));
  CHECK(ran.status == 0);
  CHECK(ran.err == "");
}
