// What fit shows: on a terminal a line that lives, elsewhere a line an epoch.

#include <doctest/doctest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "train/training_set.hpp"

using namespace xgrad;
using namespace xgrad::test;

namespace {

std::string all_of(int descriptor) {
  std::string text;
  char place[4096];
  for (ssize_t n; (n = read(descriptor, place, sizeof place)) > 0;)
    text.append(place, static_cast<std::size_t>(n));
  return text;
}

/// Ends this process, a child, as f does.
[[noreturn]] void end_with(const std::function<void()>& f) {
  try {
    f();
  } catch (...) {
    _exit(1);
  }
  _exit(0);
}

int status_of(pid_t child) {
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// What f writes to a terminal of so many columns.
std::string on_terminal(unsigned short columns, const std::function<void()>& f) {
  int master = -1;
  winsize size = {.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
  std::fflush(stdout);  // what waits there would be written by both
  const pid_t child = forkpty(&master, nullptr, nullptr, &size);
  REQUIRE(child >= 0);
  if (child == 0) end_with(f);
  std::string text = all_of(master);
  close(master);
  CHECK(status_of(child) == 0);
  return text;
}

/// What f writes to a pipe.
std::string on_pipe(const std::function<void()>& f) {
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  std::fflush(stdout);  // what waits there would be written by both
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    end_with(f);
  }
  close(ends[1]);
  std::string text = all_of(ends[0]);
  close(ends[0]);
  CHECK(status_of(child) == 0);
  return text;
}

/// Two epochs of four batches, each of which takes longer than the line needs to be drawn again.
void train_slowly(train::Show show) {
  const Tensor w = tensor({2.0}, {.requires_grad = true});
  optim::SGD sgd({w}, {.lr = 0});
  const auto slow = [&](const Tensor& x) {
    usleep(60'000);
    return x * w;
  };
  train::fit(slow, nn::mse_loss, sgd, data::TensorDataset{zeros({4, 1}), ones({4, 1})},
             {.epochs = 2,
              .batch_size = 1,
              .measures = {{"size", [](const Tensor&, const Tensor& t) { return t.item(); }}},
              .show = show});
}

void set(const char* term, const char* no_color) {
  setenv("TERM", term, 1);
  no_color ? setenv("NO_COLOR", no_color, 1) : unsetenv("NO_COLOR");
}

bool holds(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

constexpr const char* green = "\033[32m";

}  // namespace

TEST_CASE("a terminal has one line that lives, with a bar, the rate, the time left, losses and measures") {
  const std::string text = on_terminal(120, [] {
    set("xterm", nullptr);
    train_slowly(train::Show::automatic);
  });

  CHECK(holds(text, "\r\033[Kepoch 1/2 \033[32m━━━━━\033[0m\033[2m─"));
  CHECK(holds(text, "epoch 2/2"));
  CHECK(holds(text, " batches/s  "));
  CHECK(holds(text, " s left  loss 1.0000  size 1.0000"));
  CHECK(holds(text, "epoch 1/2  loss 1.0000  size 1.0000  \033[2m0."));
}

TEST_CASE("NO_COLOR takes the colours away, and not the line") {
  const auto shown = [](const char* no_color) {
    return on_terminal(120, [=] {
      set("xterm", no_color);
      train_slowly(train::Show::automatic);
    });
  };

  const std::string refused = shown("1"), empty = shown("");

  CHECK(holds(refused, "\r\033[Kepoch 1/2 ━"));
  CHECK_FALSE(holds(refused, "\033[32m"));
  CHECK_FALSE(holds(refused, "\033[2m"));
  CHECK(holds(empty, green));
}

TEST_CASE("the line never breaks on a narrow terminal") {
  const std::string text = on_terminal(30, [] {
    set("xterm", "1");
    train_slowly(train::Show::automatic);
  });

  std::size_t drawn = 0;
  for (std::size_t at = text.find("\r\033[K"); at != std::string::npos; at = text.find("\r\033[K", at + 1)) {
    std::size_t marks = 0;
    for (std::size_t i = at + 4; i < text.size() && text[i] != '\r' && text[i] != '\n'; ++i)
      marks += (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80;
    drawn += marks > 0;
    if (text.compare(at, 4, "\r\033[K") == 0 && holds(text.substr(at, 60), "batch")) CHECK(marks <= 29);
  }
  CHECK(drawn > 4);
}

TEST_CASE(
    "elsewhere each epoch is one plain line, and so it is on a terminal without escape codes, or by choice") {
  const std::string piped = on_pipe([] { train_slowly(train::Show::automatic); });
  const std::string dumb = on_terminal(80, [] {
    set("dumb", nullptr);
    train_slowly(train::Show::automatic);
  });
  const std::string chosen = on_terminal(80, [] {
    set("xterm", nullptr);
    train_slowly(train::Show::lines);
  });

  for (const std::string& text : {piped, dumb, chosen}) {
    CHECK_FALSE(holds(text, "\033"));
    CHECK(std::count(text.begin(), text.end(), '\n') == 2);
    CHECK(text.starts_with("epoch 1/2  loss 1.0000  size 1.0000  0."));
  }
}

TEST_CASE("nothing is shown where nothing is wanted") {
  CHECK(on_pipe([] { train_slowly(train::Show::nothing); }).empty());
}
