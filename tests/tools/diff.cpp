// `xgrad diff`: what it finds in files whose differences are known, and its exit status.

#include "tools/program.hpp"

using nlohmann::json;
using test::data_file;
using test::Folder;
using test::Ran;

namespace {

/// A safetensors of one tensor of float64.
std::string doubles(const Folder& folder, const std::string& file, const std::vector<double>& values,
                    const std::string& name = "x") {
  std::string data(8 * values.size(), '\0');
  std::memcpy(data.data(), values.data(), data.size());
  const std::string header = R"({")" + name + R"(":{"dtype":"F64","shape":[1,)" +
                             std::to_string(values.size()) + R"(],"data_offsets":[0,)" +
                             std::to_string(data.size()) + "]}}";
  return folder.write(file, test::safetensors(header, data));
}

}  // namespace

TEST_CASE("files that hold the same differ in nothing, whatever their forms") {
  for (const char* other : {"stored.npz", "deflated.npz", "streamed.npz"}) {
    const Ran ran = test::run_xgrad({"diff", data_file("stored.npz"), data_file(other)});

    CHECK(ran.status == 0);
    CHECK(ran.out + ran.err == "");
  }
}

TEST_CASE("the largest differences are found, and where they are") {
  const Folder folder;
  const std::string a = doubles(folder, "a.safetensors", {1, 2, 0, 1000}),
                    b = doubles(folder, "b.safetensors", {1, 2.5, 0.25, 1001});

  const json report = test::json_of({"diff", a, b}, 1);

  REQUIRE(report["tensors"].size() == 1);
  const json& row = report["tensors"][0];
  CHECK(row["name"] == "x");
  CHECK(row["absolute"] == 1);
  CHECK(row["relative"] == 1);  // 0.25 beside 0
  CHECK(row["at"] == json{0, 3});
  CHECK(row["differ"] == 3);
  CHECK(report["differ"] == true);
}

TEST_CASE("a difference is printed in columns") {
  const Folder folder;
  const std::string a = doubles(folder, "a.safetensors", {1, 2}),
                    b = doubles(folder, "b.safetensors", {1, 2.5});

  const Ran ran = test::run_xgrad({"diff", a, b});

  CHECK(ran.status == 1);
  CHECK(ran.out ==
        "tensor  A          B          absolute  relative      at  differ\n"
        "x       f64[1, 2]  f64[1, 2]       0.5       0.2  [0, 1]       1\n"
        "1 of 1 tensors differ\n");
}

TEST_CASE("within the tolerance, relative above 1 and absolute below, elements are alike") {
  const Folder folder;
  const std::string a = doubles(folder, "a.safetensors", {0, 0.5, 1024}),
                    b = doubles(folder, "b.safetensors", {0.25, 0.5, 1280});
  const auto status = [&](const char* tolerance) {
    return test::run_xgrad({"diff", a, b, "--tolerance", tolerance}).status;
  };

  CHECK(status("0.25") == 0);
  CHECK(status("0.2499") == 1);
  CHECK(test::json_of({"diff", a, b, "--tolerance", "0.2"}, 1)["tensors"][0]["differ"] == 1);
}

TEST_CASE("a nan is like a nan and an infinity like itself, and nothing else is") {
  const Folder folder;
  const double nan = std::nan(""), inf = INFINITY;
  const std::string a = doubles(folder, "a.safetensors", {nan, inf, -inf, 1, inf, nan}),
                    b = doubles(folder, "b.safetensors", {nan, inf, -inf, inf, -inf, 1});

  CHECK(test::run_xgrad({"diff", a, a}).status == 0);
  const json row = test::json_of({"diff", a, b, "--tolerance", "1e9"}, 1)["tensors"][0];

  CHECK(row["differ"] == 3);
  CHECK(row["absolute"] == "inf");
  CHECK(row["at"] == json{0, 3});
}

TEST_CASE("names that one file lacks, other shapes and other dtypes are differences") {
  const Folder folder;
  const std::string a = doubles(folder, "a.safetensors", {1, 2}),
                    b = doubles(folder, "b.safetensors", {1, 2, 3}),
                    c = doubles(folder, "c.safetensors", {1, 2}, "y");

  const json shapes = test::json_of({"diff", a, b}, 1)["tensors"];
  CHECK(shapes ==
        json::parse(R"([{"name":"x","a":{"dtype":"f64","shape":[1,2]},"b":{"dtype":"f64","shape":[1,3]}}])"));
  const json names = test::json_of({"diff", a, c}, 1)["tensors"];
  CHECK(names[0]["b"].is_null());
  CHECK(names[1]["name"] == "y");
  CHECK(names[1]["a"].is_null());
}

TEST_CASE("other dtypes are passed over by --ignore-dtype, where the values are the same") {
  const Folder folder;
  const std::string header = R"({"x":{"dtype":"I8","shape":[1,2],"data_offsets":[0,2]}})",
                    a = folder.write("i.safetensors", test::safetensors(header, "\1\2")),
                    b = doubles(folder, "b.safetensors", {1, 2}),
                    c = doubles(folder, "c.safetensors", {1, 3});

  CHECK(test::json_of({"diff", a, b}, 1)["tensors"][0]["differ"] == 0);
  CHECK(test::run_xgrad({"diff", a, b, "--ignore-dtype"}).status == 0);
  CHECK(test::json_of({"diff", a, c, "--ignore-dtype"}, 1)["tensors"][0]["differ"] == 1);
}

TEST_CASE("integers that are one double differ by 1") {
  const Folder folder;
  const auto integer = [&](const std::string& file, std::int64_t v) {
    std::string data(8, '\0');
    std::memcpy(data.data(), &v, 8);
    return folder.write(file,
                        test::safetensors(R"({"x":{"dtype":"I64","shape":[],"data_offsets":[0,8]}})", data));
  };

  const json row =
      test::json_of({"diff", integer("a.safetensors", INT64_MAX), integer("b.safetensors", INT64_MAX - 1)},
                    1)["tensors"][0];

  CHECK(row["absolute"] == 1);
  CHECK(row["at"] == json::array());
}

TEST_CASE("values and metadata are compared, and passed over by --tensors-only") {
  const Folder folder;
  const auto file = [&](const std::string& name, const std::string& metadata) {
    return folder.write(name, test::safetensors(R"({"__metadata__":{)" + metadata + "}}", ""));
  };
  const std::string a = file("a.safetensors", R"("xgrad.state:lr":"float 0.5","note":"old")"),
                    b = file("b.safetensors", R"("xgrad.state:lr":"float 0.25","note":"new")");

  const json report = test::json_of({"diff", a, b}, 1);

  CHECK(report["values"] == json::parse(R"([{"name":"lr","a":0.5,"b":0.25}])"));
  CHECK(report["metadata"] == json::parse(R"([{"name":"note","a":"old","b":"new"}])"));
  CHECK(test::run_xgrad({"diff", a, b, "--tensors-only"}).status == 0);
  CHECK(test::run_xgrad({"diff", a, b}).out ==
        "value            A      B\n"
        "lr               0.5    0.25\n"
        "note (metadata)  'old'  'new'\n"
        "0 of 0 tensors differ\n");
}
