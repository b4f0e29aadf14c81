#pragma once

#include <string>
#include <vector>

namespace xgrad::train {

/// An axis of a picture: where numbers lie on it, and what is written at it.
class Axis {
 public:
  /// From the numbers that are to lie on it, of which those that cannot are passed over.
  Axis(const std::vector<double>& numbers, bool logarithmic, double begin, double end);

  /// True for a number that has a place on it.
  bool has(double number) const;
  double at(double number) const;

  struct Tick {
    double place;
    std::string text;
  };
  std::vector<Tick> ticks() const;

 private:
  double scaled(double number) const;

  bool logarithmic_;
  double begin_, end_, low_ = 0, high_ = 1, step_ = 1;
};

}  // namespace xgrad::train
