#include "xgrad/train/plot.hpp"

#include <algorithm>

#include "axis.hpp"
#include "markup.hpp"
#include "xgrad/core/error.hpp"
#include "xgrad/core/whole_file.hpp"

namespace xgrad::train {

namespace {

constexpr double left = 70, top = 50, width = 560, height = 340;

std::string text(double x, double y, const char* anchor, const std::string& words) {
  return "<text x=\"" + place_text(x) + "\" y=\"" + place_text(y) + "\" text-anchor=\"" + anchor + "\">" +
         escaped(words) + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& stroke) {
  return "<line x1=\"" + place_text(x1) + "\" y1=\"" + place_text(y1) + "\" x2=\"" + place_text(x2) +
         "\" y2=\"" + place_text(y2) + "\" stroke=\"" + stroke + "\"/>\n";
}

/// The curves with the numbers of their places.
std::vector<Curve> with_places(std::vector<Curve> curves) {
  if (curves.empty()) throw Error("plot: there must be a curve; give at least one");
  for (Curve& curve : curves) {
    if (curve.x.empty())
      for (std::size_t i = 0; i < curve.y.size(); ++i) curve.x.push_back(static_cast<double>(i + 1));
    if (curve.x.size() != curve.y.size())
      throw Error("plot: x and y of a curve must be of one length: \"" + curve.name + "\" has " +
                  std::to_string(curve.x.size()) + " and " + std::to_string(curve.y.size()));
  }
  return curves;
}

/// A line through those of the points that have a place; a single one is a mark.
std::string points(const Curve& curve, const Axis& across, const Axis& up, const std::string& stroke) {
  std::string all;
  std::size_t count = 0;
  for (std::size_t i = 0; i < curve.y.size(); ++i)
    if (across.has(curve.x[i]) && up.has(curve.y[i]))
      all += place_text(across.at(curve.x[i])) + "," + place_text(up.at(curve.y[i])) + " ", ++count;
  const std::string cap = count == 1 ? " stroke-linecap=\"round\"" : "";
  if (count == 1) all += all;
  return "<polyline fill=\"none\" stroke-width=\"" + std::string(count == 1 ? "5" : "1.5") + "\"" + cap +
         " stroke=\"" + stroke + "\" points=\"" + all + "\"/>\n";
}

std::vector<Curve> curves_of(const History& history, const PlotOptions& options) {
  std::vector<Curve> curves;
  for (const std::string& name : options.names.empty() ? history.names() : options.names)
    if (!options.names.empty() || name != "lr") curves.push_back({name, history[name]});
  return curves;
}

/// The width of a picture whose legend has room for the longest name.
std::size_t width_with(const std::vector<Curve>& curves) {
  constexpr std::size_t least = 800, before = static_cast<std::size_t>(left + width) + 46, of_letter = 8;
  std::size_t longest = 0;
  for (const Curve& curve : curves) longest = std::max(longest, curve.name.size());
  return std::max(least, before + of_letter * longest);
}

}  // namespace

std::string svg(const std::vector<Curve>& given, const PlotOptions& options) {
  const std::vector<Curve> curves = with_places(given);
  std::vector<double> xs, ys;
  for (const Curve& curve : curves) {
    xs.insert(xs.end(), curve.x.begin(), curve.x.end());
    ys.insert(ys.end(), curve.y.begin(), curve.y.end());
  }
  const Axis across(xs, options.logarithmic_x, left, left + width),
      up(ys, options.logarithmic, top + height, top);

  const std::string across_all = std::to_string(width_with(curves));
  std::string picture = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " + across_all +
                        " 440\" font-size=\"13\" font-family=\"sans-serif\">\n<rect width=\"" + across_all +
                        "\" height=\"440\" fill=\"white\"/>\n";
  picture += text(left, top - 20, "start", options.title);
  for (const auto& tick : up.ticks())
    picture += line(left, tick.place, left + width, tick.place, "#dddddd") +
               text(left - 8, tick.place + 4, "end", tick.text);
  for (const auto& tick : across.ticks()) picture += text(tick.place, top + height + 20, "middle", tick.text);
  picture += text(left + width / 2, top + height + 38, "middle", options.x_label);
  for (std::size_t i = 0; i < curves.size(); ++i) {
    const double y = top + 20.0 * static_cast<double>(i) + 10;
    picture += points(curves[i], across, up, colour(i)) +
               line(left + width + 15, y, left + width + 40, y, colour(i)) +
               text(left + width + 46, y + 4, "start", curves[i].name);
  }
  return picture + "</svg>\n";
}

std::string svg(const History& history, const PlotOptions& options) {
  return svg(curves_of(history, options), options);
}

void plot(const std::string& path, const std::vector<Curve>& curves, const PlotOptions& options) {
  const std::string picture = svg(curves, options);
  xgrad::detail::WholeFile file("plot", path);
  file.write(picture);
  file.finish();
}

void plot(const std::string& path, const History& history, const PlotOptions& options) {
  plot(path, curves_of(history, options), options);
}

}  // namespace xgrad::train
