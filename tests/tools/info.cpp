// What `xgrad info` prints of files that other programs have written, against what these programs say of
// them.

#include <algorithm>
#include <cmath>

#include "files/reference.hpp"
#include "tools/program.hpp"

using nlohmann::json;

namespace {

/// Of the finite values, by the formulas.
void check_statistics(const json& row, const std::vector<double>& all) {
  std::vector<double> x;
  long double sum = 0, squares = 0;
  for (const double v : all)
    if (std::isfinite(v)) x.push_back(v), sum += v;
  CHECK(row["nan"] == std::ranges::count_if(all, [](double v) { return std::isnan(v); }));
  CHECK(row["inf"] == std::ranges::count_if(all, [](double v) { return std::isinf(v); }));
  if (x.empty()) {
    for (const char* name : {"min", "mean", "max", "std"}) CHECK(row[name].is_null());
    return;
  }
  const long double mean = sum / static_cast<long double>(x.size());
  for (const double v : x) squares += (v - mean) * (v - mean);
  const auto std = static_cast<double>(std::sqrt(squares / static_cast<long double>(x.size())));
  CHECK(test::number_of(row["min"]) == *std::ranges::min_element(x));
  CHECK(test::number_of(row["max"]) == *std::ranges::max_element(x));
  CHECK(test::number_of(row["mean"]) == doctest::Approx(static_cast<double>(mean)).epsilon(1e-14));
  CHECK(test::number_of(row["std"]) == doctest::Approx(std).epsilon(1e-14));
}

void check_row(const json& row, const json& expected) {
  CHECK(row["dtype"] == expected["dtype"]);
  CHECK(row["shape"] == expected["shape"]);
  const std::string dtype = row["dtype"];
  const std::size_t size = dtype == "bool" ? 1 : dtype == "f32" ? 4 : 8;
  CHECK(row["bytes"] == size * expected["values"].size());
  std::vector<double> values;
  for (const json& v : expected["values"])
    values.push_back(v.is_boolean() ? v.get<bool>() : test::number_of(v));
  check_statistics(row, values);
}

}  // namespace

TEST_CASE("info has the names, shapes and statistics that NumPy and PyTorch have of their files") {
  std::size_t tensors = 0, values = 0;
  const json files = test::reference("numpy_torch.json");
  for (const auto& entry : files.items()) {
    const std::string file = entry.key();
    INFO(file);
    const json report = test::json_of({"info", test::data_file(file)});
    auto row = report["tensors"].begin();
    for (const json& item : entry.value()) {
      const std::string name = item[0].get<std::string>();
      INFO(name);
      if (!item[1].contains("dtype")) {
        ++values;
        CHECK(report["values"].at(name) == (item[1].is_object() ? item[1]["number"] : item[1]));
        continue;
      }
      ++tensors;
      REQUIRE(row != report["tensors"].end());
      CHECK((*row)["name"] == (name.empty() ? "array" : name));
      check_row(*row++, item[1]);
    }
    CHECK(row == report["tensors"].end());
  }
  CHECK(tensors > 80);
  CHECK(values > 20);
}

TEST_CASE("info of a safetensors has its tensors, values and metadata in columns") {
  const test::Ran ran = test::run_xgrad({"info", test::data_file("written.safetensors")});

  CHECK(ran.status == 0);
  CHECK(ran.err == "");
  CHECK(ran.out.substr(ran.out.find(": ")) ==  // behind the path
        ": safetensors, 5 tensors of 10 elements, 47 bytes\n"
        "\n"
        "name  dtype  shape   bytes   min    mean     max     std  nan  inf\n"
        "n     i64    [2]        16    -4    -0.5       3     3.5    0    0\n"
        "z     f64    [2, 1]     16   0.5  5e+299  1e+300  5e+299    0    0\n"
        "a     f32    [2]         8  -2.5    -0.5     1.5       2    0    0\n"
        "ä     f32    []          4     3       3       3       0    0    0\n"
        "mask  bool   [3]         3     0  0.6667       1  0.4714    0    0\n"
        "\n"
        "value\n"
        "note   '\"q\"'\n"
        "\n"
        "metadata\n"
        "epoch     3\n");
}

TEST_CASE("without statistics info reads headers only") {
  const json report = test::json_of({"info", "--no-statistics", test::data_file("layer.safetensors")});

  CHECK(report["tensors"][2] ==
        json{{"name", "model.weight"}, {"dtype", "f32"}, {"shape", {2, 3}}, {"bytes", 24}});
  CHECK(report["metadata"] == json{{"format", "pt"}});
  CHECK(report["elements"] == 9);
}

TEST_CASE("names that would control a terminal are shown harmless") {
  const test::Folder folder;
  const std::string header =
      R"({"\u001b[31mred\u009b2J\n":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  const std::string path = folder.write("a.safetensors", test::safetensors(header, std::string(4, '\0')));

  const test::Ran ran = test::run_xgrad({"info", path});

  CHECK(ran.status == 0);
  CHECK(ran.out.find("?[31mred?2J?") != std::string::npos);
  CHECK(ran.out.find('\033') == std::string::npos);
}
