// Types of private headers share a namespace: two of one name would be one to the linker, which takes either.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>

namespace fs = std::filesystem;

namespace {

/// Where each struct or class is defined that stands at the beginning of a line of a private header.
std::map<std::string, std::string> definitions(const fs::path& root, std::string& twice) {
  static const std::regex definition(
      R"(^(?:template <[^>]*> ?)?(?:struct|class) ([A-Z]\w*)(?: final)?(?: :[^;]*)? \{)");
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.path().extension() != ".hpp") continue;
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      std::smatch m;
      if (!std::regex_search(line, m, definition)) continue;
      const std::string file = entry.path().lexically_relative(root).generic_string();
      const auto [first, is_new] = found.emplace(m[1], file);
      if (!is_new && first->second != file)
        twice += " " + m[1].str() + " in " + first->second + " and " + file;
    }
  }
  return found;
}

}  // namespace

TEST_CASE("no two private headers define a type of one name") {
  for (const char* folder : {"core", "nn", "optim", "data", "files", "parallel"}) {
    std::string twice;

    const auto found = definitions(fs::path(XGRAD_SOURCE_DIR) / folder / "src", twice);

    CHECK_MESSAGE(twice.empty(), folder, ":", twice);
    if (folder == std::string("core")) CHECK(found.contains("Walk"));
  }
}
