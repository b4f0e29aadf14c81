#include "support/chart.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

namespace example {

namespace {

constexpr double left = 70, top = 50, width = 560, height = 340;
// Okabe and Ito's palette, which people who confuse red and green can tell apart.
constexpr std::array colours{"#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#000000"};

std::string text(double x, double y, const char* anchor, const std::string& words) {
  std::array<char, 64> place{};
  std::snprintf(place.data(), place.size(), "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
  return place.data() + words + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& colour) {
  std::array<char, 96> place{};
  std::snprintf(place.data(), place.size(), "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"", x1, y1,
                x2, y2);
  return place.data() + (" stroke=\"" + colour + "\"/>\n");
}

/// The picture's text; the vertical axis runs from 10^low to 10^high.
std::string draw(const std::string& title, const std::vector<Curve>& curves, int low, int high,
                 std::size_t epochs) {
  const auto across = [&](std::size_t epoch) {
    return left +
           width * static_cast<double>(epoch) / static_cast<double>(std::max<std::size_t>(epochs, 2) - 1);
  };
  const auto down = [&](double value) { return top + height * (high - std::log10(value)) / (high - low); };

  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 800 440\" font-size=\"13\" "
      "font-family=\"sans-serif\">\n<rect width=\"800\" height=\"440\" fill=\"white\"/>\n";
  svg += text(left, top - 20, "start", title);
  for (int power = low; power <= high; ++power) {
    const double y = down(std::pow(10.0, power));
    svg += line(left, y, left + width, y, "#dddddd") +
           text(left - 8, y + 4, "end", "1e" + std::to_string(power));
  }
  svg += text(left, top + height + 20, "middle", "1");
  svg += text(left + width, top + height + 20, "middle", std::to_string(epochs));
  svg += text(left + width / 2, top + height + 20, "middle", "epoch");
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const std::string colour = colours[i % colours.size()];
    svg += "<polyline fill=\"none\" stroke-width=\"1.5\" stroke=\"" + colour + "\" points=\"";
    for (std::size_t epoch = 0; epoch < curves[i].values.size(); ++epoch) {
      std::array<char, 48> point{};
      std::snprintf(point.data(), point.size(), "%.1f,%.1f ", across(epoch), down(curves[i].values[epoch]));
      svg += point.data();
    }
    const double y = top + 20.0 * static_cast<double>(i) + 10;
    svg += "\"/>\n" + line(left + width + 15, y, left + width + 40, y, colour);
    svg += text(left + width + 46, y + 4, "start", curves[i].name);
  }
  return svg + "</svg>\n";
}

}  // namespace

void write_chart(const std::string& path, const std::string& title, const std::vector<Curve>& curves) {
  double smallest = 1, largest = 1;
  std::size_t epochs = 0;
  for (const Curve& curve : curves) {
    for (const double value : curve.values) {
      smallest = std::min(smallest, value);
      largest = std::max(largest, value);
    }
    epochs = std::max(epochs, curve.values.size());
  }
  const int low = static_cast<int>(std::floor(std::log10(smallest)));
  const int high = std::max(low + 1, static_cast<int>(std::ceil(std::log10(largest))));

  const std::string unfinished = path + "." + std::to_string(getpid()) + ".tmp";
  std::ofstream file(unfinished);
  file << draw(title, curves, low, high, epochs);
  file.close();
  std::error_code error;
  if (file) std::filesystem::rename(unfinished, path, error);
  if (!file || error) {
    std::error_code ignored;
    std::filesystem::remove(unfinished, ignored);
    throw std::runtime_error("write_chart: the file cannot be written: " + path);
  }
}

}  // namespace example
