#include "xgrad/core/xtensor.hpp"

#include <xtensor/xarray.hpp>

xgrad::Tensor doubled(const xt::xarray<float>& x) { return xgrad::from_xtensor(x + x); }
