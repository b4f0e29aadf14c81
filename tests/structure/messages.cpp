// The messages of all errors, read from the sources: each says what is needed or what to do.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

// What a file is in is all there is to say: the system's own words, and the path.
const std::regex state_of_a_file(
    "the file is empty|cannot be opened|cannot be read|this is a directory|out of memory|no row follows|"
    "fields instead of");

// A remedy: what must be, after a semicolon what to do, or a function that says so.
const std::regex remedy("; |must|need|expected|recorded|holds_fewer|index_range|inner_rule|\\bremedy\\b");

// The call that begins at text[from], up to its closing parenthesis.
std::string call_at(const std::string& text, std::size_t from) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = from; i < text.size(); ++i) {
    if (quoted && text[i] == '\\')
      ++i;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && text[i] == '(')
      ++depth;
    else if (!quoted && text[i] == ')' && --depth == 0)
      return text.substr(from, i + 1 - from);
  }
  return text.substr(from);
}

std::string literals_of(const std::string& call) {
  static const std::regex literal("\"((?:[^\"\\\\]|\\\\.)*)\"");
  std::string all;
  for (std::sregex_iterator i(call.begin(), call.end(), literal), end; i != end; ++i) all += (*i)[1];
  return all;
}

// The calls in a source that throw an Error without a remedy.
std::vector<std::string> without_remedy(const std::string& text) {
  static const std::regex thrown("\\b(throw Error|fail|fail_at|refuse|reject)\\((?!const |std::string& )");
  static const std::regex passed_on("^[^\"]*(\"[^\"]*\"[ ,+]*)*what\\b");  // of a message that another makes
  static const std::regex said("[a-z]+ [a-z]+");
  std::vector<std::string> bare;
  for (std::sregex_iterator i(text.begin(), text.end(), thrown), end; i != end; ++i) {
    const std::string call = call_at(text, static_cast<std::size_t>(i->position()));
    const std::string words = literals_of(call);
    if (!std::regex_search(words, said) || std::regex_search(call, passed_on)) continue;
    if (std::regex_search(call, remedy) || std::regex_search(words, state_of_a_file)) continue;
    bare.push_back(call);
  }
  return bare;
}

// Operators by the names that their errors give them.
const std::map<std::string, std::string> operators{
    {"add", " + "}, {"sub", " - "}, {"mul", "* "}, {"div", " / "}};

// A quoted misuse: what is done, and whose error it is.
struct Misuse {
  std::string code, op;
};

// The calls of says([&] { code }, "op: message") in a test.
std::vector<Misuse> misuses_in(const std::string& text) {
  std::vector<Misuse> all;
  for (std::size_t at = text.find("says("); at != std::string::npos; at = text.find("says(", at + 1)) {
    const std::string call = call_at(text, at);
    const std::size_t end = call.rfind("},");
    if (end == std::string::npos) continue;  // its declaration
    const std::string message = literals_of(call.substr(end));
    all.push_back({call.substr(0, end), message.substr(0, message.find(':'))});
  }
  return all;
}

// True where the code calls what the error names.
bool names_what_was_called(const Misuse& m) {
  if (std::regex_search(m.code, std::regex("\\b" + m.op + "\\b"))) return true;
  const auto sign = operators.find(m.op);
  return sign != operators.end() && m.code.find(sign->second) != std::string::npos;
}

}  // namespace

TEST_CASE("every message of an error says what is needed or what to do") {
  for (const char* folder : {"core", "nn", "optim", "data", "files", "train", "parallel", "tools"})
    for (const auto& entry : fs::recursive_directory_iterator(fs::path(XGRAD_SOURCE_DIR) / folder)) {
      if (entry.path().extension() != ".hpp" && entry.path().extension() != ".cpp") continue;
      std::ifstream in(entry.path());
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      for (const std::string& call : without_remedy(text)) FAIL_CHECK(entry.path().string() << ": " << call);
    }
}

TEST_CASE("a message without a remedy is found") {
  const std::string range =
      "fail(op, \"axis \" + std::to_string(axis) + \" is out of range: \" + x.describe()";

  CHECK(without_remedy(range + ");").size() == 1);
  CHECK(without_remedy("throw Error(\"Linear: (the) weight is \\\"odd\\\"\");").size() == 1);
  CHECK(without_remedy(range + " + \"; axes are -2 to 1\");").empty());
  CHECK(without_remedy("fail(op, \"needs a matrix: x is \" + x.describe());").empty());
  CHECK(without_remedy("fail(\"ctc_loss\", what + \": the input is\");").empty());
}

TEST_CASE("every misuse in the tests is an error of what was called") {
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(fs::path(XGRAD_SOURCE_DIR) / "tests/core")) {
    if (!entry.path().filename().string().starts_with("misuse_")) continue;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (const Misuse& m : misuses_in(text)) {
      ++count;
      if (!names_what_was_called(m)) FAIL_CHECK(m.op << " in " << m.code);
    }
  }
  CHECK(count > 380);
}

TEST_CASE("an error under another name is found") {
  const auto right = [](const std::string& text) { return names_what_was_called(misuses_in(text).at(0)); };

  CHECK(right("says([&] { sum(x, 2); }, \"sum: axis 2 is out of range\");"));
  CHECK(right("says([&] { x + y; },\n \"add: shapes do not broadcast\");"));
  CHECK_FALSE(right("says([&] { normalize(x, 2, 4); }, \"norm: axis 4 is out of range\");"));
  CHECK_FALSE(right("says([&] { cosine_similarity(x, y); }, \"mul: shapes do not broadcast\");"));
}
