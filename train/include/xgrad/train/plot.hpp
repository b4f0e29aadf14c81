#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "xgrad/train/history.hpp"

namespace xgrad::train {

/// A line of a picture.
struct Curve {
  std::string name;
  std::vector<double> y;
  std::vector<double> x = {};  ///< where empty: 1, 2, 3, ...
};

struct PlotOptions {
  std::string title = "";
  std::string x_label = "epoch";
  bool logarithmic = false;             ///< the vertical axis; numbers that are not above 0 are left out
  bool logarithmic_x = false;           ///< the horizontal axis
  std::vector<std::string> names = {};  ///< of a history, the columns that are drawn; empty: all but "lr"
};

/// The picture of some curves in the form of SVG, with axes, ticks at round numbers, and a legend. Numbers
/// that are not finite are left out. Throws Error where there is no curve, or x and y of one differ in
/// length.
std::string svg(const std::vector<Curve>& curves, const PlotOptions& options = {});
std::string svg(const History& history, const PlotOptions& options = {});

/// Writes the picture. The file is there whole or not at all. Throws Error as `svg` does, and where the file
/// cannot be written.
void plot(const std::string& path, const std::vector<Curve>& curves, const PlotOptions& options = {});
void plot(const std::string& path, const History& history, const PlotOptions& options = {});

}  // namespace xgrad::train
