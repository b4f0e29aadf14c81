#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <ostream>

#include "tensor/node.hpp"
#include "xgrad/core/tensor.hpp"

namespace xgrad {
namespace {

constexpr std::int64_t shorten_above = 1000;  // elements
constexpr std::int64_t edge_items = 3;        // shown at each end of a shortened axis

/// How the numbers of one tensor are written: all alike, with as many digits as they need.
class NumberFormat {
 public:
  explicit NumberFormat(const Tensor& x) : x_(x), values_(x.to_vector<double>()) {
    if (!is_floating(x.dtype())) return;
    double largest = 0, smallest = INFINITY;
    for (double v : values_) {
      if (!std::isfinite(v) || v == 0) continue;
      largest = std::max(largest, std::abs(v));
      smallest = std::min(smallest, std::abs(v));
      whole_ = whole_ && v == std::floor(v);
    }
    scientific_ = largest >= 1e6 || (smallest < 1e-4 && !whole_);
  }

  std::string operator()(std::int64_t i) const {
    char text[32];
    const double v = values_[static_cast<std::size_t>(i)];
    if (x_.dtype() == boolean) return v != 0 ? "true" : "false";
    if (x_.dtype() == int64)
      std::snprintf(text, sizeof text, "%" PRId64, static_cast<const std::int64_t*>(x_.node()->data)[i]);
    else
      std::snprintf(text, sizeof text, scientific_ ? "%.4e" : whole_ ? "%.0f." : "%.4f", v);
    return std::isfinite(v) || !whole_ ? text : std::string(text).substr(0, std::string(text).find('.'));
  }

 private:
  const Tensor& x_;
  std::vector<double> values_;
  bool scientific_ = false, whole_ = true;
};

class Printer {
 public:
  explicit Printer(const Tensor& x) : shape_(x.shape()), format_(x), shorten_(x.numel() > shorten_above) {
    visit(0, 0, [&](std::int64_t i) { width_ = std::max(width_, format_(i).size()); });
  }

  std::string print() {
    rows(0, 0);
    return std::move(out_);
  }

 private:
  bool hides(int axis, std::int64_t i) const {
    return shorten_ && i >= edge_items && i < shape_[axis] - edge_items;
  }

  template <class F>
  void visit(int axis, std::int64_t base, F f) const {
    if (axis == shape_.rank()) return f(base);
    for (std::int64_t i = 0; i < shape_[axis]; ++i)
      if (!hides(axis, i)) visit(axis + 1, base * shape_[axis] + i, f);
  }

  void rows(int axis, std::int64_t base) {
    if (axis == shape_.rank()) {
      const std::string text = format_(base);
      out_ += (shape_.rank() ? std::string(width_ - text.size(), ' ') : "") + text;
      return;
    }
    const bool innermost = axis == shape_.rank() - 1;
    const std::string between =
        innermost ? ", " : ",\n" + std::string(static_cast<std::size_t>(axis + 1), ' ');
    out_ += '[';
    for (std::int64_t i = 0; i < shape_[axis]; ++i) {
      if (hides(axis, i)) {
        if (i == edge_items) out_ += between + "...";
        continue;
      }
      if (i > 0) out_ += between;
      rows(axis + 1, base * shape_[axis] + i);
    }
    out_ += ']';
  }

  Shape shape_;
  NumberFormat format_;
  bool shorten_;
  std::size_t width_ = 0;
  std::string out_;
};

}  // namespace

std::string Tensor::describe() const {
  return defined() ? name_of(dtype()) + shape().str() : std::string("undefined");
}

std::string Tensor::str() const {
  if (!defined()) return "undefined";
  std::string s = Printer(*this).print() + "  " + describe();
  if (requires_grad()) s += is_leaf() ? " requires_grad" : std::string(" from ") + op_name();
  return s;
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.str(); }
std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }
std::ostream& operator<<(std::ostream& out, const Tensor& t) { return out << t.str(); }

}  // namespace xgrad
