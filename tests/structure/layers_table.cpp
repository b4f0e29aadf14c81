#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>

// docs/layers.md names every layer, loss, optimizer and schedule, and nothing that is not there.

namespace {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

/// What headers declare: each class with its base.
using Bases = std::map<std::string, std::string>;

/// The classes of a header that have a base, but those in a namespace detail.
void read_classes(const std::string& text, Bases& bases) {
  static const std::regex line(R"(^(?:class|struct) (\w+)(?: final)? : (?:public )?(?:\w+::)*(\w+))");
  std::istringstream lines(text);
  bool detail = false;
  for (std::string l; std::getline(lines, l);) {
    if (l.starts_with("namespace detail {")) detail = true;
    if (l.starts_with("}  // namespace detail")) detail = false;
    std::smatch match;
    if (std::regex_search(l, match, line)) bases[match[1]] = (detail ? "detail " : "") + match[2].str();
  }
}

Bases declared() {
  Bases bases;
  for (const char* folder : {"/nn/include", "/optim/include"})
    for (const fs::directory_entry& entry :
         fs::recursive_directory_iterator(std::string(XGRAD_SOURCE_DIR) + folder))
      if (entry.path().extension() == ".hpp") read_classes(text_of(entry.path()), bases);
  return bases;
}

/// True for what has state: modules, optimizers and schedules derive from Stateful, however far.
bool has_state(const Bases& bases, std::string name) {
  for (int i = 0; i < 10 && name != "Stateful"; ++i) {
    const auto found = bases.find(name);
    if (found == bases.end()) return false;
    name = found->second.substr(found->second.find(' ') + 1);
  }
  return name == "Stateful";
}

/// True for what users do not make: what is in a namespace detail, and what others derive from.
bool is_inner(const Bases& bases, const std::string& name) {
  if (bases.at(name).starts_with("detail ")) return true;
  return std::ranges::any_of(bases,
                             [&](const auto& b) { return b.second.substr(b.second.find(' ') + 1) == name; });
}

/// The names in backticks, of text without its blocks of code.
std::set<std::string> documented() {
  const std::string text = text_of(XGRAD_SOURCE_DIR "/docs/layers.md");
  const std::string prose = std::regex_replace(text, std::regex("```[^`]*```"), "");
  static const std::regex name("`([A-Z]\\w+)`");
  std::set<std::string> names;
  for (std::sregex_iterator i(prose.begin(), prose.end(), name), end; i != end; ++i) names.insert((*i)[1]);
  return names;
}

}  // namespace

TEST_CASE("classes are read with their bases, those in a namespace detail apart") {
  Bases bases;
  read_classes(
      "namespace detail {\nclass Base : public Module {\n}  // namespace detail\n"
      "class Layer final : public detail::Base {\nstruct Plain {\n",
      bases);
  CHECK(bases == Bases{{"Base", "detail Module"}, {"Layer", "Base"}});
  CHECK_FALSE(has_state(bases, "Layer"));
  bases["Module"] = "Stateful";
  CHECK(has_state(bases, "Layer"));
  CHECK_FALSE(has_state(bases, "Plain"));
  CHECK(is_inner(bases, "Base"));
  CHECK_FALSE(is_inner(bases, "Layer"));
}

TEST_CASE("docs/layers.md names every module, optimizer and schedule") {
  const Bases bases = declared();
  const std::set<std::string> names = documented();
  REQUIRE(bases.size() > 100);
  for (const auto& [name, base] : bases)
    if (has_state(bases, name) && !is_inner(bases, name)) CHECK_MESSAGE(names.contains(name), name);
}

TEST_CASE("what docs/layers.md names is there") {
  const Bases bases = declared();
  for (const std::string& name : documented()) CHECK_MESSAGE(has_state(bases, name), name);
}
