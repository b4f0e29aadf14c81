#include "cliffs/cliffs.hpp"

#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <string_view>

namespace bench::cliffs {

namespace {

// Filled before main by objects of several files, so made at first use.
std::vector<Work>& all() {
  static std::vector<Work> works;
  return works;
}
PeerMaker peer = nullptr;
void (*set_peer_threads)(int) = nullptr;

struct Options {
  int threads = 1, rounds = 15;
  bool check = false;
  std::string_view part;
};

Tensor made(const Operand& o, xgrad::Generator& random) {
  const Tensor x = rand(o.shape, {.dtype = xgrad::float64}, random) * (o.high - o.low) + o.low;
  return o.dtype == xgrad::boolean ? x > 0 : x.to(o.dtype);
}

double number_of(const Tensor& x) { return sum(square(x.to(xgrad::float64))).item(); }

Side ours(const Work& work, const Operands& x, const Tensor& cotangent) {
  Side side;
  side.forward = [=] {
    const xgrad::NoGrad guard;
    work.f(x);
  };
  if (!cotangent.defined()) {
    side.numbers = [=] { return std::vector{number_of(work.f(x))}; };
    return side;
  }
  Operands leaves, wanted;
  for (const Tensor& operand : x) {
    leaves.push_back(operand.clone());
    if (is_floating(operand.dtype())) wanted.push_back(leaves.back().requires_grad_());
  }
  const auto both = [=] { return grad({work.f(leaves)}, wanted, {cotangent}); };
  side.both = [=] { both(); };
  side.numbers = [=] {
    std::vector<double> found = {sum(work.f(x).to(xgrad::float64) * cotangent.to(xgrad::float64)).item()};
    for (const Tensor& gradient : both()) found.push_back(number_of(gradient));
    return found;
  };
  return side;
}

/// A cotangent of the value of a work, none where it has no gradient.
Tensor cotangent_of(const Work& work, const Operands& x, xgrad::Generator& random) {
  bool floating = false;
  Operands leaves;
  for (const Tensor& operand : x) {
    leaves.push_back(operand.clone());
    if (!is_floating(operand.dtype())) continue;
    leaves.back().requires_grad_();
    floating = true;
  }
  if (!floating) return {};
  const Tensor y = work.f(leaves);
  return y.requires_grad() ? made({y.shape(), 0, 1, y.dtype()}, random) : Tensor();
}

bool agree(const std::string& name, const Side& a, const Side& b) {
  const std::vector<double> expected = b.numbers(), found = a.numbers();
  bool same = expected.size() == found.size();
  for (std::size_t i = 0; same && i < found.size(); ++i)
    same = std::abs(found[i] - expected[i]) <= 1e-3 * std::max(std::abs(expected[i]), 1e-3);
  if (same) return true;
  std::fprintf(stderr, "%s: xgrad and LibTorch differ: ", name.c_str());
  for (const double x : found) std::fprintf(stderr, " %.9g", x);
  std::fprintf(stderr, " and");
  for (const double x : expected) std::fprintf(stderr, " %.9g", x);
  std::fprintf(stderr, "\n");
  return false;
}

/// Microseconds of the process, which other work on the machine does not lengthen as it does the wall's.
double now(bool wall) {
  timespec t;
  clock_gettime(wall ? CLOCK_MONOTONIC : CLOCK_PROCESS_CPUTIME_ID, &t);
  return 1e6 * static_cast<double>(t.tv_sec) + 1e-3 * static_cast<double>(t.tv_nsec);
}

double median(std::vector<double> x) {
  if (x.empty()) return NAN;
  std::nth_element(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(x.size() / 2), x.end());
  return x[x.size() / 2];
}

/// One of the things that are timed in turn.
struct Timed {
  const std::function<void()>* f;
  int calls = 1;
  std::vector<double> times = {};

  double time(bool wall) const {
    const double start = now(wall);
    for (int i = 0; i < calls; ++i) (*f)();
    return (now(wall) - start) / calls;
  }
};

struct Row {
  const char* name;
  double forward, peer_forward, both, peer_both;  ///< microseconds; nan where there is none

  double ratio() const { return forward / peer_forward; }
  double both_ratio() const { return both / peer_both; }
  double worst() const { return std::fmax(ratio(), both_ratio()); }
};

Row timed(const Work& work, const Side& a, const Side& b, const Options& options) {
  constexpr double sample = 4000;  // microseconds
  const bool wall = options.threads > 1;
  const std::function<void()>* parts[] = {&a.forward, &b.forward, &a.both, &b.both};
  std::vector<Timed> timed;
  for (const auto* f : parts) {
    Timed t{f};
    if (*f) (*f)(), t.calls = static_cast<int>(std::clamp(sample / std::max(t.time(wall), 0.1), 1.0, 2e4));
    timed.push_back(t);
  }
  for (int i = 0; i < options.rounds; ++i)
    for (Timed& t : timed)
      if (*t.f) t.times.push_back(t.time(wall));
  return {work.name, median(timed[0].times), median(timed[1].times), median(timed[2].times),
          median(timed[3].times)};
}

void print(std::vector<Row> rows) {
  std::stable_sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::isnan(b.worst()) ? !std::isnan(a.worst()) : a.worst() > b.worst();
  });
  const auto cell = [](double x, const char* format) {
    if (std::isnan(x))
      std::printf(" %10s", "");
    else
      std::printf(format, x);
  };
  std::printf("%-44s %10s %10s %7s    %10s %10s %7s\n", "us", "forward", "LibTorch", "ratio", "+ gradient",
              "LibTorch", "ratio");
  for (const Row& row : rows) {
    std::printf("%-44s", row.name);
    cell(row.forward, " %10.2f"), cell(row.peer_forward, " %10.2f"), cell(row.ratio(), " %7.2f");
    std::printf("   ");
    cell(row.both, " %10.2f"), cell(row.peer_both, " %10.2f"), cell(row.both_ratio(), " %7.2f");
    std::printf("\n");
  }
}

void help() {
  std::puts(
      "usage: cliffs [options] [PART]\n"
      "Ops, and ops with the gradients of their operands, beside LibTorch's where this program is built with "
      "it\n"
      "(cliffs_peers): medians of samples that take turns, in microseconds, the largest ratio first. Only "
      "the\n"
      "works whose name has PART in it.\n\n"
      "  --help        this list\n"
      "  --check       compare what both compute, and time nothing\n"
      "  --rounds=N    samples for each median (15), of 4 ms each\n"
      "  --threads=N   for each (1): CPU time on one thread, wall time on several\n"
      "\nThe works:");
  for (const Work& work : all()) std::printf("  %s\n", work.name);
}

int run(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view text = argv[i];
    if (text == "--help" || text == "-h") return help(), 0;
    if (text == "--check")
      options.check = true;
    else if (text.starts_with("--rounds="))
      options.rounds = std::atoi(argv[i] + 9);
    else if (text.starts_with("--threads="))
      options.threads = std::atoi(argv[i] + 10);
    else if (!text.starts_with("-") && options.part.empty())
      options.part = text;
    else
      return std::fprintf(stderr, "cliffs: %s is not an option: see --help\n", argv[i]), 2;
  }
  if (options.threads < 1 || options.rounds < 1)
    return std::fprintf(stderr, "cliffs: --threads and --rounds are at least 1\n"), 2;
  xgrad::set_num_threads(options.threads);
  if (set_peer_threads) set_peer_threads(options.threads);
  if (!options.check) std::cout << xgrad::build_info() << std::endl;

  std::vector<Row> rows;
  bool same = true;
  for (const Work& work : all()) {
    if (std::string_view(work.name).find(options.part) == std::string_view::npos) continue;
    xgrad::Generator random(1);
    Operands x;
    for (const Operand& operand : work.operands) x.push_back(made(operand, random));
    const Tensor cotangent = cotangent_of(work, x, random);
    const Side a = ours(work, x, cotangent), b = peer ? peer(work.name, x, cotangent) : Side();
    if (work.compared) same = (b.numbers ? agree(work.name, a, b) : (a.numbers(), true)) && same;
    if (!options.check) rows.push_back(timed(work, a, b, options));
  }
  if (!options.check) print(rows);
  return same ? 0 : 1;
}

}  // namespace

Works::Works(std::initializer_list<Work> works) { all().insert(all().end(), works.begin(), works.end()); }

void set_peer(PeerMaker maker, void (*set_threads)(int)) { peer = maker, set_peer_threads = set_threads; }

}  // namespace bench::cliffs

int main(int argc, char** argv) try {
  return bench::cliffs::run(argc, argv);
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
