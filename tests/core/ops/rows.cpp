#include "core/ops/rows_checks.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <random>
#include <regex>
#include <set>
#include <sstream>

namespace fs = std::filesystem;

namespace xgrad::test {

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

namespace {

std::vector<const Family*>& families() {
  static std::vector<const Family*> all;
  return all;
}

// Inputs ----------------------------------------------------------------------------------------------------

Tensor make(const Input& in, const Shape& shape, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform(in.low, in.high);
  std::vector<double> values(static_cast<std::size_t>(shape.numel()));
  for (double& v : values) {
    v = uniform(random);
    if (in.dtype == int64) v = std::floor(v);
    if (in.dtype == boolean) v = v > (in.low + in.high) / 2;
  }
  return tensor(values, shape).to(in.dtype);
}

}  // namespace

Tensors make_inputs(const Row& row, const std::vector<Shape>& shapes, std::size_t stream) {
  std::mt19937_64 random = generator_of(row, shapes.size() + stream);
  Tensors x;
  for (std::size_t i = 0; i < row.inputs.size(); ++i) x.push_back(make(row.inputs[i], shapes[i], random));
  return x;
}

namespace {

std::vector<Shape> own_shapes(const Row& row) {
  std::vector<Shape> shapes;
  for (const Input& in : row.inputs) shapes.push_back(in.shape);
  return shapes;
}

/// All shapes that a row runs on beyond its own.
std::vector<std::vector<Shape>> further_shapes(const Row& row) {
  std::vector<std::vector<Shape>> all = row.shapes;
  if (!row.elementwise) return all;
  const std::size_t n = row.inputs.size();
  for (const Shape& s : {Shape{}, Shape{0}, Shape{2, 0}}) all.emplace_back(n, s);
  if (n < 2) return all;
  const std::vector<std::pair<Shape, Shape>> pairs = {{{2, 3}, {3}},   {{2, 1}, {1, 3}},    {{2, 3}, {}},
                                                      {{}, {2, 3}},    {{2, 1, 3}, {2, 1}}, {{1}, {2, 3}},
                                                      {{2, 0}, {1, 0}}};
  for (const auto& [a, b] : pairs) {
    std::vector<Shape> shapes(n, b);
    shapes[0] = a;
    all.push_back(shapes);
    if (n > 2) std::rotate(shapes.begin(), shapes.begin() + 1, shapes.end()), all.push_back(shapes);
  }
  return all;
}

}  // namespace

// Checks ----------------------------------------------------------------------------------------------------

double sensitivity(const Tensor& y, std::int64_t entry, const Tensors& x) {
  if (!y.requires_grad()) return 0;
  std::vector<double> cotangent(static_cast<std::size_t>(y.numel()));
  cotangent[static_cast<std::size_t>(entry)] = 1;
  const Tensors dx =
      grad({y}, x, {tensor(cotangent, y.shape())}, {.retain_graph = true, .allow_unused = true});
  double total = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!dx[i].defined()) continue;
    const auto values = x[i].to_vector<double>(), slopes = dx[i].to_vector<double>();
    for (std::size_t k = 0; k < values.size(); ++k) total += std::abs(values[k] * slopes[k]);
  }
  return total;
}

void check_float32(const Row& row, const Tensors& inputs, Faults& faults) {
  Tensors x32, x64;
  for (const Tensor& t : inputs) {
    x32.push_back(is_floating(t.dtype()) ? t.to(float32) : t);
    x64.push_back(is_floating(t.dtype()) ? x32.back().to(float64) : t);
    if (is_floating(t.dtype()) && differentiable(row)) x64.back().requires_grad_();
  }
  const Tensors y32 = row.run(x32), y64 = row.run(x64);
  const Tensors leaves = floating_of(x64);
  for (std::size_t k = 0; k < y64.size(); ++k) {
    if (!(y32[k].shape() == y64[k].shape())) {
      faults.push_back("float32 makes another shape than float64: " + described({y32[k], y64[k]}));
      continue;
    }
    const bool same = y32[k].dtype() == y64[k].dtype();  // integers and booleans
    if (!same && (y32[k].dtype() != float32 || y64[k].dtype() != float64))
      faults.push_back("the dtype does not follow the inputs: " + described({y32[k], y64[k]}));
    const auto p = y32[k].to_vector<double>(), q = y64[k].to_vector<double>();
    for (std::size_t i = 0; i < q.size(); ++i) {
      if (p[i] == q[i] || (std::isnan(p[i]) && std::isnan(q[i]))) continue;
      const double scale = std::abs(q[i]) + sensitivity(y64[k], static_cast<std::int64_t>(i), leaves);
      const double bound = row.factor * std::numeric_limits<float>::epsilon() * scale;
      if (!same && std::abs(p[i] - q[i]) <= bound + std::numeric_limits<float>::min()) continue;
      std::ostringstream s;
      s.precision(9);
      s << "float32 differs from float64 for " << described(inputs) << ": entry " << i << " of output " << k
        << " is " << p[i] << " and " << q[i] << ", allowed are " << bound;
      faults.push_back(s.str());
      break;
    }
  }
}

void check_gradient(const Row& row, const Tensors& inputs, int order, Faults& faults) {
  const Tensors some = floating_of(inputs);
  if (some.empty() || std::all_of(some.begin(), some.end(), [](const Tensor& t) { return t.numel() == 0; })) {
    if (some.empty()) return;
    Tensors x = inputs;
    for (Tensor& t : x)
      if (is_floating(t.dtype())) t = t.clone().requires_grad_();
    for (const Tensor& y : row.run(x))
      if (y.requires_grad()) sum(y).backward({.retain_graph = true});  // of nothing, but without an error
    return;
  }
  const GradcheckResult result = gradcheck(row.run, inputs, {.order = order, .float32_rules = order > 1});
  if (!result) faults.push_back("gradcheck for " + described(inputs) + ":\n" + result.str());
  check_transpose(row, inputs, faults);
  check_forward(row, inputs, order, faults);
  if (row.composed) {
    const Tensors y = row.run(inputs), z = row.composed(inputs);
    for (std::size_t k = 0; k < y.size(); ++k)
      if (!allclose(y[k], z[k], 1e-12, 1e-13)) faults.push_back("it differs from its composed form");
  }
}

namespace {

void check_no_gradient(const Row& row, const Tensors& inputs, Faults& faults) {
  Tensors x = inputs;
  for (Tensor& t : x)
    if (is_floating(t.dtype())) t = t.clone().requires_grad_();
  for (const Tensor& y : row.run(x)) {
    if (!y.requires_grad()) continue;
    for (const Tensor& dx : grad({y}, floating_of(x), {ones_like(y)}, {.allow_unused = true}))
      if (dx.defined() && any(dx != 0).item<bool>())
        faults.push_back("it has a gradient, though its row says that it is not differentiable");
  }
}

void check_repeats(const Row& row, const Tensors& inputs, Faults& faults) {
  manual_seed(11);
  const Tensors first = row.run(inputs);
  manual_seed(11);
  const Tensors second = row.run(inputs);
  for (std::size_t k = 0; k < first.size(); ++k)
    if (!equal(first[k], second[k])) faults.push_back("the same seed gives other values");
}

void check_dtypes(const Row& row, const Tensors& inputs, Faults& faults) {
  const auto expect_error = [&](const Tensors& x) {
    const std::string message = message_of([&] { row.run(x); });
    if (!message.starts_with(row.name + ": "))
      faults.push_back("for " + described(x) + " it says \"" + message + "\", not \"" + row.name + ": ...\"");
  };
  const auto with = [&](std::size_t i, DType t) {
    Tensors x = inputs;
    x[i] = x[i].to(t);
    return x;
  };
  Tensors whole = inputs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].dtype() == int64 && row.kind == Kind::indexed) expect_error(with(i, float32));
    if (!is_floating(inputs[i].dtype())) continue;
    whole[i] = inputs[i].to(int64);
    if (row.integers == Integers::rejected) expect_error(with(i, int64));
    if (row.integers == Integers::converted) row.run(with(i, int64));
    if (floating_of(inputs).size() > 1) expect_error(with(i, float32));
  }
  if (row.integers == Integers::kept) row.run(whole);
}

/// An undefined tensor in place of each input: an Error that names the op, unless the op takes none there. A
/// row may call another function first: a public op then, or a helper of the tests.
void check_undefined(const Row& row, const Tensors& inputs, Faults& faults) {
  static const std::set<std::string> others = [] {
    std::set<std::string> names = {"operator()", "shifted", "definite", "floating_dtype"};
    for (const Family* family : families())
      for (const Row& r : family->rows) names.insert(r.name);
    return names;
  }();
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Tensors x = inputs;
    x[i] = Tensor();
    const std::string message = message_of([&] { row.run(x); });
    if (!message.empty() && !others.contains(message.substr(0, message.find(':'))))
      faults.push_back("with input " + std::to_string(i) + " undefined it says \"" + message + "\", not \"" +
                       row.name + ": ...\"");
  }
}

}  // namespace

std::vector<std::string> faults_of(const Row& row) {
  Faults faults;
  const std::int64_t nodes = memory_stats().live_nodes;
  const auto check_on = [&](const std::vector<Shape>& shapes, int order) {
    const Tensors x = make_inputs(row, shapes);
    check_trace(row, shapes, faults);
    if (row.kind == Kind::random) return check_repeats(row, x, faults);
    check_float32(row, x, faults);
    if (differentiable(row))
      check_gradient(row, x, order, faults);
    else
      check_no_gradient(row, x, faults);
  };
  try {
    check_on(own_shapes(row), row.order);
    for (const auto& shapes : further_shapes(row)) check_on(shapes, 1);
    check_dtypes(row, make_inputs(row, own_shapes(row)), faults);
    check_undefined(row, make_inputs(row, own_shapes(row)), faults);
    check_integers(row, faults);
    check_extremes(row, faults);
    check_specials(row, faults);
    check_values(row, faults);
  } catch (const std::exception& e) {
    faults.push_back(std::string("it throws: ") + e.what());
  }
  if (memory_stats().live_nodes != nodes) faults.push_back("its graph is not freed");
  return faults;
}

Family::Family(std::string n, std::vector<Row> r) : name(std::move(n)), rows(std::move(r)) {
  families().push_back(this);
}

void each_row(const std::function<void(const Row&)>& f) {
  for (const Family* family : families())
    for (const Row& row : family->rows) f(row);
}

void check_rows(const Family& family) {
  for (const Row& row : family.rows)
    for (const std::string& fault : faults_of(row)) FAIL_CHECK(row.name, ": ", fault);
}

// The declarations ------------------------------------------------------------------------------------------

namespace {

/// The functions that a header of ops declares: a type and a name at the start of a line.
std::set<std::string> declared_in(const fs::path& header) {
  static const std::regex declaration(
      R"(^(?:\[\[nodiscard\]\] )?[A-Za-z_:<>]+(?:, [A-Za-z]+>)? ([a-z_0-9]+)\()");
  std::set<std::string> names;
  std::ifstream in(header);
  for (std::string line; std::getline(in, line);) {
    std::smatch m;
    if (std::regex_search(line, m, declaration) && !line.starts_with("inline ")) names.insert(m[1]);
  }
  return names;
}

}  // namespace

TEST_CASE("every declared op has a row") {
  std::map<std::string, std::set<std::string>> tables;
  for (const Family* f : families())
    for (const Row& r : f->rows) tables[f->name].insert(r.name);

  for (const auto& entry : fs::directory_iterator(XGRAD_SOURCE_DIR "/core/include/xgrad/core/ops")) {
    const std::string name = entry.path().stem();
    CHECK_MESSAGE(tables.contains(name), name, ".hpp needs a table of rows in tests/core/ops/", name, ".cpp");
    if (!tables.contains(name)) continue;
    std::string missing;
    for (const std::string& op : declared_in(entry.path()))
      if (!tables[name].contains(op)) missing += " " + op;
    CHECK_MESSAGE(missing.empty(), "tests/core/ops/", name, ".cpp needs a row for", missing);
  }
}

TEST_CASE("every declared op stands in docs/ops.md") {
  std::ifstream in(XGRAD_SOURCE_DIR "/docs/ops.md");
  const std::string page{std::istreambuf_iterator<char>(in), {}};

  for (const auto& entry : fs::directory_iterator(XGRAD_SOURCE_DIR "/core/include/xgrad/core/ops"))
    for (const std::string& op : declared_in(entry.path()))
      CHECK_MESSAGE(page.find(" " + op + "(") != std::string::npos, "docs/ops.md lacks ", op, ": make docs");
}

TEST_CASE("the declarations of a header are found") {
  const auto names = declared_in(XGRAD_SOURCE_DIR "/core/include/xgrad/core/ops/shape.hpp");

  CHECK(names.contains("reshape"));
  CHECK(names.contains("split"));  // returns a vector
  CHECK(declared_in(XGRAD_SOURCE_DIR "/core/include/xgrad/core/ops/sort.hpp").contains("topk"));
  CHECK(declared_in(XGRAD_SOURCE_DIR "/core/include/xgrad/core/ops/compare.hpp").contains("allclose"));
}

}  // namespace xgrad::test
