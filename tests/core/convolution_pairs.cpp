// A stride of 2: neighbours to two lines, and back.

#include <doctest/doctest.h>

#include <vector>

#include "kernels/convolution/pairs.hpp"
#include "kernels/convolution/planes.hpp"

using namespace xgrad::detail;

namespace {

template <class T>
void check_pairs(std::int64_t n) {
  CAPTURE(n);
  const auto size = static_cast<std::size_t>(n);
  std::vector<T> x(2 * size), even(size + 1, T(-1)), odd(size + 1, T(-1)), back(2 * size + 1, T(-1));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<T>(i);

  split_pairs(n, x.data(), even.data(), odd.data());
  merge_pairs(n, even.data(), odd.data(), back.data());

  for (std::size_t i = 0; i < size; ++i) {
    CHECK(even[i] == static_cast<T>(2 * i));
    CHECK(odd[i] == static_cast<T>(2 * i + 1));
  }
  for (std::size_t i = 0; i < x.size(); ++i) CHECK(back[i] == x[i]);
  CHECK((even[size] == -1 && odd[size] == -1 && back[2 * size] == -1));
}

}  // namespace

TEST_CASE("pairs are split and merged whole, and nothing besides") {
  for (std::int64_t n = 0; n < 40; ++n) check_pairs<float>(n), check_pairs<double>(n);
}

TEST_CASE("an image is laid in pairs as it is laid phase by phase") {
  for (std::int16_t w = 3; w < 40; ++w)
    for (const std::int16_t kernel : std::vector<std::int16_t>{2, 3, 4, 5})
      for (const std::int16_t padding : std::vector<std::int16_t>{0, 1, 2}) {
        if (w + 2 * padding < kernel) continue;
        CAPTURE(w);
        CAPTURE(kernel);
        CAPTURE(padding);
        const Window k = {.stride_h = 2,
                          .stride_w = 2,
                          .padding_h = padding,
                          .padding_w = padding,
                          .kernel_h = kernel,
                          .kernel_w = kernel};
        const ForwardPlanes planes(k, 2, w, w);
        const PlaneLayout& on = planes.layout;
        std::vector<float> x(2 * static_cast<std::size_t>(w) * static_cast<std::size_t>(w));
        for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i + 1);
        std::vector<float> laid(static_cast<std::size_t>(2 * on.plane));

        on.lay(x.data(), laid.data());

        for (std::int64_t c = 0; c < 2; ++c)
          for (std::size_t tap = 0; tap < planes.grid.taps.size(); ++tap)
            for (std::int64_t p = 0; p < planes.grid.rows; ++p)
              for (std::int64_t q = 0; q < planes.grid.columns; ++q) {
                const std::int64_t i = planes.grid.taps[tap] / kernel + 2 * p - padding,
                                   j = planes.grid.taps[tap] % kernel + 2 * q - padding;
                const bool inside = i >= 0 && j >= 0 && i < w && j < w;
                const float expected = inside ? x[static_cast<std::size_t>((c * w + i) * w + j)] : 0;
                const std::int64_t at = c * on.plane + planes.grid.offsets[tap] + p * on.pitch + q;
                CHECK(laid[static_cast<std::size_t>(at)] == expected);
              }
      }
}
