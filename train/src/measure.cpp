#include "xgrad/train/measure.hpp"

#include "measures/kind.hpp"
#include "xgrad/core/error.hpp"

namespace xgrad::train {

namespace {

/// The mean over all rows of what a function says of each batch.
class FunctionMeasure : public Measure {
 public:
  FunctionMeasure(std::string name, std::function<double(const Tensor&, const Tensor&)> f,
                  bool more_is_better)
      : name_(std::move(name)), f_(std::move(f)), more_is_better_(more_is_better) {}

  std::string name() const override { return name_; }
  void update(const Tensor& prediction, const Tensor& target) override {
    const std::int64_t rows = target.dim() == 0 ? 1 : target.size(0);
    if (rows == 0) return;
    sum_ += f_(prediction, target) * static_cast<double>(rows);
    rows_ += rows;
  }
  void merge(const Measure& other) override {
    const auto& o = same_kind(*this, other);
    sum_ += o.sum_, rows_ += o.rows_;
  }
  double value() const override {
    check_rows(*this, rows_);
    return sum_ / static_cast<double>(rows_);
  }
  void reset() override { sum_ = 0, rows_ = 0; }
  std::unique_ptr<Measure> copy() const override { return std::make_unique<FunctionMeasure>(*this); }
  bool more_is_better() const override { return more_is_better_; }
  void visit(Visitor& v) override { v("sum", sum_), v("rows", rows_); }

 private:
  std::string name_;
  std::function<double(const Tensor&, const Tensor&)> f_;
  bool more_is_better_;
  double sum_ = 0;
  std::int64_t rows_ = 0;
};

}  // namespace

AnyMeasure::AnyMeasure(std::string name, std::function<double(const Tensor&, const Tensor&)> f,
                       bool more_is_better)
    : held_(std::make_unique<FunctionMeasure>(std::move(name), std::move(f), more_is_better)) {}

void check_rows(const Measure& measure, std::int64_t rows) {
  if (rows == 0)
    throw Error(measure.name() +
                ": there is no row to measure; update it with at least one row before value()");
}

void refuse_kind(const Measure& into, const Measure& other) {
  throw Error(into.name() + ": only a measure of the same kind and options can be merged: the other is " +
              other.name() + "; make both in the same way");
}

}  // namespace xgrad::train
