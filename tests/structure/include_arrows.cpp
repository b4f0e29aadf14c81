// The arrows of the design, read from the #include lines of every public header and every source.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace fs = std::filesystem;
using namespace std::string_view_literals;

namespace {

struct Folder {
  std::string_view name;
  std::vector<std::string_view> may_include;
};

const std::array folders{
    Folder{"simd", {"simd"}},
    Folder{"core", {"core", "simd"}},
    Folder{"nn", {"nn", "core"}},
    Folder{"optim", {"optim", "core"}},
    Folder{"data", {"data", "core"}},
    Folder{"files", {"files", "core"}},
    Folder{"train", {"train", "nn", "optim", "data", "files", "core"}},
    Folder{"parallel", {"parallel", "train", "nn", "optim", "data", "files", "core"}},
    Folder{"tools", {"tools", "include", "core", "nn", "optim", "data", "files", "train"}},
    Folder{"include", {"core", "nn", "optim", "data", "files", "train"}},  // the umbrella
};

// The floors of core. A public header is named by what follows include/xgrad/core/, a source or private
// header by what follows src/, with its room; without extensions. A file includes files of its own floor and
// of those above it here. A name that ends in '/' stands for a folder.
const std::vector<std::vector<std::string_view>> core_stages{
    {"error"},
    {"dtype"},
    {"shape", "axes", "broadcast", "attribute"},
    {"buffer", "threads", "launch", "host_action", "denormals", "build_info"},
    // What a tensor and a record of its making are; what is declared of walks, for ops whose rules are
    // written with them.
    {"tensor", "tensor_node", "elements", "function", "tape", "parameter", "hooks", "anomaly", "backward",
     "whole_file", "tensor/"},
    {"kernels/"},
    {"autodiff/tape", "autodiff/pushed", "autodiff/births", "autodiff/node_map", "autodiff/hooks",
     "autodiff/anomaly", "autodiff/listen", "autodiff/fields"},
    {"ops/", "creation", "packed_weight", "random", "state/", "state", "xtensor"},
    {"autodiff/", "functional", "derivatives", "sparse_derivatives", "gradients_per_example", "eigh_function",
     "custom_op", "checkpoint", "graph", "program", "profile", "replay", "program/"},
    {"fused_op", "fuse", "fuse/"},
    {"gradcheck", "gradcheck/"},
};

struct Library {
  std::string_view prefix;  // of the included path
  std::vector<std::string_view> allowed_in;
};

const std::array libraries{
    Library{"xsimd/", {"core/src/", "core/include/xgrad/core/xtensor.hpp"}},
    Library{"xtensor", {"core/src/", "core/include/xgrad/core/xtensor.hpp"}},
    Library{"xtl/", {"core/src/", "core/include/xgrad/core/xtensor.hpp"}},
    Library{"xflens/", {"core/src/"}},
    Library{"nlohmann/", {"core/src/", "files/src/", "tools/src/"}},
    Library{"protozero/", {"train/src/"}},
    Library{"cblas", {"core/src/"}},
    Library{"lapack", {"core/src/"}},
    Library{"onnx/", {"files/onnx/src/"}},
    Library{"mpi", {"parallel/src/mpi_engine.cpp"}},
    Library{"google/protobuf/", {"files/onnx/src/"}},
};

// Headers that bring xtensor or xsimd with them: the user includes them, and they each other, but no other
// public header does.
const std::array border_headers{"core/include/xgrad/core/xtensor.hpp"sv, "core/include/xgrad/core/fuse"sv,
                                "simd/"sv};

bool is_border(std::string_view file) {
  return std::ranges::any_of(border_headers, [&](auto border) { return file.starts_with(border); });
}

// What public headers may include beyond C++ headers and our own.
const std::array system_headers{"sys/single_threaded.h"sv};

struct Include {
  std::string path;
  bool quoted;
};

std::optional<Include> include_of(std::string_view line) {
  const auto skip_blanks = [&] { line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size())); };
  skip_blanks();
  if (!line.starts_with('#')) return {};
  line.remove_prefix(1);
  skip_blanks();
  if (!line.starts_with("include")) return {};
  line.remove_prefix("include"sv.size());
  skip_blanks();
  if (!line.starts_with('<') && !line.starts_with('"')) return {};
  const bool quoted = line.front() == '"';
  line.remove_prefix(1);
  return Include{std::string(line.substr(0, line.find(quoted ? '"' : '>'))), quoted};
}

// The included file relative to root, or nothing when it is not one of ours.
std::optional<std::string> own_file(const fs::path& root, const fs::path& from, const Include& include) {
  std::vector<fs::path> places{root / "include"};
  if (include.quoted) places.insert(places.begin(), from.parent_path());
  for (const Folder& folder : folders) {
    places.push_back(root / folder.name / "include");
    places.push_back(root / folder.name / "src");
  }
  // Rooms with a door of their own, for a library that not every user has.
  for (const char* room : {"files/onnx"})
    for (const char* part : {"include", "src"}) places.push_back(root / room / part);
  for (const fs::path& place : places)
    if (fs::is_regular_file(place / include.path))
      return (place / include.path).lexically_normal().lexically_relative(root).generic_string();
  return {};
}

const Folder* folder_of(std::string_view file) {
  const auto name = file.substr(0, file.find('/'));
  const auto found = std::ranges::find(folders, name, &Folder::name);
  return found == folders.end() ? nullptr : &*found;
}

// The row of a file of core; nothing when it is not in the table.
std::optional<std::size_t> stage_of(std::string_view file) {
  for (const auto start : {"core/include/xgrad/core/"sv, "core/src/"sv})
    if (file.starts_with(start)) file.remove_prefix(start.size());
  file = file.substr(0, file.rfind('.'));
  for (std::size_t stage = 0; stage < core_stages.size(); ++stage)
    for (const auto name : core_stages[stage])
      if (name.ends_with('/') ? file.starts_with(name) : file == name) return stage;
  return {};
}

bool is_public(std::string_view file) {
  return file.starts_with("include/") || file.find("/include/") != std::string_view::npos;
}

bool is_door(std::string_view file) { return file == "core/include/xgrad/core.hpp"; }

// What is wrong with the include of `path`, found as our file `own`, in `file`; empty when nothing is.
std::string fault(const std::string& file, const std::string& path, const std::optional<std::string>& own) {
  const Folder& folder = *folder_of(file);
  if (own) {
    const std::string_view other = folder_of(*own)->name;
    if (std::ranges::find(folder.may_include, other) == folder.may_include.end())
      return std::string(folder.name) + " may not include " + std::string(other);
    if (is_public(file) && !is_border(file) && is_border(*own))
      return "it would bring xtensor or xsimd to every user";
    if (folder.name != "core" || is_door(file)) return {};
    if (is_door(*own)) return "core may not include its own door";
    return *stage_of(file) < stage_of(*own).value_or(0) ? "it stands after this file in the order of core"
                                                        : "";
  }
  if (path.starts_with("xgrad/")) return "there is no such file";
  for (const Library& library : libraries)
    if (path.starts_with(library.prefix)) {
      const bool allowed =
          std::ranges::any_of(library.allowed_in, [&](auto place) { return file.starts_with(place); });
      return allowed ? "" : "xtensor, xsimd and BLAS stay in core/src and in the border headers";
    }
  const bool standard = path.find_first_of("/.") == std::string::npos;
  if (is_public(file) && !standard && std::ranges::find(system_headers, path) == system_headers.end())
    return "a public header includes the standard library and our own headers only";
  return {};
}

std::vector<std::string> wrong_includes(const fs::path& root) {
  std::vector<std::string> wrong;
  for (const Folder& folder : folders) {
    if (!fs::exists(root / folder.name)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root / folder.name)) {
      if (entry.path().extension() != ".hpp" && entry.path().extension() != ".cpp") continue;
      const std::string file = entry.path().lexically_relative(root).generic_string();
      if (folder.name == "core" && !is_door(file) && !stage_of(file)) {
        wrong.push_back(file +
                        ": it has no place in the table core_stages of tests/structure/include_arrows.cpp");
        continue;
      }
      std::ifstream in(entry.path());
      int number = 0;
      for (std::string line; std::getline(in, line);) {
        ++number;
        const auto include = include_of(line);
        if (!include) continue;
        const std::string what = fault(file, include->path, own_file(root, entry.path(), *include));
        if (!what.empty())
          wrong.push_back(file + ":" + std::to_string(number) + ": " + include->path + ": " + what);
      }
    }
  }
  return wrong;
}

// A source tree of two files, the second of which includes something.
struct PlantedTree {
  fs::path root = fs::temp_directory_path() /
                  ("xgrad_arrows_" + std::to_string(std::hash<std::string>{}(fs::current_path().string())));

  PlantedTree(const std::string& present, const std::string& file, const std::string& line) {
    fs::remove_all(root);
    write(present, "");
    write(file, "#pragma once\n" + line + "\n");
  }
  ~PlantedTree() { fs::remove_all(root); }

  void write(const std::string& file, const std::string& text) const {
    fs::create_directories((root / file).parent_path());
    std::ofstream(root / file) << text;
  }
};

std::vector<std::string> planted(const std::string& present, const std::string& file,
                                 const std::string& line) {
  return wrong_includes(PlantedTree(present, file, line).root);
}

}  // namespace

TEST_CASE("every include points along the arrows of the design") {
  const auto wrong = wrong_includes(XGRAD_SOURCE_DIR);

  for (const std::string& line : wrong) FAIL_CHECK(line);
}

TEST_CASE("an include along the arrows passes") {
  CHECK(planted("core/include/xgrad/core/shape.hpp", "core/src/tensor/tensor.cpp",
                "#include \"xgrad/core/shape.hpp\"")
            .empty());
  CHECK(planted("simd/include/xgrad/simd/power.hpp", "core/src/ops/a/a.cpp",
                "#include \"xgrad/simd/power.hpp\"")
            .empty());
  CHECK(planted("core/include/xgrad/core.hpp", "nn/src/linear.cpp", "#include \"xgrad/core.hpp\"").empty());
  CHECK(planted("core/src/kernels/simd.hpp", "core/src/ops/unary.cpp", "#include \"kernels/simd.hpp\"")
            .empty());
  CHECK(planted("core/src/ops/unary.hpp", "core/src/ops/unary.cpp", "#  include \"unary.hpp\"").empty());
  CHECK(planted("nn/src/a.hpp", "core/src/kernels/simd.hpp", "#include <xsimd/xsimd.hpp>").empty());
  CHECK(planted("nn/src/a.hpp", "nn/src/b.cpp", "#include \"a.hpp\"").empty());
}

TEST_CASE("a wrong include is found") {
  struct Case {
    std::string present, file, line, message;
  };
  const std::vector<Case> cases{
      {"nn/include/xgrad/nn/module.hpp", "core/src/autodiff/tape.cpp", "#include \"xgrad/nn/module.hpp\"",
       "core/src/autodiff/tape.cpp:2: xgrad/nn/module.hpp: core may not include nn"},
      {"nn/include/xgrad/nn.hpp", "optim/src/adam.cpp", "#include <xgrad/nn.hpp>",
       "optim/src/adam.cpp:2: xgrad/nn.hpp: optim may not include nn"},
      {"optim/src/step.hpp", "data/src/csv.cpp", " # include \"step.hpp\"",
       "data/src/csv.cpp:2: step.hpp: data may not include optim"},
      {"include/xgrad/xgrad.hpp", "nn/src/linear.cpp", "#include \"xgrad/xgrad.hpp\"",
       "nn/src/linear.cpp:2: xgrad/xgrad.hpp: nn may not include include"},
      {"core/src/autodiff/walk.hpp", "core/src/ops/unary.cpp", "#include \"autodiff/walk.hpp\"",
       "core/src/ops/unary.cpp:2: autodiff/walk.hpp: it stands after this file in the order of core"},
      {"core/include/xgrad/core/ops/shape.hpp", "core/src/tensor/tensor.cpp",
       "#include \"xgrad/core/ops/shape.hpp\"",
       "core/src/tensor/tensor.cpp:2: xgrad/core/ops/shape.hpp: it stands after this file in the order of "
       "core"},
      {"core/include/xgrad/core/shape.hpp", "simd/include/xgrad/simd/power.hpp",
       "#include \"xgrad/core/shape.hpp\"",
       "simd/include/xgrad/simd/power.hpp:2: xgrad/core/shape.hpp: simd may not include core"},
      {"core/include/xgrad/core/xtensor.hpp", "include/xgrad/xgrad.hpp",
       "#include \"xgrad/core/xtensor.hpp\"",
       "include/xgrad/xgrad.hpp:2: xgrad/core/xtensor.hpp: it would bring xtensor or xsimd to every user"},
      {"core/include/xgrad/core.hpp", "core/src/ops/unary.cpp", "#include \"xgrad/core.hpp\"",
       "core/src/ops/unary.cpp:2: xgrad/core.hpp: core may not include its own door"},
      {"core/src/autodiff/tape.hpp", "core/src/unheard_of.cpp", "",
       "core/src/unheard_of.cpp: it has no place in the table core_stages of "
       "tests/structure/include_arrows.cpp"},
      {"nn/src/a.hpp", "nn/src/b.cpp", "#include <xtensor/xarray.hpp>",
       "nn/src/b.cpp:2: xtensor/xarray.hpp: xtensor, xsimd and BLAS stay in core/src and in the border "
       "headers"},
      {"nn/src/a.hpp", "core/include/xgrad/core/tensor.hpp", "#include <cblas.h>",
       "core/include/xgrad/core/tensor.hpp:2: cblas.h: xtensor, xsimd and BLAS stay in core/src and in the "
       "border headers"},
      {"nn/src/a.hpp", "data/include/xgrad/data/csv.hpp", "#include <zlib.h>",
       "data/include/xgrad/data/csv.hpp:2: zlib.h: a public header includes the standard library and our own "
       "headers only"},
      {"nn/src/a.hpp", "nn/src/b.cpp", "#include \"xgrad/core/nothing.hpp\"",
       "nn/src/b.cpp:2: xgrad/core/nothing.hpp: there is no such file"},
  };
  for (const Case& wrong : cases)
    CHECK(planted(wrong.present, wrong.file, wrong.line) == std::vector<std::string>{wrong.message});
}
