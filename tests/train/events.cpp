// Event files of TensorBoard, read by a program of its own.

#include "event_file.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <filesystem>

#include "datasets/files.hpp"
#include "train/training_set.hpp"
#include "xgrad/train/callbacks/tensorboard.hpp"

using namespace xgrad;
using namespace xgrad::test;
using ::test::error_of;
using ::test::Folder;

namespace {

/// What tests/train/read_events.py says of a file; "" where there is no Python.
std::string events_in(const std::string& path) {
  if (!std::filesystem::exists("/usr/bin/python3")) return "";
  const std::string command =
      "/usr/bin/python3 " XGRAD_SOURCE_DIR "/tests/train/read_events.py '" + path + "' 2>&1";
  FILE* pipe = popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char place[4096];
  while (fgets(place, sizeof place, pipe)) text += place;
  CHECK(pclose(pipe) == 0);
  return text;
}

}  // namespace

TEST_CASE("the checksum is CRC-32C") {
  CHECK(train::crc32c("123456789") == 0xe3069283U);              // the check value of the catalogue of CRCs
  CHECK(train::crc32c(std::string(32, '\0')) == 0x8a9136aaU);    // RFC 3720, B.4
  CHECK(train::crc32c(std::string(32, '\xff')) == 0x62a8ab43U);  // RFC 3720, B.4
  CHECK(train::crc32c("") == 0);
}

TEST_CASE("a histogram counts each finite number once") {
  const train::Histogram h = train::histogram_of({0, 1, 2, 3, 4, std::nan("")}, 2);

  CHECK(h.limits == std::vector<double>{2, 4});
  CHECK(h.counts == std::vector<double>{2, 3});
  CHECK(h.count == 5);
  CHECK(h.sum == 10);
  CHECK(h.sum_of_squares == 30);
  CHECK(train::histogram_of({7, 7}, 3).counts == std::vector<double>{2, 0, 0});
  CHECK(train::histogram_of({}).counts.empty());
}

TEST_CASE("another program reads the numbers of each epoch, and the histograms") {
  const Folder folder;
  const Tensor w = tensor({{2.0}}, {.requires_grad = true});
  optim::SGD sgd({w}, {.lr = 0.25});
  const auto board = std::make_shared<train::TensorBoard>(
      folder.path("logs"), train::TensorBoardOptions{.histograms = true, .every_steps = 1});

  train::fit([&](const Tensor& x) { return matmul(x, w); }, nn::mse_loss, sgd,
             data::TensorDataset{ones({1, 1}), zeros({1, 1})},
             {.epochs = 2,
              .measures = {{"half", [](const Tensor&, const Tensor&) { return 0.5; }}},
              .callbacks = {board},
              .show = silent});

  // w goes 2, 1, 0.5 with gradients 4 and 2.
  const std::string text = events_in(board->path());
  if (text.empty()) {
    MESSAGE("no /usr/bin/python3: not read");
    return;
  }
  CHECK(text ==
        "version brain.Event:2\n"
        "1 step/loss 4\n1 loss 4\n1 half 0.5\n"
        "1 weights/parameter 0 1 1 1 1 1 1\n1 gradients/parameter 0 4 4 1 4 16 1\n"
        "2 step/loss 1\n2 loss 1\n2 half 0.5\n"
        "2 weights/parameter 0 0.5 0.5 1 0.5 0.25 1\n2 gradients/parameter 0 2 2 1 2 4 1\n");
}

TEST_CASE("a directory that cannot be made is an error") {
  const Folder folder;
  folder.write("file", "x");

  CHECK(error_of([&] {
          train::EventFile file(folder.path("file"));
        }).starts_with("TensorBoard: the directory must be one where files can be made: "));
  CHECK(error_of([] {
          train::TensorBoard("x", {.every_steps = -1});
        }).starts_with("TensorBoard: every_steps must not be below 0"));
}
