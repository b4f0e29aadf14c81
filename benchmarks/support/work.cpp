#include "support/work.hpp"

#include <benchmark/benchmark.h>
#include <cblas.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <random>
#include <sstream>
#include <thread>
#include <xgrad/core/build_info.hpp>
#include <xgrad/core/profile.hpp>
#include <xgrad/core/threads.hpp>

#include "support/register_loop.hpp"

namespace bench {

namespace {

struct Entry {
  std::string name;
  std::function<Run()> make;
  Options options;
};

// Filled before main by objects of several files, so made at first use.
std::map<std::string, std::vector<Entry>>& works() {
  static std::map<std::string, std::vector<Entry>> all;
  return all;
}
std::vector<std::function<void(int)>>& thread_setters() {
  static std::vector<std::function<void(int)>> all;
  return all;
}

bool close(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::max({std::abs(a), std::abs(b), 1e-6});
}

/// Whether the contenders of a work compute the same, over three steps.
bool agree(const std::string& work, const std::vector<Entry>& entries) {
  const Entry* first = nullptr;
  Run model;
  std::vector<double> expected;
  for (const Entry& entry : entries) {
    if (!entry.options.compared) continue;
    const Run run = entry.make();
    std::vector<double> found;
    for (int i = 0; i < 3; ++i) {
      found.push_back(run.step());
      if (run.gradients) found.push_back(run.gradients());
    }
    if (!first) first = &entry, expected = found;
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (found.size() == expected.size() && close(found[i], expected[i], entry.options.tolerance)) continue;
      std::fprintf(stderr, "%s: %s and %s differ after comparison %zu: %.9g and %.9g\n", work.c_str(),
                   first->name.c_str(), entry.name.c_str(), i, expected[i], found[i]);
      return false;
    }
  }
  return true;
}

/// What the products of one of xgrad's steps take.
std::int64_t flops_of(const Entry& entry) {
  const Run run = entry.make();
  run.step();
  xgrad::Profile heard;
  run.step();
  heard.stop();
  std::int64_t flops = 0;
  for (const xgrad::Profile::Row& kernel : heard.kernels()) flops += kernel.flops;
  return flops;
}

/// The register loop for as long as the products of a work take at best.
void add_register_loops() {
  for (auto& [work, entries] : works())
    for (const Entry& entry : entries) {
      if (entry.name != "xgrad") continue;
      const RegisterLoop loop = register_loop(entry.options.dtype);
      const std::int64_t turns = flops_of(entry) / loop.flops_of_turn;
      if (turns < 1000) break;  // a work of other things
      const auto make = [loop, turns] { return Run{[=] { return loop.run(turns), 0.0; }}; };
      entries.push_back({"register_loop", make, {.compared = false}});
      break;
    }
}

void time(benchmark::State& state, const Entry& entry) {
  const Run run = entry.make();
  run.step();
  for (auto _ : state) benchmark::DoNotOptimize(run.step());
  if (entry.options.ops > 0)
    state.counters["per_op"] = benchmark::Counter(
        entry.options.ops, benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// Prints where the time of xgrad's contender goes in 20 steps, and writes the trace.
bool profile(const std::string& work, const std::string& trace) {
  const auto found = works().find(work);
  if (found == works().end())
    return std::fprintf(stderr, "--profile: there is no work %s\n", work.c_str()), false;
  for (const Entry& entry : found->second) {
    if (entry.name != "xgrad") continue;
    const Run run = entry.make();
    run.step();
    xgrad::Profile heard;
    for (int i = 0; i < 20; ++i) run.step();
    heard.stop();
    std::cout << work << ", 20 steps: " << heard;
    if (!trace.empty()) heard.write_trace(trace);
    return true;
  }
  return std::fprintf(stderr, "--profile: xgrad does not do the work %s\n", work.c_str()), false;
}

void help() {
  std::puts(
      "Compares what all contenders compute, then times them in turn and prints medians.\n\n"
      "  --help              this list; Google Benchmark's options are accepted as well\n"
      "  --threads=N         threads for each contender (1)\n"
      "  --atomic-counts     as in a program that has started a thread\n"
      "  --check             compare only\n"
      "  --profile=WORK      prints where the time of xgrad goes, by op and by kernel; times nothing\n"
      "  --trace=FILE        writes the same for chrome://tracing or Perfetto\n"
      "  --benchmark_filter=REGEX  only these, named WORK/CONTENDER\n"
      "  --benchmark_repetitions=N, --benchmark_min_time=SECONDS  how often, and how long each (11, 0.1)\n"
      "  --benchmark_out=FILE      the figures as JSON\n"
      "\nThe works and their contenders:");
  for (const auto& [work, entries] : works())
    for (const Entry& entry : entries) std::printf("  %s/%s\n", work.c_str(), entry.name.c_str());
}

}  // namespace

Contender::Contender(std::string work, std::string name, std::function<Run()> make, Options options) {
  works()[std::move(work)].push_back({std::move(name), std::move(make), options});
}

template <class T>
std::vector<T> uniform(std::int64_t n, double low, double high, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<T> v(static_cast<std::size_t>(n));
  for (T& x : v) x = static_cast<T>(low + (high - low) * 0x1p-32 * static_cast<double>(engine()));
  return v;
}
template std::vector<float> uniform(std::int64_t, double, double, unsigned);
template std::vector<double> uniform(std::int64_t, double, double, unsigned);

std::vector<std::int64_t> labels(std::int64_t n, int classes, unsigned seed) {
  std::mt19937 engine(seed);
  std::vector<std::int64_t> v(static_cast<std::size_t>(n));
  for (auto& x : v) x = static_cast<std::int64_t>(engine() % static_cast<unsigned>(classes));
  return v;
}

void on_threads(std::function<void(int)> set) { thread_setters().push_back(std::move(set)); }

namespace {

int run(int argc, char** argv) {
  int threads = 1;
  bool atomic_counts = false, check = false;
  std::string profiled, trace;
  // Ours come first, so that the user's, which follow, win.
  std::vector<char*> arguments{argv[0]};
  std::string defaults[] = {"--benchmark_enable_random_interleaving=true", "--benchmark_repetitions=11",
                            "--benchmark_min_time=0.1", "--benchmark_report_aggregates_only=true"};
  for (std::string& text : defaults) arguments.push_back(text.data());
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--help") == 0) return help(), 0;
    if (std::strcmp(argv[i], "--atomic-counts") == 0)
      atomic_counts = true;
    else if (std::strcmp(argv[i], "--check") == 0)
      check = true;
    else if (std::strncmp(argv[i], "--threads=", 10) == 0)
      threads = std::atoi(argv[i] + 10);
    else if (std::strncmp(argv[i], "--profile=", 10) == 0)
      profiled = argv[i] + 10;
    else if (std::strncmp(argv[i], "--trace=", 8) == 0)
      trace = argv[i] + 8;
    else
      arguments.push_back(argv[i]);
  }
  if (threads < 1) return std::fprintf(stderr, "--threads: at least 1\n"), 1;
  if (atomic_counts) std::thread([] {}).join();
  openblas_set_num_threads(threads);
  xgrad::set_num_threads(threads);
  for (const auto& set : thread_setters()) set(threads);

  if (!profiled.empty()) return profile(profiled, trace) ? 0 : 1;
  if (!check) add_register_loops();

  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 1;
  const xgrad::BuildInfo info = xgrad::build_info();
  benchmark::AddCustomContext("openblas", info.blas_kernels);
  std::ostringstream text;
  text << info;
  benchmark::AddCustomContext("built", "\n" + text.str());
  for (const auto& [work, entries] : works()) {
    if (!agree(work, entries)) return 1;
    for (const Entry& entry : entries)
      benchmark::RegisterBenchmark((work + "/" + entry.name).c_str(), time, entry)
          ->Unit(benchmark::kMicrosecond);
  }
  if (!check) benchmark::RunSpecifiedBenchmarks();
  return 0;
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) try { return bench::run(argc, argv); } catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
