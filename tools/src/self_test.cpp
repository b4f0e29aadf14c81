#include "self_test.hpp"

#include <stdlib.h>

#include <chrono>
#include <cmath>
#include <exception>
#include <filesystem>
#include <functional>

#include "text.hpp"
#include "xgrad/xgrad.hpp"

namespace xgrad::tools {
namespace {

using Clock = std::chrono::steady_clock;

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// The largest distance of a product from sums that are made one by one, in units of the rounding that such
/// sums have.
double error_of_product(const Tensor& a, const Tensor& b) {
  const auto x = a.to_vector<double>(), y = b.to_vector<double>(), z = matmul(a, b).to_vector<double>();
  const std::size_t m = z.size() / static_cast<std::size_t>(b.size(1)), n = z.size() / m, k = y.size() / n;
  double worst = 0;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      double sum = 0, size = 0;
      for (std::size_t l = 0; l < k; ++l) {
        const double term = x[i * k + l] * y[l * n + j];
        sum += term, size += std::abs(term);
      }
      worst = std::max(worst, std::abs(z[i * n + j] - sum) / size);
    }
  const double rounding = a.dtype() == float32 ? 0x1p-24 : 0x1p-53;
  return worst / (rounding * static_cast<double>(k));
}

/// Products of sizes that fill the kernels' blocks, and of odd ones; then the speed of a large one.
Finding products(DType dtype) {
  Finding finding{.what = std::string("products in ") + name_of(dtype), .right = true};
  Generator generator(1);
  const std::int64_t sizes[][3] = {{1, 1, 1},    {3, 5, 7},      {17, 33, 9},
                                   {64, 64, 64}, {97, 128, 131}, {200, 1, 200}};
  for (const auto& [m, k, n] : sizes)
    finding.right &= error_of_product(randn({m, k}, dtype, generator), randn({k, n}, dtype, generator)) <= 1;
  if (!finding.right) {
    finding.detail = "a product is wrong";
    return finding;
  }
  const std::int64_t n = 512;
  const Tensor a = randn({n, n}, dtype, generator), b = randn({n, n}, dtype, generator);
  int times = 0;
  const auto start = Clock::now();
  for (; times < 3 || since(start) < 0.2; ++times) matmul(a, b);
  finding.detail = short_number(2e-9 * static_cast<double>(times * n * n * n) / since(start)) + " GFLOP/s";
  return finding;
}

Finding gradients() {
  Generator generator(2);
  nn::Linear hidden(4, 5), out(5, 3);
  const Tensor x = randn({6, 4}, float64, generator), u = randn({4, 5}, float64, generator),
               v = randn({5, 3}, float64, generator), y = randint(0, 3, {6}, {}, generator);
  const auto loss = [&](const Tensor& a, const Tensor& b, const Tensor& c) {
    return nn::cross_entropy(matmul(tanh(matmul(a, b)), c), y);
  };
  const GradcheckResult result = gradcheck(loss, {x, u, v}, {.order = 2});
  std::string detail = std::to_string(result.right) + " entries";
  if (!result) detail = result.str();
  return {.what = "gradients to second order", .right = result.ok(), .detail = std::move(detail)};
}

/// The bits of a product, a sum and a gradient that are large enough for several threads.
std::vector<double> large_work() {
  Generator generator(3);
  Tensor a = randn({384, 512}, float32, generator), b = randn({512, 640}, float32, generator);
  a.requires_grad_();
  sum(exp(matmul(a, b) * 1e-3)).backward();
  return a.grad().to_vector<double>();
}

Finding threads() {
  const int before = num_threads(), several = std::max(before, 2);
  set_num_threads(1);
  const auto one = large_work();
  set_num_threads(several);
  const auto many = large_work();
  set_num_threads(before);
  return {.what = "1 and " + std::to_string(several) + " threads",
          .right = one == many,
          .detail = one == many ? "the same bits" : "other bits"};
}

/// A folder that is removed in the end.
struct TemporaryFolder {
  std::string path = (std::filesystem::temp_directory_path() / "xgrad-doctor-XXXXXX").string();

  TemporaryFolder() {
    if (!mkdtemp(path.data()))
      throw Error(
          "doctor: no folder can be made for temporary files; name one that may be written by "
          "TMPDIR: " +
          path);
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
};

Finding saving() {
  const TemporaryFolder folder;
  const std::string path = folder.path + "/state.safetensors";
  nn::Sequential model(nn::Linear(64, 64), nn::BatchNorm1d(64)),
      other(nn::Linear(64, 64), nn::BatchNorm1d(64));
  files::save(path, model);
  files::load(path, other);
  const bool right = same(model, other);
  return {.what = "saving and loading", .right = right, .detail = right ? "the same bits" : "other bits"};
}

Finding timed(const char* what, const std::function<Finding()>& f) {
  const auto start = Clock::now();
  Finding finding{.what = what};
  try {
    finding = f();
  } catch (const std::exception& e) {
    finding.detail = e.what();
  }
  finding.seconds = since(start);
  return finding;
}

}  // namespace

std::vector<Finding> self_test() {
  return {timed("products in f32", [] { return products(float32); }),
          timed("products in f64", [] { return products(float64); }), timed("gradients", gradients),
          timed("threads", threads), timed("saving and loading", saving)};
}

}  // namespace xgrad::tools
