#include <cmath>
#include <numbers>

#include "core/ops/ulps.hpp"

using namespace xgrad;
using test::check_ulps;
using test::ulps;

TEST_CASE("the error function is within 2 ulp, its complement within 3, gelu within 7") {
  check_ulps(
      "erf", [](const Tensor& x) { return erf(x); }, [](auto x) { return std::erf(x); }, -7, 7);
  check_ulps(
      "erfc", 3, [](const Tensor& x) { return erfc(x); }, [](auto x) { return std::erfc(x); }, -7, 28, -7,
      11);
  const auto gelu_of = [](auto x) { return x * std::erfc(-x / std::numbers::sqrt2_v<decltype(x)>) / 2; };
  const auto with_limits = [&](auto x) { return std::isinf(x) ? std::max(x, decltype(x)(0)) : gelu_of(x); };
  check_ulps(
      "gelu", 7, [](const Tensor& x) { return gelu(x); }, with_limits, -36, 10, -12, 10);
}

TEST_CASE(
    "the inverse of the error function is within 2 ulp, and inf, nan and a gradient of inf at the ends") {
  const auto exact = [](long double x) {  // Newton's method from what double precision gives
    long double y = erfinv(tensor(std::vector<double>{static_cast<double>(x)})).item();
    for (int i = 0; i < 2 && std::isfinite(y) && x != 0; ++i) {
      const long double error = std::abs(x) < 0.5L ? std::erf(y) - x
                                : x > 0            ? (1 - x) - std::erfc(y)
                                                   : std::erfc(-y) - (1 + x);
      y -= error / (2 * std::numbers::inv_sqrtpi_v<long double> * std::exp(-y * y));
    }
    return y;
  };
  for (const double x : {-1 + 0x1p-53, -0.9, -0.5, -0.3, -1e-7, -1e-300, 0.0, 5e-324, 2e-8, 0.1, 0.49999, 0.7,
                         0.99, 1 - 0x1p-40, 1 - 0x1p-53}) {
    CAPTURE(x);
    CHECK(ulps(erfinv(tensor(std::vector<double>{x})).item(), exact(x)) <= 2);
    CHECK(ulps(erfinv(tensor(std::vector<double>{x}, {.dtype = float32})).item<float>(),
               static_cast<double>(exact(static_cast<float>(x)))) <= 1);
  }

  const Tensor ends = tensor(std::vector<double>{-1, 1, 1.5, NAN}, {.requires_grad = true});
  const Tensor y = erfinv(ends);
  CHECK(y.at({0}) == -INFINITY);
  CHECK(y.at({1}) == INFINITY);
  CHECK(std::isnan(y.at({2})));
  CHECK(std::isnan(y.at({3})));
  const Tensor g = tensor({1.0, -2.0, 0.0, 0.0}, {.dtype = float64});
  CHECK(grad({y}, {ends}, {g})[0].to_vector<double>() == std::vector<double>{INFINITY, -INFINITY, 0, 0});
}

TEST_CASE("lgamma is within 4 ulp for x > 0, near its zeros at 1 and 2 too") {
  const auto exact = [](auto x) { return std::lgamma(x); };
  check_ulps(
      "lgamma", 4, [](const Tensor& x) { return lgamma(x); }, exact, 1e-20, 10, 1e-20, 10);
  check_ulps(
      "lgamma", 4, [](const Tensor& x) { return lgamma(x); }, exact, 0.5, 1e300, 0.5, 1e35);
  for (const double zero : {1.0, 2.0})
    check_ulps(
        "lgamma", 4, [=](const Tensor& x) { return lgamma(x + zero); },
        [=](auto x) {
          using T = decltype(x);
          using Narrow = std::conditional_t<std::is_same_v<T, double>, float, double>;
          return std::lgamma(static_cast<T>(static_cast<Narrow>(static_cast<Narrow>(x) + Narrow(zero))));
        },
        1e-3, 0.4, 1e-3, 0.4);
}

TEST_CASE("sinc is within 3 ulp, near its zeros too") {
  const auto exact = [](auto x) {
    using T = decltype(x);
    if (x == 0 || std::isinf(x)) return T(x == 0);
    const T pi = std::numbers::pi_v<T>, r = std::remainder(x, T(2));
    return std::sin(pi * (std::abs(r) <= T(0.5) ? r : std::copysign(T(1), r) - r)) / (pi * x);
  };
  for (const double high : {4.0, 1e3, 1e15})
    check_ulps(
        "sinc", 3, [](const Tensor& x) { return sinc(x); }, exact, -high, high, -high, high);
}

namespace {

struct Known {
  double x;
  long double y;
};
/// The n-th derivative of digamma, by mpmath.
struct KnownPolygamma {
  int n;
  std::vector<Known> values;
};
const KnownPolygamma known_polygamma[] = {
    {0,
     {{0.0009765625, -1024.575610429340621909L},
      {0.25, -4.22745353337626540809L},
      {0.75, -1.085860879786472169627L},
      {1.0, -0.5772156649015328606065L},
      {1.4375, -0.02361354400529789914173L},
      {1.4609375, -0.0006724023902428804043781L},
      {1.462890625, 0.001217095476977285858601L},
      {1.5, 0.03648997397857652055902L},
      {1.96875, 0.4024302762674404299179L},
      {2.0, 0.4227843350984671393935L},
      {2.125, 0.5003962255930340210861L},
      {3.6875, 1.163270594356925111912L},
      {5.96875, 1.700435255039334260965L},
      {6.0, 1.706117668431800472727L},
      {9.5, 2.197737876402949533167L},
      {20.25, 2.983260263975307814657L},
      {1000.5, 6.907755320648796427058L},
      {1048576.0, 13.86294313436167219399L},
      {-0.5, 0.03648997397857652055902L},
      {-0.25, 2.914139120213527830373L},
      {-1.75, -2.322691628614360646185L},
      {-7.375, 3.365653462874428851607L}}},
    {1, {{0.0009765625, 1048577.642589392152617L}, {0.25, 17.19732915450711073927L},
         {0.75, 2.541879647671606498398L},         {1.0, 1.644934066848226436472L},
         {1.4375, 0.9895029178956272038576L},      {1.4609375, 0.9682877462855092557995L},
         {1.462890625, 0.9665590551421470566629L}, {1.5, 0.9348022005446793094172L},
         {1.96875, 0.6578083966452627400731L},     {2.0, 0.6449340668482264364724L},
         {2.125, 0.5980099881979110163529L},       {3.6875, 0.311234869423508309369L},
         {5.96875, 0.1823534428261768451394L},     {6.0, 0.1813229557371153253613L},
         {9.5, 0.1109972884690990323729L},         {20.25, 0.05062210381441977341623L},
         {1000.5, 0.0009999999166666958333103L},   {1048576.0, 9.536747711537454467538e-7L},
         {-0.5, 8.934802200544679309417L},         {-0.25, 18.5418796476716064984L},
         {-1.75, 19.30163754452978647623L},        {-7.375, 11.43614636239437476413L}}},
    {2, {{0.0009765625, -2147483650.397783916396L}, {0.25, -129.3277399375369203333L},
         {0.75, -5.302633216337639631433L},         {1.0, -2.404113806319188570799L},
         {1.4375, -0.9241320031823455242336L},      {1.4609375, -0.8866046813306347358141L},
         {1.462890625, -0.8835775487247339270053L}, {1.5, -0.8287966442343199955963L},
         {1.96875, -0.4199929892208239975271L},     {2.0, -0.4041138063191885707995L},
         {2.125, -0.3486741949532408947087L},       {3.6875, -0.09612796350607506107788L},
         {5.96875, -0.03316249213557788788839L},    {6.0, -0.0327897322451144967254L},
         {9.5, -0.01230784580770933753141L},        {20.25, -0.002562051037602933220846L},
         {1000.5, -9.999997500001458331719e-7L},    {1048576.0, -9.094955691350798166249e-13L},
         {-0.5, -0.8287966442343199955963L},        {-0.25, 122.6973667836623603686L},
         {-1.75, -124.213821354230581925L},         {-7.375, 30.07747654918653612452L}}},
    {5, {{0.0009765625, 138350580552821637241.4L}, {0.25, 491552.5137676812920459L},
         {0.75, 678.7533428745797136084L},         {1.0, 122.0811674381338967657L},
         {1.4375, 14.26823809011352286703L},       {1.4609375, 12.97505570734991146051L},
         {1.462890625, 12.87365999429110762104L},  {1.5, 11.11354860243549624176L},
         {1.96875, 2.279486975190063663685L},      {2.0, 2.081167438133896765742L},
         {2.125, 1.467180532954287625184L},        {3.6875, 0.06515023848749827101977L},
         {5.96875, 0.00471181704454670592301L},    {6.0, 0.004581509635954378910876L},
         {9.5, 0.0004002927721168352990341L},      {20.25, 0.000007961365671533323530514L},
         {1000.5, 2.399997000004899988375e-14L},   {1048576.0, 1.893270686433040279455e-29L},
         {-0.5, 15371.11354860243549624L},         {-0.25, 492198.7533428745797136L},
         {-1.75, 492230.9303018743214823L},        {-7.375, 45190.02853375060788531L}}},
};

}  // namespace

TEST_CASE("digamma is within 4 ulp for x > 0, near its zero too, polygamma within 8") {
  for (const KnownPolygamma& known : known_polygamma)
    for (const auto& [at, exact] : known.values) {
      const double x = at;
      const int n = known.n;
      CAPTURE(n);
      CAPTURE(x);
      const double y = polygamma(n, tensor(std::vector<double>{x})).item();
      const float y32 = polygamma(n, tensor(std::vector<double>{x}, {.dtype = float32})).item<float>();
      if (x > 0) {
        CHECK(ulps(y, exact) <= (n == 0 ? 4 : 8));
      } else {
        CHECK(y == doctest::Approx(static_cast<double>(exact)).epsilon(1e-13));
      }
      CHECK(ulps(y32, static_cast<double>(exact)) <= 0.51);
    }
}

TEST_CASE("digamma and its derivatives at 0, inf and nan, and where powers overflow") {
  const double inf = INFINITY;
  const Tensor ends = tensor(std::vector<double>{inf, -inf, NAN, 0, -0.0, -3, 1e200, 5e-324});
  const auto psi = digamma(ends).to_vector<double>(), first = polygamma(1, ends).to_vector<double>(),
             second = polygamma(2, ends).to_vector<double>();

  CHECK(test::same(psi, {inf, NAN, NAN, -inf, inf, NAN, std::log(1e200), -inf}));
  CHECK(test::same(first, {0, NAN, NAN, inf, inf, inf, 1e-200, inf}));
  CHECK(test::same(second, {-0.0, NAN, NAN, -inf, inf, NAN, -0.0, -inf}));
}
