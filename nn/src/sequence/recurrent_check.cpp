#include "xgrad/core/error.hpp"
#include "xgrad/nn/recurrent.hpp"

// What is given to a recurrent layer, and the messages of what does not fit.

namespace xgrad::nn {

void RecurrentBase::refuse(const std::string& what) const {
  throw Error(std::string(form_.name) + ": " + what + " of " + form_.name + "(" + extra_repr() + ")");
}

void RecurrentBase::check(const Tensor& x, const LstmState& start, const Tensor& lengths) const {
  const int rank = x.dim(form_.name);
  const Tensor& weight = weights[0].weight_ih;
  if (rank < 2 || rank > 3 || x.shape().back() != weight.size(1))
    refuse(std::string("x must be ") + (form_.batch_first ? "[batch, steps, " : "[steps, batch, ") +
           std::to_string(weight.size(1)) + "] or [steps, " + std::to_string(weight.size(1)) + "]: x is " +
           x.describe() + ", weight_ih_l0 is " + weight.describe());
  if (x.dtype() != weight.dtype())
    refuse("x must have the dtype of the weights; convert one of them with to(): x is " + x.describe() +
           ", weight_ih_l0 is " + weight.describe());
  if (form_.gates == 4 && start.h.defined() != start.c.defined())
    refuse("the start must have both h and c, or neither: x is " + x.describe() + ", " +
           (start.h.defined() ? "h is " + start.h.describe() : "c is " + start.c.describe()));
  check_state("h", start.h, form_.state_size(), x);
  check_state("c", start.c, form_.hidden_size, x);
  if (!lengths.defined()) return;

  const std::int64_t batch = rank == 2 ? 1 : x.size(form_.batch_first ? 0 : 1);
  const std::int64_t steps = x.size(rank == 3 && form_.batch_first ? 1 : 0);
  const std::string both = ": lengths is " + lengths.describe() + ", x is " + x.describe();
  if (lengths.dtype() != int64 || lengths.shape() != Shape{batch})
    refuse("the lengths must be int64[" + std::to_string(batch) + "], one for each sequence" + both);
  for (std::int64_t i = 0; i < batch; ++i)
    if (const std::int64_t n = lengths.data<std::int64_t>()[static_cast<std::size_t>(i)]; n < 0 || n > steps)
      refuse("the length of sequence " + std::to_string(i) + " is " + std::to_string(n) +
             ", and must be 0 to " + std::to_string(steps) + both);
}

void RecurrentBase::check_state(const char* what, const Tensor& state, std::int64_t size,
                                const Tensor& x) const {
  if (!state.defined()) return;
  Shape wanted{form_.num_layers * form_.directions(), size};
  if (x.dim() == 3) wanted.insert(1, x.size(form_.batch_first ? 0 : 1));
  if (state.shape() != wanted || state.dtype() != x.dtype())
    refuse(std::string("the start's ") + what + " must be " + name_of(x.dtype()) + wanted.str() + ": " +
           what + " is " + state.describe() + ", x is " + x.describe());
}

}  // namespace xgrad::nn
