#include "xgrad/core/random.hpp"

#include <cmath>
#include <mutex>
#include <random>
#include <sstream>

#include "errors.hpp"
#include "kernels/dispatch.hpp"
#include "node.hpp"
#include "xgrad/core/creation.hpp"

namespace xgrad {

using namespace detail;

/// The draws themselves, without the lock.
struct Generator::State {
  std::mutex mutex;
  std::mt19937 engine;
  bool has_next_normal = false;
  double next_normal = 0;

  void seed(std::uint64_t value) {
    engine.seed(static_cast<std::uint32_t>(value));
    has_next_normal = false;
  }
  std::uint32_t draw() { return static_cast<std::uint32_t>(engine()); }
  std::uint64_t draw64() {
    const std::uint64_t high = draw();
    return high << 32 | draw();
  }
  float uniform(Type<float>) { return static_cast<float>(draw() & 0xFFFFFF) * 0x1p-24f; }
  double uniform(Type<double>) { return static_cast<double>(draw64() & 0x1FFFFFFFFFFFFF) * 0x1p-53; }

  double normal() {
    if (std::exchange(has_next_normal, false)) return next_normal;
    const double turn = uniform(Type<double>{}), u = uniform(Type<double>{});
    const double radius = std::sqrt(-2 * std::log1p(-u)), angle = 2 * M_PI * turn;
    next_normal = radius * std::sin(angle);
    has_next_normal = true;
    return radius * std::cos(angle);
  }
};

namespace {

/// Sixteen normal numbers from sixteen uniform ones: eight pairs, each split over the two halves.
template <class T>
void box_muller_16(T* x) {
  for (int j = 0; j < 8; ++j) {
    const T radius = std::sqrt(T(-2) * std::log(1 - x[j]));
    const T angle = T(2 * M_PI) * x[j + 8];
    x[j] = radius * std::cos(angle);
    x[j + 8] = radius * std::sin(angle);
  }
}

/// Long runs are filled by blocks of 16, the last one moved back to end with the run; short ones one by one.
template <class T>
void fill_normal(Generator::State& s, T* x, std::int64_t n) {
  if (n < 16) {
    for (std::int64_t i = 0; i < n; ++i) x[i] = static_cast<T>(s.normal());
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) x[i] = s.uniform(Type<T>{});
  for (std::int64_t i = 0; i + 16 <= n; i += 16) box_muller_16(x + i);
  if (n % 16 != 0) {
    T* last = x + n - 16;
    for (int j = 0; j < 16; ++j) last[j] = s.uniform(Type<T>{});
    box_muller_16(last);
  }
}

TensorOptions with_dtype(TensorOptions options, DType dtype) {
  if (!options.dtype) options.dtype = dtype;
  return options;
}

/// A new tensor whose elements `draw` makes one after another under the generator's lock.
template <class F>
Tensor drawn(const char* op, const Shape& shape, const TensorOptions& options, std::mutex& mutex, F draw) {
  check_sizes(op, shape);
  Tensor x = empty(shape, options);
  const std::lock_guard lock(mutex);
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < x.numel(); ++i) ptr<T>(x)[i] = static_cast<T>(draw());
  });
  return x;
}

}  // namespace

Generator::Generator(std::uint64_t seed) : state_(std::make_shared<State>()) { state_->seed(seed); }

void Generator::manual_seed(std::uint64_t seed) {
  const std::lock_guard lock(state_->mutex);
  state_->seed(seed);
}
std::uint32_t Generator::draw() {
  const std::lock_guard lock(state_->mutex);
  return state_->draw();
}
std::uint64_t Generator::draw64() {
  const std::lock_guard lock(state_->mutex);
  return state_->draw64();
}
float Generator::uniform_float() {
  const std::lock_guard lock(state_->mutex);
  return state_->uniform(Type<float>{});
}
double Generator::uniform() {
  const std::lock_guard lock(state_->mutex);
  return state_->uniform(Type<double>{});
}
double Generator::normal() {
  const std::lock_guard lock(state_->mutex);
  return state_->normal();
}

std::string Generator::state() const {
  const std::lock_guard lock(state_->mutex);
  std::ostringstream out;
  out << std::hexfloat << state_->engine << ' ' << state_->has_next_normal << ' '
      << std::bit_cast<std::uint64_t>(state_->next_normal);
  return out.str();
}

void Generator::set_state(const std::string& state) {
  std::istringstream in(state);
  std::mt19937 engine;
  bool has_next = false;
  std::uint64_t bits = 0;
  if (!(in >> engine >> has_next >> bits))
    fail("set_state", "the text must be a generator's state, as state() gives it");
  const std::lock_guard lock(state_->mutex);
  state_->engine = engine;
  state_->has_next_normal = has_next;
  state_->next_normal = std::bit_cast<double>(bits);
}

Generator& default_generator() {
  static Generator generator(67280421310721u);  // PyTorch's default seed
  return generator;
}

void manual_seed(std::uint64_t seed) { default_generator().manual_seed(seed); }

Tensor rand(const Shape& shape, TensorOptions options, Generator generator) {
  check_sizes("rand", shape);
  Tensor x = empty(shape, options);
  check_floating("rand", x);
  Generator::State& s = generator.access();
  const std::lock_guard lock(s.mutex);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    for (std::int64_t i = 0; i < x.numel(); ++i) ptr<T>(x)[i] = s.uniform(t);
  });
  return x;
}

Tensor randn(const Shape& shape, TensorOptions options, Generator generator) {
  check_sizes("randn", shape);
  Tensor x = empty(shape, options);
  check_floating("randn", x);
  Generator::State& s = generator.access();
  const std::lock_guard lock(s.mutex);
  visit_floating(x.dtype(), [&](auto t) { fill_normal(s, ptr<type_of<decltype(t)>>(x), x.numel()); });
  return x;
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, TensorOptions options,
               Generator generator) {
  if (low >= high)
    fail("randint", "low must be below high: " + std::to_string(low) + " and " + std::to_string(high));
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  Generator::State& s = generator.access();
  return drawn("randint", shape, with_dtype(options, int64), s.mutex, [&] {
    const std::uint64_t bits = range >> 32 ? s.draw64() : s.draw();
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + bits % range);
  });
}

Tensor randperm(std::int64_t n, TensorOptions options, Generator generator) {
  check_sizes("randperm", {n});
  Tensor x = arange(n, with_dtype(options, int64));
  Generator::State& s = generator.access();
  const std::lock_guard lock(s.mutex);
  visit_any(x.dtype(), [&](auto t) {
    auto* p = ptr<type_of<decltype(t)>>(x);
    for (std::int64_t i = 0; i + 1 < n; ++i) std::swap(p[i], p[i + s.draw() % (n - i)]);
  });
  return x;
}

Tensor bernoulli(double p, const Shape& shape, TensorOptions options, Generator generator) {
  if (!(p >= 0 && p <= 1))
    fail("bernoulli", "the probability must lie in [0, 1]: it is " + std::to_string(p));
  Generator::State& s = generator.access();
  return drawn("bernoulli", shape, options, s.mutex, [&] { return s.uniform(Type<double>{}) < p; });
}

Tensor rand_like(const Tensor& x, TensorOptions options, Generator generator) {
  return rand(x.shape(), with_dtype(options, x.dtype()), std::move(generator));
}
Tensor randn_like(const Tensor& x, TensorOptions options, Generator generator) {
  return randn(x.shape(), with_dtype(options, x.dtype()), std::move(generator));
}

}  // namespace xgrad
