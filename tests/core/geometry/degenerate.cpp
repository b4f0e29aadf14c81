#include <doctest/doctest.h>

#include <climits>
#include <limits>
#include <xgrad/xgrad.hpp>

using namespace xgrad;
using V = std::vector<double>;

// Legal shapes at the edge of what an op takes: sizes of 0, windows without a pixel, numbers that overflow.

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

std::string message(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a transposed convolution may have an output padding of its stride or more, below its dilation") {
  const Tensor x = ones({1, 1, 2, 2}, {.dtype = float64, .requires_grad = true});
  const Tensor w = ones({1, 1, 2, 2}, {.dtype = float64, .requires_grad = true});

  const Tensor y = conv_transpose2d(x, w, {}, {.output_padding = 1, .dilation = 2});

  // Each pixel is added at the four corners of a square of side 2: ones, and zeros in the row and column
  // behind.
  CHECK(y.shape() == Shape{1, 1, 5, 5});
  for (int i = 0; i < 5; ++i)
    for (int j = 0; j < 5; ++j) CHECK(y.at({0, 0, i, j}) == (i < 4 && j < 4));
  sum(y).backward();
  CHECK(x.grad().to_vector<double>() == V(4, 4));
  CHECK(w.grad().to_vector<double>() == V(4, 4));
}

TEST_CASE("the largest of a window without a pixel is -inf, and its gradient goes nowhere") {
  // Places -1 and 1 along each axis, one pixel at 0: no window has it.
  const Tensor x = ones({1, 1, 1, 1}, {.dtype = float64, .requires_grad = true});

  const Tensor y = max_pool2d(x, 2, {.stride = 1, .padding = 1, .dilation = 2});

  CHECK(y.to_vector<double>() == V{-inf});
  y.backward();
  CHECK(x.grad().item() == 0);
}

TEST_CASE("the second derivative of a window without a pixel is 0") {
  const Tensor x = ones({1, 1, 1, 1}, {.dtype = float64, .requires_grad = true});
  const Tensor cotangent = ones({1, 1, 1, 1}, {.dtype = float64, .requires_grad = true});

  const Tensor y = max_pool2d(x, 2, {.stride = 1, .padding = 1, .dilation = 2});
  const Tensor g = grad({y}, {x}, {cotangent}, {.create_graph = true})[0];

  CHECK(grad(g, {cotangent})[0].item() == 0);
}

TEST_CASE("a padding that is too large for an int to double is an error") {
  const Tensor x = ones({1, 1, 4, 4});

  CHECK(
      message([&] { max_pool2d(x, 2, {.padding = INT_MAX}); }) ==
      "max_pool2d: the padding must lie between 0 and half the kernel: they are [2147483647, 2147483647] and "
      "[2, 2], x is f32[1, 1, 4, 4]");
  CHECK(message([&] { avg_pool2d(x, 2, {.padding = INT_MAX}); }) != "");
}

TEST_CASE("averages of windows of an image without rows are 0") {
  CHECK(avg_pool2d(zeros({1, 1, 0, 2}), 2, {.padding = 1, .count_include_pad = false}).to_vector<double>() ==
        V(2, 0));
}

TEST_CASE("the first 0 elements of a number are none") {
  const Tensor x = tensor(1.0).to(float64).detach().requires_grad_();

  const auto [values, indices] = topk(x, 0, 0);

  CHECK(values.shape() == Shape{0});
  CHECK(indices.shape() == Shape{0});
  sum(values).backward();
  CHECK(x.grad().item() == 0);
}

TEST_CASE("a convolution of no channels is its bias") {
  for (const int stride : {1, 2}) {
    const Tensor y =
        conv2d(zeros({1, 0, 5, 5}), zeros({2, 0, 3, 3}), tensor(V{3, 4}).to(float32), {.stride = stride});

    const Tensor first = select(y, 1, 0), second = select(y, 1, 1);
    CHECK(all(first == 3).item<bool>());
    CHECK(all(second == 4).item<bool>());
  }
}

TEST_CASE("unbind along an axis of size 0 gives no tensors, and records nothing") {
  const std::int64_t before = memory_stats().live_nodes;
  const Tensor x = zeros({0, 3}, {.requires_grad = true});

  CHECK(unbind(x).empty());
  CHECK(memory_stats().live_nodes == before);
}

TEST_CASE("a shape whose product overflows is no shape of an empty tensor") {
  const Tensor x = zeros({0});

  CHECK(message([&] {
          x.reshape({std::int64_t{1} << 32, std::int64_t{1} << 32});
        }) ==
        "reshape: the numbers of elements differ: x is f32[0] with 0 elements, the shape is [4294967296, "
        "4294967296]; "
        "its sizes must have the product 0");
  CHECK(message([&] { x.reshape({0, std::int64_t{1} << 32, std::int64_t{1} << 32}); }) != "");
  CHECK(message([&] { x.reshape({std::int64_t{1} << 32, -1, std::int64_t{1} << 32}); }) != "");
}

TEST_CASE("a layer holder that was moved from, and an empty function, say so when they are called") {
  nn::AnyModule a = nn::Linear(2, 3);
  const nn::AnyModule b = std::move(a);
  const nn::Function empty{std::function<Tensor(const Tensor&)>()};

  CHECK(message([&] {
          a(ones({1, 2}));
        }) ==
        "AnyModule: it is empty: it was moved from, and holds no layer to call; assign a layer to it first");
  CHECK(message([&] { a->parameters(); }) != "");
  CHECK(message([&] { empty(ones({2})); }) ==
        "Function: it holds no function to call: called with f32[2]; make it from a function of a tensor");
}

TEST_CASE("a custom op that asks for an input that it has not is told so") {
  const CustomOp op = custom_op(
      "double", [](NoState&, const Tensor& x) { return 2 * x; },
      [](const CustomCall<NoState>& c, const Tensor& g) { return c.wants(7) ? g : 2 * g; });
  const Tensor x = ones({1}, {.requires_grad = true});

  CHECK(message([&] { op(x).backward(); }) ==
        "double: there is no input 7 that could be wanted: it has 1; count from 0");
  for (const int i : {-1, 1, 40}) {
    const CustomOp reads = custom_op(
        "reads", [](NoState&, const Tensor& a) { return a * 2; },
        [i](const CustomCall<NoState>& c, const Tensor& g) { return g * c.x(i); });
    CHECK(message([&] { reads(x).backward(); }) ==
          "reads: there is no input " + std::to_string(i) + " to read: it has 1; count from 0");
  }
}

TEST_CASE("more chunks than any size are chunks of one") {
  CHECK(chunk(arange(3), std::numeric_limits<std::int64_t>::max()).size() == 3);
  CHECK(chunk(arange(7), 3).size() == 3);
  CHECK(chunk(arange(6), 4)[1].to_vector<double>() == V{2, 3});
}

TEST_CASE("whole numbers are counted exactly up to the largest") {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max(),
                         least = std::numeric_limits<std::int64_t>::min();
  using I = std::vector<std::int64_t>;

  CHECK(arange(9007199254740992, 9007199254740997).to_vector<std::int64_t>() ==
        I{9007199254740992, 9007199254740993, 9007199254740994, 9007199254740995, 9007199254740996});
  CHECK(arange(most - 3, most).to_vector<std::int64_t>() == I{most - 3, most - 2, most - 1});
  CHECK(arange(least, least + 2).to_vector<std::int64_t>() == I{least, least + 1});
  CHECK(arange(most, least, least).to_vector<std::int64_t>() == I{most, -1});
  CHECK(arange(5, 0, -2).to_vector<std::int64_t>() == I{5, 3, 1});
  CHECK(arange(0, 5, 2).to_vector<std::int64_t>() == I{0, 2, 4});
  CHECK(arange(3, 3).numel() == 0);
  CHECK(arange(3, 0).numel() == 0);
  CHECK(message([] { arange(least, most); }) != "");
}

TEST_CASE("the image that columns are folded to has no negative sizes") {
  CHECK(message([] {
          fold(zeros({1, 4, 4}), {-3, 1}, 2, {.padding = 3});
        }) == "fold: sizes must not be negative: the shape is [-3, 1]");
}

TEST_CASE("patches of more elements than a number counts are an error") {
  CHECK(message([] { unfold(zeros({0, std::int64_t{1} << 40, 1, 1}), 32767, {.padding = 16383}); }) != "");
}

TEST_CASE("an index out of range is an error also where it broadcasts to no places") {
  const Tensor none = zeros({0}, {.dtype = int64});

  CHECK(message([&] {
          index(zeros({2, 3}), {none, tensor({-4})});
        }) ==
        "index: index -4 in an array is out of range on axis 1: x is f32[2, 3], the array is i64[1]; indices "
        "are -3 "
        "to 2");
}

TEST_CASE("rounding to more digits than a number has leaves it, and to units beyond it gives 0") {
  const Tensor x = tensor({1.5, -2.25, 1e300, inf}, {.dtype = float64});

  CHECK(round(x, INT_MAX).to_vector<double>() == x.to_vector<double>());
  CHECK(round(x, 10).to_vector<double>() == x.to_vector<double>());
  CHECK(round(x, INT_MIN).to_vector<double>() == V{0, 0, 0, inf});
  CHECK(round(tensor({3e38, 1e-30}), 39).to_vector<float>() == std::vector<float>{3e38f, 1e-30f});
}

TEST_CASE("classes are counted from the labels for -1 only") {
  CHECK(one_hot(tensor({0, 2})).shape() == Shape{2, 3});
  CHECK(message([] { one_hot(tensor({0, 2}), -5); }) != "");
}
