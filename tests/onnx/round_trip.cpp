// What is saved computes the same when it is read back, for any size of the batch.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "onnx/models.hpp"

using namespace xgrad;

namespace {

double distance(const Tensor& a, const Tensor& b) {
  if (!(a.shape() == b.shape()) || a.dtype() != b.dtype()) return INFINITY;
  const auto x = a.to_vector<double>(), y = b.to_vector<double>();
  double most = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (x[i] == y[i] || (std::isnan(x[i]) && std::isnan(y[i]))) continue;
    const double d = std::abs(x[i] - y[i]) / std::max(1.0, std::abs(x[i]));
    most = std::isnan(d) ? INFINITY : std::max(most, d);
  }
  return most;
}

}  // namespace

TEST_CASE("a model of each family is the same after a round trip, for another batch too") {
  for (DType dtype : {float32, float64})
    for (const test::AnyModel& model : test::models(dtype)) {
      INFO(model.name << " " << name_of(dtype));

      const auto read = onnx::parse(onnx::to_bytes(model.call, model.inputs, model.options()));

      for (const auto* inputs : {&model.inputs, &model.larger}) {
        const auto expected = model.call(*inputs), found = read(*inputs);
        REQUIRE(found.size() == expected.size());
        for (std::size_t k = 0; k < found.size(); ++k)
          CHECK(distance(found[k], expected[k]) <= (dtype == float32 ? 2e-6 : 1e-13));
      }
    }
}

TEST_CASE("weights keep their names, are learnt after a round trip, and have the same gradients") {
  for (const test::AnyModel& model : test::models(float64)) {
    INFO(model.name);
    const auto read = onnx::parse(onnx::to_bytes(model.call, model.inputs, model.options()));

    const auto square_sum = [&](const std::vector<Tensor>& y) {
      Tensor all = zeros({}, float64);
      for (const Tensor& t : y) all = all + sum(square(t));
      return all;
    };
    square_sum(model.call(model.inputs)).backward();
    square_sum(read(model.inputs)).backward();

    const auto ours = model.module->named_parameters(), theirs = read.named_parameters();
    CHECK(theirs.size() == ours.size());
    for (const NamedTensor& w : ours) {
      INFO(w.name);
      const auto found = std::ranges::find(theirs, w.name, &NamedTensor::name);
      REQUIRE(found != theirs.end());
      CHECK(equal(found->tensor, w.tensor));
      REQUIRE(found->tensor.grad().defined());
      CHECK(distance(found->tensor.grad(), w.tensor.grad()) <= 1e-12);
    }
  }
}
