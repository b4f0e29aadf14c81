#include "xgrad/nn/dropout.hpp"

#include "number.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/ops/normalization.hpp"

namespace xgrad::nn {

Dropout::Dropout(double p, Generator generator) : p_(p), generator_(std::move(generator)) {
  if (!(p >= 0 && p <= 1)) throw Error("Dropout: p must be in [0, 1]: got " + detail::number(p));
}

Tensor Dropout::forward(const Tensor& x) const { return dropout(x, p_, is_training(), generator_); }
void Dropout::visit(Visitor& v) {
  if (&generator_.access() != &default_generator().access()) v("generator", generator_);
}
std::string Dropout::extra_repr() const { return "p=" + detail::number(p_); }

}  // namespace xgrad::nn
