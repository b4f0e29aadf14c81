#include "xgrad/optim/penalty.hpp"

#include <string>

#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/arithmetic.hpp"
#include "xgrad/core/ops/reduce.hpp"
#include "xgrad/core/ops/unary.hpp"

namespace xgrad::optim {

namespace {

Tensor total(const char* op, const std::vector<Tensor>& parameters, Tensor (*f)(const Tensor&)) {
  if (parameters.empty())
    throw Error(std::string(op) +
                ": the list of parameters is empty; name the members in the module's visit");
  Tensor sum_of_all;
  for (const Tensor& p : parameters) {
    const Tensor part = sum(f(p));
    sum_of_all = sum_of_all.defined() ? sum_of_all + part : part;
  }
  return sum_of_all;
}

}  // namespace

Tensor l1_penalty(const std::vector<Tensor>& parameters) {
  return total("l1_penalty", parameters, xgrad::abs);
}
Tensor l2_penalty(const std::vector<Tensor>& parameters) { return total("l2_penalty", parameters, square); }

}  // namespace xgrad::optim
