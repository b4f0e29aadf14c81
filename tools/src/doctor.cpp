#include <algorithm>
#include <filesystem>
#include <iostream>

#include "commands.hpp"
#include "json.hpp"
#include "self_test.hpp"
#include "text.hpp"
#include "xgrad/core/build_info.hpp"
#include "xgrad/data/directories.hpp"

namespace xgrad::tools {
namespace {

bool is_there(const std::string& directory) {
  std::error_code ignored;
  return std::filesystem::is_directory(directory, ignored);
}

/// Each once, since one folder may stand in several places of the list.
std::vector<std::string> data_directories() {
  std::vector<std::string> all;
  for (const std::string& directory : data::directories())
    if (std::ranges::find(all, directory) == all.end()) all.push_back(directory);
  return all;
}

void print(const BuildInfo& build, const std::vector<Finding>& findings) {
  std::cout << build << "\ndata is looked for in\n";
  for (const std::string& directory : data_directories())
    std::cout << "  " << printable(directory) << (is_there(directory) ? "" : " (is not there)") << '\n';
  std::cout << "\nself test\n";
  for (const auto& [what, right, detail, seconds] : findings)
    std::cout << "  " << (right ? green("right") : red("wrong")) << "  " << what << ": " << detail << '\n';
}

Json report_of(const BuildInfo& build, const std::vector<Finding>& findings) {
  Json directories = Json::array(), tests = Json::array();
  for (const std::string& directory : data_directories())
    directories.push_back({{"path", directory}, {"is_there", is_there(directory)}});
  for (const auto& [what, right, detail, seconds] : findings)
    tests.push_back({{"test", what}, {"right", right}, {"detail", detail}, {"seconds", seconds}});
  return {{"version", build.version},           {"compiler", build.compiler},
          {"build_type", build.build_type},     {"flags", build.flags},
          {"products", build.products},         {"blas", build.blas},
          {"blas_kernels", build.blas_kernels}, {"threads", build.threads},
          {"data", std::move(directories)},     {"self_test", std::move(tests)}};
}

}  // namespace

int doctor(const DoctorOptions& options) {
  const BuildInfo build = build_info();
  const std::vector<Finding> findings = self_test();
  if (options.json)
    print_json(report_of(build, findings));
  else
    print(build, findings);
  return std::ranges::all_of(findings, &Finding::right) ? all_well : differs;
}

}  // namespace xgrad::tools
