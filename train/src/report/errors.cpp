// What is shown in a report of where a model is wrong.

#include <algorithm>
#include <cmath>

#include "markup.hpp"
#include "measures/rows.hpp"
#include "number_text.hpp"
#include "report/parts.hpp"
#include "xgrad/core/ops/activation.hpp"
#include "xgrad/train/fit.hpp"
#include "xgrad/train/measures/confusion.hpp"

namespace xgrad::train {

namespace {

std::string name_of(std::int64_t c, const std::vector<std::string>& classes) {
  return c < std::ssize(classes) ? classes[static_cast<std::size_t>(c)] : std::to_string(c);
}

/// A row of which the model is wrong: how far, and what is said of it.
struct Wrong {
  std::int64_t row;
  double size;
  std::string target, prediction, remark;
};

std::vector<Wrong> wrong_classes(const Tensor& prediction, const Tensor& target,
                                 const std::vector<std::string>& classes) {
  const std::int64_t width = prediction.size(1);
  const auto probabilities = numbers_of(softmax(prediction.to(float64), 1));
  const auto labels = target.to_vector<std::int64_t>();
  std::vector<Wrong> all;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double* row = probabilities.data() + i * static_cast<std::size_t>(width);
    const std::int64_t best = std::max_element(row, row + width) - row;
    if (best != labels[i])
      all.push_back({static_cast<std::int64_t>(i), row[best], name_of(labels[i], classes),
                     name_of(best, classes), "probability " + short_text(row[best])});
  }
  return all;
}

std::vector<Wrong> wrong_numbers(const Tensor& prediction, const Tensor& target) {
  const auto p = numbers_of(prediction), t = numbers_of(target);
  const std::size_t rows = static_cast<std::size_t>(target.size(0)), width = rows ? t.size() / rows : 0;
  std::vector<Wrong> all;
  for (std::size_t i = 0; i < p.size(); ++i)
    all.push_back({static_cast<std::int64_t>(i / width), std::abs(p[i] - t[i]), short_text(t[i]),
                   short_text(p[i]), "off by " + short_text(std::abs(p[i] - t[i]))});
  return all;
}

/// The features of an example as a picture in grey: the largest number is black.
std::string picture(const Tensor& features, const Shape& image) {
  const auto pixels = numbers_of(features);
  if (image.rank() != 2 || pixels.empty() || image.numel() != std::ssize(pixels)) return "";
  const auto [low, high] = std::ranges::minmax(pixels);
  const std::int64_t width = image[1];
  std::string svg = "<svg class=\"example\" viewBox=\"0 0 " + std::to_string(width) + " " +
                    std::to_string(image[0]) + "\" shape-rendering=\"crispEdges\">";
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const auto grey = std::to_string(high > low ? std::lround(255 * (high - pixels[i]) / (high - low)) : 255);
    svg += "<rect x=\"" + std::to_string(at % width) + "\" y=\"" + std::to_string(at / width) +
           "\" width=\"1\" height=\"1\" fill=\"rgb(" + grey + "," + grey + "," + grey + ")\"/>";
  }
  return svg + "</svg>";
}

}  // namespace

std::string confusion_of(const Training& training, const std::vector<std::string>& classes) {
  const ConfusionCounts* counted = nullptr;
  for (const AnyMeasure& measure : training.measures())
    if (!counted) counted = dynamic_cast<const ConfusionCounts*>(&*measure);
  if (!counted || training.history().epochs() == 0) return "";
  const Tensor counts = counted->counts();
  const std::int64_t n = counts.size(0);
  std::string table =
      "<p>Rows are what is right, columns what was predicted.</p>\n<table "
      "class=\"confusion\">\n<tr><th></th>";
  for (std::int64_t c = 0; c < n; ++c) table += "<th>" + escaped(name_of(c, classes)) + "</th>";
  table += "</tr>\n";
  for (std::int64_t t = 0; t < n; ++t) {
    const double of_class = counts[t].sum().item();
    table += "<tr><th>" + escaped(name_of(t, classes)) + "</th>";
    for (std::int64_t p = 0; p < n; ++p) {
      const auto count = counts.at<std::int64_t>({t, p});
      const double share = of_class > 0 ? static_cast<double>(count) / of_class : 0;
      table += "<td style=\"background:rgba(" + std::string(t == p ? "0,114,178," : "213,94,0,") +
               short_text(share) + (share > 0.6 ? ");color:white\">" : ")\">") + std::to_string(count) +
               "</td>";
    }
    table += "</tr>\n";
  }
  return table + "</table>\n";
}

std::string examples_of(nn::Module& model, const ReportOptions& options) {
  if (!options.examples) return "";
  const data::TensorDataset& set = *options.examples;
  const Tensor prediction = predict(model, set.features()), &target = set.targets();
  const bool classed = has_classes("Report", prediction, target);
  std::vector<Wrong> all =
      classed ? wrong_classes(prediction, target, set.names().classes) : wrong_numbers(prediction, target);
  std::ranges::stable_sort(all, std::ranges::greater(), &Wrong::size);
  std::string text = "<p>";
  if (classed) text += std::to_string(all.size()) + " of " + std::to_string(set.size()) + " are wrong. ";
  text += "The worst first.</p>\n<div class=\"examples\">\n";
  for (std::size_t i = 0;
       i < all.size() && std::ssize(all) && i < static_cast<std::size_t>(options.most_examples); ++i)
    text += "<figure>" + picture(set.features()[all[i].row], options.image) + "<figcaption>row " +
            std::to_string(all[i].row) + ": " + escaped(all[i].target) + " taken for " +
            escaped(all[i].prediction) + ", " + all[i].remark + "</figcaption></figure>\n";
  return text + "</div>\n";
}

}  // namespace xgrad::train
