#include "ops/recurrent/check.hpp"

#include <array>
#include <string>

#include "tensor/errors.hpp"
#include "tensor/node.hpp"

namespace xgrad::detail {

namespace {

/// What the extents are, by the first operand that has each as a side.
class Extents {
 public:
  explicit Extents(std::initializer_list<Demand> demands) {
    size_.fill(-1);
    for (const Demand& d : demands)
      if (has_rank(d))
        for (std::size_t i = 0; i < d.sides.size(); ++i)
          if (std::int64_t& size = of(d.sides.begin()[i]); d.sides.begin()[i].times == 1 && size < 0)
            size = d.x.shape()[static_cast<int>(i)];
  }

  bool fit(const Demand& d) {
    if (!d.x.defined()) return true;
    if (!has_rank(d)) return false;
    for (std::size_t i = 0; i < d.sides.size(); ++i) {
      const Side& side = d.sides.begin()[i];
      if (d.x.shape()[static_cast<int>(i)] != side.times * of(side)) return false;
    }
    return true;
  }

 private:
  static bool has_rank(const Demand& d) {
    return d.x.defined() && d.x.dim() == static_cast<int>(d.sides.size());
  }
  std::int64_t& of(const Side& side) { return size_[static_cast<std::size_t>(side.of)]; }

  std::array<std::int64_t, 4> size_;
};

/// "w_ih[4 hidden, in]".
std::string demanded(const Demand& d) {
  constexpr const char* names[] = {"steps", "batch", "in", "hidden"};
  std::string text = d.name;
  for (const Side& side : d.sides) {
    text += &side == d.sides.begin() ? "[" : ", ";
    if (side.times != 1) text += std::to_string(side.times) + " ";
    text += names[static_cast<std::size_t>(side.of)];
  }
  return text + "]";
}

std::string joined(std::initializer_list<Demand> demands, std::string (*text)(const Demand&), bool all) {
  std::string list;
  for (const Demand& d : demands)
    if (all || d.x.defined()) list += (list.empty() ? "" : ", ") + text(d);
  return list;
}

std::string described(std::initializer_list<Demand> demands) {
  return joined(
      demands, [](const Demand& d) { return d.name + (" is " + d.x.describe()); }, false);
}

}  // namespace

void check_recurrent(const char* op, std::initializer_list<Demand> demands) {
  for (const Demand& d : demands)
    if (!d.optional) check_defined(op, d.x);
  Extents extents(demands);
  const DType dtype = demands.begin()->x.dtype();
  bool fit = true, alike = is_floating(dtype);
  for (const Demand& d : demands) {
    fit = fit && extents.fit(d);
    alike = alike && (!d.x.defined() || d.x.dtype() == dtype);
  }
  if (!fit) fail(op, "needs " + joined(demands, demanded, true) + ": " + described(demands));
  if (!alike)
    fail(op, "the operands must have one floating dtype: " + described(demands) + "; convert with .to()");
}

void check_lengths(const char* op, const Tensor& lengths, const Tensor& x) {
  if (!lengths.defined()) return;
  const auto both = [&] { return "lengths is " + lengths.describe() + ", x is " + x.describe(); };
  if (lengths.dtype() != int64 || lengths.dim() != 1 || lengths.size(0) != x.size(1))
    fail(op, "the lengths must be int64[batch], one for each row: " + both());
  for (std::int64_t row = 0; row < lengths.size(0); ++row)
    if (const std::int64_t n = ptr<std::int64_t>(lengths)[row]; n < 0 || n > x.size(0))
      fail(op, "the length of row " + std::to_string(row) + " is " + std::to_string(n) + ", but there are " +
                   std::to_string(x.size(0)) + " steps: " + both() + "; lengths must be 0 to " +
                   std::to_string(x.size(0)));
}

}  // namespace xgrad::detail
