#include "xgrad/core/random.hpp"

#include <atomic>
#include <cmath>
#include <locale>
#include <mutex>
#include <new>
#include <sstream>

#include "autodiff/fields.hpp"
#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/work.hpp"
#include "kernels/random/box_muller.hpp"
#include "ops/random/draw_log.hpp"
#include "tensor/errors.hpp"
#include "tensor/fork.hpp"
#include "tensor/node.hpp"
#include "xgrad/core/creation.hpp"
#include "xgrad/core/tape.hpp"

namespace xgrad {

using namespace detail;

/// The draws themselves, without the lock: see Use.
struct Generator::State : Stream {
  Mutex mutex;
  std::uint64_t uses = 0;
  const DrawScript* script = nullptr;  ///< of a replay: where its uses are to begin
  std::size_t next_run = 0;
  std::uint64_t left_of_run = 0;

  /// A generator has one use at a time.
  void begin_use() {
    if (script) follow_script();
    DrawLog::tell(*this, *this, uses++);
  }
  void follow_script() {
    if (left_of_run == 0 && next_run < script->size()) {
      const DrawRun& run = (*script)[next_run++];
      static_cast<Stream&>(*this) = run.start;
      left_of_run = run.uses;
    }
    if (left_of_run > 0) --left_of_run;
  }

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

constexpr Kernel rand_kernel = {.name = "rand"}, randn_kernel = {.name = "randn"},
                 randint_kernel = {.name = "randint"}, randperm_kernel = {.name = "randperm"},
                 bernoulli_kernel = {.name = "bernoulli"};

/// The use of a generator, alone, until the end of its scope.
class Use {
 public:
  explicit Use(Generator::State& s) : lock_(s.mutex) { s.begin_use(); }

 private:
  std::lock_guard<Mutex> lock_;
};

/// Long runs are filled by blocks of 16, the last one moved back to end with the run; short ones one by one.
template <class T>
void fill_normal(Generator::State& s, T* x, std::int64_t n) {
  if (n < normal_block) {
    for (std::int64_t i = 0; i < n; ++i) x[i] = static_cast<T>(s.normal());
    return;
  }
  for (std::int64_t i = 0; i < n; ++i) x[i] = s.uniform(Type<T>{});
  box_muller(n / normal_block, x);
  if (n % normal_block != 0) {
    T* last = x + n - normal_block;
    for (std::int64_t j = 0; j < normal_block; ++j) last[j] = s.uniform(Type<T>{});
    box_muller(1, last);
  }
}

TensorOptions with_dtype(TensorOptions options, DType dtype) {
  if (!options.dtype) options.dtype = dtype;
  return options;
}

/// A new tensor whose elements `draw` makes one after another in one use of a generator; the kernel has the
/// name of the op.
template <class F>
Tensor drawn(const Kernel& kernel, const Shape& shape, const TensorOptions& options, Generator::State& s,
             F draw) {
  check_sizes(kernel.name, shape);
  Tensor x = empty(shape, options);
  const Use use(s);
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(kernel, {.bytes = x.numel() * bytes_of<T>}, [p = ptr<T>(x), n = x.numel(), &draw] {
      for (std::int64_t i = 0; i < n; ++i) p[i] = static_cast<T>(draw());
    });
  });
  return x;
}

}  // namespace

Generator::Generator(std::uint64_t seed) : state_(std::make_shared<State>()) { state_->seed(seed); }

void Generator::manual_seed(std::uint64_t seed) {
  State& s = access();
  const Use use(s);
  s.seed(seed);
}
std::uint32_t Generator::draw() {
  State& s = access();
  const Use use(s);
  return s.draw();
}
std::uint64_t Generator::draw64() {
  State& s = access();
  const Use use(s);
  return s.draw64();
}
float Generator::uniform_float() {
  State& s = access();
  const Use use(s);
  return s.uniform(Type<float>{});
}
double Generator::uniform() {
  State& s = access();
  const Use use(s);
  return s.uniform(Type<double>{});
}
double Generator::normal() {
  State& s = access();
  const Use use(s);
  return s.normal();
}

std::string Generator::state() const {
  State& s = access();
  const std::lock_guard lock(s.mutex);
  std::ostringstream out;
  out.imbue(std::locale::classic());
  out << std::hexfloat << s.engine << ' ' << s.has_next_normal << ' '
      << std::bit_cast<std::uint64_t>(s.next_normal);
  if (!out) throw std::bad_alloc();  // which the stream has kept to itself
  return out.str();
}

void Generator::set_state(const std::string& state) {
  std::istringstream in(state);
  in.imbue(std::locale::classic());
  std::mt19937 engine;
  bool has_next = false;
  std::uint64_t bits = 0;
  if (!(in >> engine >> has_next >> bits) || !(in >> std::ws).eof())
    fail("set_state", "the text must be a generator's state, as state() gives it");
  State& s = access();
  const Use use(s);
  s.engine = engine;
  s.has_next_normal = has_next;
  s.next_normal = std::bit_cast<double>(bits);
}

void Generator::set_state(const Generator& other) noexcept {
  Stream place;
  {
    const State& from = other.access();
    const std::lock_guard lock(other.access().mutex);
    place = from;
  }
  State& s = access();
  const std::lock_guard lock(s.mutex);
  static_cast<Stream&>(s) = place;
  ++s.uses;  // so that a log of draws sees that they do not follow each other
}

namespace {

constexpr std::uint64_t default_seed = 67280421310721;  // PyTorch's
constinit std::atomic<Generator*> of_process = nullptr;
constinit thread_local Generator::State* replayed = nullptr;  // the process's, while this thread replays
constinit thread_local Generator::State* replay = nullptr;    // where it draws then
constinit thread_local DrawLog* innermost_log = nullptr;

}  // namespace

Generator& default_generator() { return process_wide(of_process, default_seed); }

Generator::State& Generator::access() const { return replay && state_.get() == replayed ? *replay : *state_; }

DrawLog::DrawLog() : generator_(&default_generator().access()), outer_(innermost_log) {
  innermost_log = this;
}
DrawLog::~DrawLog() { innermost_log = outer_; }

void DrawLog::tell(const Generator::State& generator, const Stream& at, std::uint64_t use) {
  for (DrawLog* log = innermost_log; log; log = log->outer_) {
    if (log->generator_ != &generator) continue;
    if (log->runs_.empty() || use != log->next_use_) log->runs_.push_back({at});
    ++log->runs_.back().uses;
    log->next_use_ = use + 1;
  }
}

DrawReplay::DrawReplay(const DrawScript& script) : generator_(default_seed), outer_(replay) {
  generator_.access().script = &script;
  if (!replay) replayed = &default_generator().access();
  replay = &generator_.access();
}
DrawReplay::~DrawReplay() { replay = outer_; }
bool DrawReplay::is_active() { return replay != nullptr; }

void manual_seed(std::uint64_t seed) { default_generator().manual_seed(seed); }

namespace {

/// What a random op draws from, beside its parameters.
struct Drawn {
  Generator generator;
  void fields(auto&&) const {}
};

struct DrawnIntegers {
  std::int64_t low, high;
  Generator generator;
  void fields(auto&& field) const { field("low", low), field("high", high); }
};

struct DrawnWith {
  double p;
  Generator generator;
  void fields(auto&& field) const { field("p", p); }
};

}  // namespace

Tensor rand(const Shape& shape, TensorOptions options, Generator generator) {
  static constexpr Op op = {.name = "rand", .draws = true, .fields = &fields_of<Drawn>, .again = [](Call c) {
                              return rand(c.shape(), {.dtype = c.dtype()}, c.attributes<Drawn>().generator);
                            }};
  check_sizes("rand", shape);
  Tensor x = empty(shape, options);
  check_floating("rand", x);
  Generator::State& s = generator.access();
  const Use use(s);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(rand_kernel, {.bytes = x.numel() * bytes_of<T>}, [&s, t, p = ptr<T>(x), n = x.numel()] {
      for (std::int64_t i = 0; i < n; ++i) p[i] = s.uniform(t);
    });
  });
  return pass(op, no_inputs, std::move(x), [&] { return Drawn{generator}; });
}

Tensor randn(const Shape& shape, TensorOptions options, Generator generator) {
  static constexpr Op op = {.name = "randn", .draws = true, .fields = &fields_of<Drawn>, .again = [](Call c) {
                              return randn(c.shape(), {.dtype = c.dtype()}, c.attributes<Drawn>().generator);
                            }};
  check_sizes("randn", shape);
  Tensor x = empty(shape, options);
  check_floating("randn", x);
  Generator::State& s = generator.access();
  const Use use(s);
  visit_floating(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(randn_kernel, {.bytes = x.numel() * bytes_of<T>}, [&] { fill_normal(s, ptr<T>(x), x.numel()); });
  });
  return pass(op, no_inputs, std::move(x), [&] { return Drawn{generator}; });
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, TensorOptions options,
               Generator generator) {
  static constexpr Op op = {
      .name = "randint", .draws = true, .fields = &fields_of<DrawnIntegers>, .again = [](Call c) {
        const auto& [from, to, stream] = c.attributes<DrawnIntegers>();
        return randint(from, to, c.shape(), {.dtype = c.dtype()}, stream);
      }};
  if (low >= high)
    fail("randint", "low must be below high: " + std::to_string(low) + " and " + std::to_string(high));
  const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
  Generator::State& s = generator.access();
  Tensor x = drawn(randint_kernel, shape, with_dtype(options, int64), s, [&] {
    const std::uint64_t bits = range >> 32 ? s.draw64() : s.draw();
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + bits % range);
  });
  return pass(op, no_inputs, std::move(x), [&] { return DrawnIntegers{low, high, generator}; });
}

Tensor randperm(std::int64_t n, TensorOptions options, Generator generator) {
  static constexpr Op op = {
      .name = "randperm", .draws = true, .fields = &fields_of<Drawn>, .again = [](Call c) {
        return randperm(c.shape()[0], {.dtype = c.dtype()}, c.attributes<Drawn>().generator);
      }};
  check_sizes("randperm", {n});
  Tensor x = arange(n, with_dtype(options, int64));
  Generator::State& s = generator.access();
  const Use use(s);
  visit_any(x.dtype(), [&](auto t) {
    using T = type_of<decltype(t)>;
    launch(randperm_kernel, {.bytes = 4 * n * bytes_of<T>}, [&s, n, p = ptr<T>(x)] {
      for (std::int64_t i = 0; i + 1 < n; ++i) std::swap(p[i], p[i + s.draw() % (n - i)]);
    });
  });
  return pass(op, no_inputs, std::move(x), [&] { return Drawn{generator}; });
}

Tensor bernoulli(double p, const Shape& shape, TensorOptions options, Generator generator) {
  static constexpr Op op = {
      .name = "bernoulli", .draws = true, .fields = &fields_of<DrawnWith>, .again = [](Call c) {
        const auto& [chance, stream] = c.attributes<DrawnWith>();
        return bernoulli(chance, c.shape(), {.dtype = c.dtype()}, stream);
      }};
  if (!(p >= 0 && p <= 1)) fail("bernoulli", "the probability must lie in [0, 1]: it is " + short_text(p));
  Generator::State& s = generator.access();
  Tensor x = drawn(bernoulli_kernel, shape, options, s, [&] { return s.uniform(Type<double>{}) < p; });
  return pass(op, no_inputs, std::move(x), [&] { return DrawnWith{p, generator}; });
}

Tensor rand_like(const Tensor& x, TensorOptions options, Generator generator) {
  return rand(x.shape(), with_dtype(options, x.dtype()), std::move(generator));
}
Tensor randn_like(const Tensor& x, TensorOptions options, Generator generator) {
  return randn(x.shape(), with_dtype(options, x.dtype()), std::move(generator));
}

}  // namespace xgrad
