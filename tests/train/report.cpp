// The report: what is to be read in it, and that a browser shows it where there is one.

#include "xgrad/train/report.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "datasets/files.hpp"
#include "train/training_set.hpp"
#include "xgrad/train/measures.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::Folder;

namespace {

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t count_in(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

void write_report(const std::string& path) {
  const data::TensorDataset set = three_classes(40, 1);
  const data::TensorDataset named(set.features(), set.targets(), {.classes = {"red", "green", "<blue>"}});
  nn::Sequential net = small_net(2);
  optim::Adam adam(net, {.lr = 0.0125});
  train::fit(net, nn::cross_entropy, adam, set,
             {.epochs = 3,
              .batch_size = 16,
              .validation = set,
              .measures = {train::Accuracy(), train::ConfusionMatrix()},
              .callbacks = {train::Report(path, {.title = "A & B",
                                                 .notes = {{"seed", "7"}},
                                                 .examples = named,
                                                 .most_examples = 2,
                                                 .image = {2, 2}})},
              .show = silent});
}

}  // namespace

TEST_CASE(
    "a report has curves, the confusion matrix, the model, options, versions and errors, and no links") {
  const Folder folder;
  write_report(folder.path("report.html"));

  const std::string text = text_of(folder.path("report.html"));

  for (const char* part :
       {"<h1>A &amp; B</h1>", "<th>seed</th><td>7</td>", "<h2>Curves</h2>", "<h2>Confusion matrix</h2>",
        "<th>&lt;blue&gt;</th>", "<h2>Model</h2>", "Linear", "<h2>Epochs</h2>", "<th>val_accuracy</th>",
        "<h2>Options</h2>", "<th>optimizer 0.lr</th><td>0.0125</td>", "<th>batch size</th><td>16</td>",
        "<h2>Versions</h2>", "<th>xgrad</th>", "are wrong", "probability 0."})
    CHECK_MESSAGE(count_in(text, part) > 0, part);
  CHECK(count_in(text, "<figure>") == 2);
  CHECK(count_in(text, "<rect x=") == 2 * 4);
  CHECK(count_in(text, "<polyline") == 2 + 4);  // loss, val_loss; accuracy and confusion, of both
  CHECK(count_in(text, "://") == count_in(text, "http://www.w3.org/2000/svg"));
  CHECK(count_in(text, "<svg") == count_in(text, "</svg>"));
  CHECK(count_in(text, "<table") == count_in(text, "</table>"));
}

TEST_CASE("a report of functions in the place of a model has what is left") {
  const Folder folder;
  const Tensor w = tensor({2.0}, {.requires_grad = true});
  optim::SGD sgd({w}, {.lr = 0.1});

  train::fit([&](const Tensor& x) { return x * w; }, nn::mse_loss, sgd,
             data::TensorDataset{ones({2}), zeros({2})},
             {.callbacks = {train::Report(folder.path("report.html"))}, .show = silent});

  const std::string text = text_of(folder.path("report.html"));
  CHECK(count_in(text, "<h2>Curves</h2>") == 1);
  CHECK(count_in(text, "<h2>Model</h2>") == 0);
  CHECK(count_in(text, "<h2>Confusion matrix</h2>") == 0);
}

TEST_CASE("a browser shows the report") {
  const char* browser = std::filesystem::exists("/usr/bin/chromium") ? "/usr/bin/chromium" : nullptr;
  if (!browser) {
    MESSAGE("no /usr/bin/chromium: not shown");
    return;
  }
  const Folder folder;
  write_report(folder.path("report.html"));
  const std::string options =
      std::string(browser) +
      " --headless --no-sandbox --disable-gpu --user-data-dir=" + folder.path("profile") + " ";
  const std::string page = " file://" + folder.path("report.html");

  REQUIRE(std::system(
              (options + "--dump-dom" + page + " > " + folder.path("dom") + " 2> /dev/null").c_str()) == 0);
  REQUIRE(std::system(
              (options + "--screenshot=" + folder.path("shot.png") + page + " > /dev/null 2>&1").c_str()) ==
          0);

  CHECK(count_in(text_of(folder.path("dom")), "Confusion matrix") == 1);
  CHECK(std::filesystem::file_size(folder.path("shot.png")) > 5'000);  // an empty page of this size has less
}
