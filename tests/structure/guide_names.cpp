// The tables of the guides name what is there: docs/coming-from-pytorch.md in its second column, and
// docs/ops-by-task.md every op. Every guide has its place in the site.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

using Names = std::set<std::string>;

std::string text_of(const fs::path& file) {
  std::stringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

Names matches(const std::string& text, const std::regex& pattern) {
  Names names;
  for (std::sregex_iterator i(text.begin(), text.end(), pattern), end; i != end; ++i) names.insert((*i)[1]);
  return names;
}

/// All identifiers of the public headers, without those of comments.
Names identifiers() {
  static const std::regex comment("//[^\n]*"), word("([A-Za-z_]\\w*)");
  Names names;
  for (const char* folder : {"core", "nn", "optim", "data", "files", "train"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(XGRAD_SOURCE_DIR) / folder))
      if (entry.path().extension() == ".hpp" && entry.path().string().find("/include/") != std::string::npos)
        names.merge(matches(std::regex_replace(text_of(entry.path()), comment, ""), word));
  return names;
}

/// What stands in backticks in a column, from 0, of the rows of tables.
std::vector<std::string> code_in_column(const std::string& text, std::size_t column) {
  static const std::regex code("`([^`]+)`");
  std::vector<std::string> spans;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("| ")) continue;
    std::vector<std::string> cells{""};
    for (std::size_t i = 2; i < line.size(); ++i) {
      if (line[i] == '|' && line[i - 1] != '\\')
        cells.emplace_back();
      else
        cells.back() += line[i];
    }
    if (column >= cells.size()) continue;
    for (const std::string& span : matches(cells[column], code)) spans.push_back(span);
  }
  return spans;
}

/// The names that a piece of code takes from the library: what is called, qualified, a member, an option, or
/// alone. What it calls its own tensors is left out.
Names names_of(const std::string& code) {
  static const std::regex alone("^([A-Za-z_]\\w*)$"),
      used("\\b([A-Za-z_]\\w+)(?=\\(|<|::| guard;| profile;)"), part("(?:::|\\.)([A-Za-z_]\\w*)");
  Names names = matches(code, alone);
  names.merge(matches(code, used));
  names.merge(matches(code, part));
  for (const char* outside : {"operator", "std", "cout", "vector"}) names.erase(outside);
  return names;
}

/// The functions that docs/ops.md lists.
Names ops() {
  static const std::regex declared("\n- `(?:inline )?[A-Za-z:<>]+ ([a-z_0-9]+)\\(");
  return matches(text_of(XGRAD_SOURCE_DIR "/docs/ops.md"), declared);
}

}  // namespace

TEST_CASE("names are read from code, and what code calls its own is left out") {
  CHECK(names_of("optim::SGD(model, {.lr = 0.1})") == Names{"optim", "SGD", "lr"});
  CHECK(names_of("x.index_put_({mask}, 0)") == Names{"index_put_"});
  CHECK(names_of("NoGrad guard;") == Names{"NoGrad"});
  CHECK(code_in_column("| `a` | `b`, `c(d)` | |\ntext `e`\n", 1) == std::vector<std::string>{"b", "c(d)"});
}

TEST_CASE("what docs/coming-from-pytorch.md calls ours is in a public header") {
  const Names known = identifiers();
  const auto rows = code_in_column(text_of(XGRAD_SOURCE_DIR "/docs/coming-from-pytorch.md"), 1);
  REQUIRE(rows.size() > 150);
  for (const std::string& code : rows)
    for (const std::string& name : names_of(code))
      CHECK_MESSAGE(known.contains(name), name << " of " << code);
}

TEST_CASE("docs/ops-by-task.md has a place for every op, and names no other") {
  const auto spans = code_in_column(text_of(XGRAD_SOURCE_DIR "/docs/ops-by-task.md"), 1);
  const Names named(spans.begin(), spans.end());
  REQUIRE(ops().size() > 200);
  for (const std::string& op : ops()) CHECK_MESSAGE(named.contains(op), op);
  for (const std::string& op : named) CHECK_MESSAGE(ops().contains(op), op);
}

TEST_CASE("every document has a place in the site's navigation and on its first page") {
  const std::string layout = text_of(XGRAD_SOURCE_DIR "/docs/site/layout.xml");
  const std::string index = text_of(XGRAD_SOURCE_DIR "/docs/site/index.md");
  for (const auto& entry : fs::directory_iterator(XGRAD_SOURCE_DIR "/docs")) {
    if (entry.path().extension() != ".md") continue;
    const std::string reference = "@ref guide_" + entry.path().stem().string();
    CHECK_MESSAGE(layout.find(reference + "\"") != std::string::npos, reference);
    CHECK_MESSAGE(index.find(reference + " ") != std::string::npos, reference);
  }
}
