#include "xgrad/core/xtensor.hpp"

#include <xtensor/xarray.hpp>

int main() {
  const xt::xarray<float> x = {1, 2};

  const xgrad::Tensor doubled = xgrad::from_xtensor(x + x);

  return xgrad::as_xtensor<float>(doubled)(1) == 4 ? 0 : 1;
}
