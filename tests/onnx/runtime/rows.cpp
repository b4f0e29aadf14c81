// Every row of every family of ops: what ONNX can say comes back the same, and is written down as a case for
// onnxruntime; what it cannot is an Error that names the op.

#include "core/ops/rows.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

#include "core/ops/rows_checks.hpp"
#include "onnx/runtime/cases.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace xgrad::test {
void each_row(const std::function<void(const Row&)>& f);
}

namespace {

/// The functions that ONNX 1.12 has no op for, and the ops that errors name.
const std::map<std::string, std::string> outside = {
    {"cholesky", "cholesky"},
    {"ctc_loss", "ctc_loss"},
    {"logistic_loss", "logistic_loss"},
    {"cummax", "cummax"},
    {"cummin", "cummin"},
    {"cumprod", "cumprod"},
    {"digamma", "polygamma"},
    {"eigh", "eigh"},
    {"erfinv", "erfinv"},
    {"index", "index"},  // by several arrays
    {"index_put", "index_put"},
    {"inverse", "inverse"},
    {"lgamma", "lgamma"},
    {"logdet", "slogdet"},
    {"lstsq", "lstsq"},
    {"matrix_exp", "matrix_exp"},
    {"matrix_norm", "svd"},  // nuclear and spectral
    {"pinv", "pinv"},
    {"polygamma", "polygamma"},
    {"qr", "qr"},
    {"rnn", "rnn"},  // without an activation
    {"slogdet", "slogdet"},
    {"solve", "solve"},
    {"solve_triangular", "solve_triangular"},
    {"svd", "svd"},
    {"triangular_solve", "solve_triangular"},
};

}  // namespace

TEST_CASE("every row of an op that ONNX can say is the same after a round trip") {
  OnnxCases cases("rows");
  std::map<std::string, std::string> refused;
  std::size_t exported = 0;
  each_row([&](const Row& row) {
    if (row.kind == Kind::random || row.name == "allclose" || row.name == "equal") return;
    std::vector<Shape> shapes;
    for (const Input& in : row.inputs) shapes.push_back(in.shape);
    for (DType dtype : {float32, float64}) {
      INFO(row.name << " " << name_of(dtype));
      const NoGrad guard;
      const Tensors inputs = as_dtype(make_inputs(row, shapes), dtype);
      const Tensors expected = row.run(inputs);
      std::string model;
      try {
        model = onnx::to_bytes(row.run, inputs, {.dynamic_batch = false});
      } catch (const Error& e) {
        const std::string what = e.what();
        CHECK_MESSAGE(what.find("fault of xgrad") == std::string::npos, what);
        const std::size_t start = std::string("onnx::save: ").size();
        refused[row.name] = what.substr(start, what.find(':', start) - start);
        continue;
      }
      ++exported;
      cases.add(row.name, dtype, model, inputs, expected);
      try {
        const Tensors found = onnx::parse(model, row.name)(inputs);
        REQUIRE(found.size() == expected.size());
        for (std::size_t k = 0; k < found.size(); ++k)
          CHECK(onnx_distance(expected[k], found[k]) <= (dtype == float32 ? 1e-5 : 1e-12));
      } catch (const Error& e) {
        FAIL_CHECK(e.what());
      }
    }
  });
  std::string unexpected;
  for (const auto& [name, op] : refused)
    if (!outside.contains(name) || outside.at(name) != op)
      unexpected += "\n{\"" + name + "\", \"" + op + "\"},";
  for (const auto& [name, op] : outside)
    if (!refused.contains(name)) unexpected += "\n" + name + " is no longer refused";
  CHECK_MESSAGE(unexpected.empty(), unexpected);
  MESSAGE(exported << " models of rows, " << refused.size() << " functions outside of ONNX");
}
