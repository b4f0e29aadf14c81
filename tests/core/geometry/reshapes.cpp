#include <algorithm>

#include "core/geometry/sweep.hpp"

using namespace xgrad;
using namespace sweep;

namespace {

/// The elements as they are, in a shape.
Linear as_they_are(const Shape& in, const Shape& out) {
  Linear all{{out}};
  for (std::size_t i = 0; i < static_cast<std::size_t>(in.numel()); ++i) all.terms.push_back({i, i});
  return all;
}

void check_reshape(Draw& draw) {
  const Shape shape = draw.shape(0, 4);
  // A shape of as many elements, made by cutting the axes anew, with a size changed now and then.
  std::vector<std::int64_t> sizes;
  for (std::int64_t n : shape) {
    if (n > 1 && n % 2 == 0 && draw.one_in(2))
      sizes.push_back(2), sizes.push_back(n / 2);
    else if (!sizes.empty() && draw.one_in(3))
      sizes.back() *= n;
    else
      sizes.push_back(n);
  }
  std::shuffle(sizes.begin(), sizes.end(), draw.engine);
  if (draw.one_in(4)) sizes.insert(sizes.begin(), 1);
  for (std::int64_t& n : sizes) {
    if (draw.one_in(6)) n = -1;
    if (draw.one_in(25)) n = draw.number(-1, 4);
  }
  const Shape wanted(sizes);
  const std::string call = "reshape " + shape.str() + " to " + wanted.str();
  INFO(call);
  int unknown = -1, negative = 0;
  __int128 known = 1, extent = 1;
  for (int k = 0; k < wanted.rank(); ++k) {
    if (wanted[k] == -1 && unknown < 0)
      unknown = k;
    else if (wanted[k] < 0)
      ++negative;
    else if (extent < (__int128{1} << 62))
      known *= wanted[k], extent *= std::max<std::int64_t>(wanted[k], 1);
  }
  Shape out = wanted;
  bool fits = negative == 0 && extent <= (__int128{1} << 45);
  if (fits && unknown >= 0) {
    fits = known > 0 && shape.numel() % static_cast<std::int64_t>(known) == 0;
    if (fits) out[unknown] = shape.numel() / static_cast<std::int64_t>(known);
  } else if (fits) {
    fits = known == shape.numel();
  }
  Expected right;
  if (fits) right = as_they_are(shape, out);
  check(
      draw, draw.whole(shape),
      [&](const Tensor& x) { return draw.one_in(2) ? reshape(x, wanted) : view(x, wanted); }, right);
}

void check_flatten(Draw& draw) {
  const Shape shape = draw.shape(0, 5, 3);
  const int first = draw.axis(shape.rank()), last = draw.axis(shape.rank());
  const std::string call = "flatten " + shape.str() + axes_text({first, last});
  INFO(call);
  const auto a = axis_at(first, shape.rank()), b = axis_at(last, shape.rank());
  Expected right;
  if (shape.rank() == 0) {
    right = as_they_are({}, {1});
  } else if (a && b && *a <= *b) {
    Shape out;
    for (int k = 0; k < shape.rank(); ++k) {
      if (k > *a && k <= *b)
        out[out.rank() - 1] *= shape[k];
      else
        out.push_back(shape[k]);
    }
    right = as_they_are(shape, out);
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return flatten(x, first, last); }, right);
}

void check_unflatten(Draw& draw) {
  Shape shape = draw.shape(0, 3);
  const int axis = draw.axis(shape.rank());
  const auto along = axis_at(axis, shape.rank());
  Shape sizes = draw.shape(1, 3);
  if (along) shape[*along] = sizes.numel();
  const int hole = draw(0, sizes.rank());
  if (draw.one_in(3) && hole < sizes.rank()) sizes[hole] = draw.number(-1, -1);
  const std::string call = "unflatten " + shape.str() + axes_text({axis}) + " to " + sizes.str();
  INFO(call);
  Expected right;
  if (along) {
    Shape parts = sizes;
    std::int64_t known = 1, unknown = -1;
    bool fits = true;
    for (int k = 0; k < sizes.rank(); ++k) {
      if (sizes[k] == -1)
        unknown = k;
      else
        fits = fits && sizes[k] >= 0, known *= fits ? std::min<std::int64_t>(sizes[k], 100) : 1;
    }
    fits = fits && !is_too_large(sizes);  // what is far from the axis is 100 in the product, and differs too
    if (fits && unknown >= 0) {
      fits = known > 0 && shape[*along] % known == 0;
      if (fits) parts[static_cast<int>(unknown)] = shape[*along] / known;
    }
    if (fits && parts.numel() == shape[*along]) {
      Shape out;
      for (int k = 0; k < shape.rank(); ++k) {
        if (k != *along)
          out.push_back(shape[k]);
        else
          for (std::int64_t n : parts) out.push_back(n);
      }
      right = as_they_are(shape, out);
    }
  }
  check(
      draw, draw.whole(shape), [&](const Tensor& x) { return unflatten(x, axis, sizes); }, right);
}

void check_squeeze(Draw& draw) {
  const Shape shape = draw.shape(0, 4, 2);
  const bool adds = draw.one_in(2), all = !adds && draw.one_in(2);
  const int axis = draw.axis(shape.rank() + adds);
  const std::string call = (adds ? "unsqueeze " : "squeeze ") + shape.str() + (all ? "" : axes_text({axis}));
  INFO(call);
  const auto along = axis_at(axis, shape.rank() + adds);
  Expected right;
  if (all || along) {
    Shape out;
    for (int k = 0; k < shape.rank(); ++k) {
      if (adds && k == *along) out.push_back(1);
      if (adds || shape[k] != 1 || (!all && k != *along)) out.push_back(shape[k]);
    }
    if (adds && *along == shape.rank()) out.push_back(1);
    right = as_they_are(shape, out);
  }
  check(
      draw, draw.whole(shape),
      [&](const Tensor& x) { return adds  ? unsqueeze(x, axis)
                                    : all ? squeeze(x)
                                          : squeeze(x, axis); },
      right);
}

}  // namespace

void sweep::reshapes(int configurations, unsigned seed) {
  run(configurations, seed, {check_reshape, check_flatten, check_unflatten, check_squeeze});
}

TEST_CASE("shapes of the same elements are plain loops, on thousands of configurations") {
  reshapes(3000, 1);
}
