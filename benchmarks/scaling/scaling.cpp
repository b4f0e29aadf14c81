// What data-parallel training costs, by mpirun or alone:
//
//   scaling reduce              microseconds of an all_reduce of 4 KB, 1 MB and 16 MB
//   scaling step MODEL ROWS     milliseconds of a step with ROWS a rank: alone, the reductions alone,
//   together scaling profile MODEL ROWS  when which bytes of gradients are ready: what simulate.py takes
//
// Medians. A third argument of step: float16, bfloat16, top_k, or thread for a thread of progress.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <vector>
#include <xgrad/parallel.hpp>

#include "models.hpp"

using namespace xgrad;
using Clock = std::chrono::steady_clock;

namespace {

double milliseconds(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// The median time of f, whose calls all ranks begin together; of the slowest rank.
double median(parallel::Communicator& world, int rounds, const std::function<void()>& f) {
  std::vector<double> times;
  for (int i = 0; i < rounds + 2; ++i) {
    world.barrier();
    const Clock::time_point start = Clock::now();
    f();
    if (i >= 2) times.push_back(milliseconds(start));
  }
  std::ranges::nth_element(times, times.begin() + rounds / 2);
  Tensor slowest = tensor(std::vector<double>{times[static_cast<std::size_t>(rounds / 2)]});
  world.all_reduce(slowest, parallel::Reduce::max);
  return slowest.item();
}

void reduce(parallel::Communicator& world, int rounds) {
  for (const std::int64_t bytes : {4096, 1 << 20, 16 << 20}) {
    Tensor x = zeros({bytes / 4});
    const int n = bytes > (1 << 20) ? std::max(3, rounds / 10) : rounds;
    const double time = median(world, n, [&] { world.all_reduce(x); });
    if (world.rank() == 0)
      std::printf("%d ranks, %lld bytes: %.1f us\n", world.size(), static_cast<long long>(bytes),
                  1000 * time);
  }
}

Shape batch_shape(std::int64_t rows, const Shape& row) {
  std::vector<std::int64_t> sizes{rows};
  sizes.insert(sizes.end(), row.begin(), row.end());
  return sizes;
}

parallel::ReplicaOptions options_of(const std::string& word) {
  parallel::ReplicaOptions options;
  options.broadcast_buffers = false;
  if (word == "thread") options.progress_thread = true;
  if (word == "float16") options.compression.kind = parallel::Compression::float16;
  if (word == "bfloat16") options.compression.kind = parallel::Compression::bfloat16;
  if (word == "top_k") options.compression.kind = parallel::Compression::top_k;
  return options;
}

void step(parallel::Communicator& world, const std::string& name, std::int64_t rows, const std::string& word,
          int rounds) {
  scaling::with_model(name, [&](auto& model, const Shape& row) {
    const Tensor x = randn(batch_shape(rows, row)), y = randint(0, 10, {rows});
    const auto loss = [&] { return nn::cross_entropy(model(x), y); };
    parallel::Replica replica(model, world, options_of(word));
    replica.pause();
    const double compute = median(world, rounds, [&] { model.zero_grad(), loss().backward(); });
    replica.pause(false);
    const double communication = median(world, rounds, [&] { replica.synchronize(); });
    const double both = median(world, rounds, [&] { model.zero_grad(), replica.backward(loss()); });
    if (world.rank() == 0)
      std::printf(
          "%s, %d ranks of %lld rows: compute %.2f ms, reductions %.2f ms, together %.2f ms: %.2f of the "
          "longer, "
          "%zu of %zu buckets early\n",
          name.c_str(), world.size(), static_cast<long long>(rows), compute, communication, both,
          both / std::max(compute, communication), replica.begun_early(), replica.bucket_count());
  });
}

void profile(const std::string& name, std::int64_t rows) {
  scaling::with_model(name, [&](auto& model, const Shape& row) {
    const Tensor x = randn(batch_shape(rows, row)), y = randint(0, 10, {rows});
    std::vector<std::pair<double, std::int64_t>> ready;
    Clock::time_point start;
    for (const Tensor& p : model.parameters())
      on_ready(p, [&, bytes = p.numel() * size_of(p.dtype())](Tensor&) {
        ready.emplace_back(milliseconds(start), bytes);
      });
    double forward = 0, all = 0;
    for (int i = 0; i < 5; ++i) {  // the last one counts
      model.zero_grad();
      ready.clear();
      start = Clock::now();
      const Tensor loss = nn::cross_entropy(model(x), y);
      forward = milliseconds(start);
      loss.backward();
      all = milliseconds(start);
    }
    std::printf("{\"model\": \"%s\", \"rows\": %lld, \"forward_ms\": %.3f, \"step_ms\": %.3f, \"ready\": [",
                name.c_str(), static_cast<long long>(rows), forward, all);
    for (std::size_t i = 0; i < ready.size(); ++i)
      std::printf("%s[%.3f, %lld]", i ? ", " : "", ready[i].first, static_cast<long long>(ready[i].second));
    std::printf("]}\n");
  });
}

}  // namespace

int main(int argc, char** argv) {
  return parallel::run([&](parallel::Communicator world) {
    const std::vector<std::string> words(argv + 1, argv + argc);
    const std::string what = words.empty() ? "" : words[0];
    if (what == "reduce") return reduce(world, 200), 0;
    if (what == "--check") return reduce(world, 2), step(world, "mlp", 4, "", 1), 0;
    if (words.size() < 3) throw Error("scaling: needs reduce, or step or profile with a model and rows");
    const std::int64_t rows = std::stoll(words[2]);
    if (what == "step") return step(world, words[1], rows, words.size() > 3 ? words[3] : "", 15), 0;
    return profile(words[1], rows), 0;
  });
}
