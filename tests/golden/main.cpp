// Holds every op to reference values made by other programs.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "compare.hpp"
#include "differences.hpp"
#include "run.hpp"

namespace {

using namespace golden;

struct Counts {
  int passed = 0, failed = 0, unknown = 0;
};

std::string compare_all(const char* what, const std::vector<Expected>& expected,
                        const std::vector<Tensor>& found, const Case& c) {
  if (found.size() < expected.size())
    return std::string(what) + ": " + std::to_string(found.size()) + " and not " +
           std::to_string(expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k)
    if (const std::string d = difference(expected[k], found[k], c.rtol, c.atol); !d.empty())
      return std::string(what) + " " + std::to_string(k) + ": " + d;
  return "";
}

std::string differing_values(const Case& c, const Found& found) {
  return compare_all("value", c.outputs, found.outputs, c);
}

std::string differing(const Case& c, const Found& found) {
  std::string d = differing_values(c, found);
  if (c.value_only) {
    const std::vector<Expected> zeros(found.gradients.size(), {.value = {}, .zero = true});
    return d.empty() ? compare_all("gradient under a cotangent of 0", zeros, found.gradients, c) : d;
  }
  if (d.empty()) d = compare_all("gradient", c.gradients, found.gradients, c);
  if (d.empty()) d = compare_all("second gradient", c.second, found.second, c);
  return d;
}

/// What a case's op gives, with arguments that it does not state found from its outputs.
Found run_or_guess(const Case& c, std::string& note) {
  const Named op = op_of(c);
  std::exception_ptr problem;
  std::optional<Found> plain;
  try {
    plain = run(c, op, Json::object());
    if (differing_values(c, *plain).empty()) return *plain;
  } catch (...) {
    problem = std::current_exception();
  }
  std::optional<Found> alike;  // of several that give the same values, the one with the right gradients
  for (const Json& guess : guesses(c, op.op)) try {
      Found found = run(c, op, guess);
      if (!differing_values(c, found).empty()) continue;
      note = "found with " + guess.dump();
      if (differing(c, found).empty()) return found;
      alike = std::move(found);
    } catch (const xgrad::Error&) {
    } catch (const Unknown&) {
    }
  if (alike) return *alike;
  if (plain) return *plain;
  std::rethrow_exception(problem);
}

void print(const char* verdict, const Case& c, const std::string& remark) {
  std::printf("%-7s %s%s%s\n", verdict, c.title.c_str(), remark.empty() ? "" : ": ", remark.c_str());
}

/// Compares with the reference, and where that fails with what the library promises instead.
bool holds(const Case& c, const Found& found, std::string& remark) {
  const std::string d = c.throws ? "it does not throw" : differing(c, found);
  if (d.empty()) return true;
  const auto difference = documented(c);
  const std::string rest = difference ? differing(difference->promised, found) : d;
  remark = rest.empty() ? "differs on purpose: " + difference->reason + " (" + d + ")" : rest;
  return rest.empty();
}

void check(const Case& c, Counts& counts) {
  std::string remark;
  try {
    const Found found = c.throws ? run(c, op_of(c), Json::object()) : run_or_guess(c, remark);
    const bool right = holds(c, found, remark);
    ++(right ? counts.passed : counts.failed);
    print(right ? "passed" : "FAILED", c, remark);
  } catch (const Unknown& u) {
    ++counts.unknown;
    print("UNKNOWN", c, u.what);
  } catch (const std::exception& e) {
    const bool right = c.throws && dynamic_cast<const xgrad::Error*>(&e) != nullptr;
    ++(right ? counts.passed : counts.failed);
    print(right ? "passed" : "FAILED", c, e.what());
  }
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app(
      "Runs the library's ops on cases made by other programs, and compares values, gradients and second "
      "gradients. Prints a line for each case, and how many passed, failed and are unknown.");
  std::vector<std::string> files;
  for (const char* name : {"ops_f64.json", "recurrent.json", "conventions.json", "numerics.json"})
    files.push_back(std::string(XGRAD_TEST_DATA "/") + name);
  app.add_option("files", files,
                 "Files in the form of one of tests/data's ops_f64.json, conventions.json and numerics.json")
      ->check(CLI::ExistingFile)
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  Counts counts;
  for (const std::string& file : files)
    for (const Case& c : read_cases(file)) check(c, counts);
  std::printf("%d passed, %d failed, %d unknown\n", counts.passed, counts.failed, counts.unknown);
  return counts.failed + counts.unknown == 0 ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "golden: %s\n", e.what());
  return 2;
}
