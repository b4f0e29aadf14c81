#include "kernels/loops/gather.hpp"

#include <algorithm>
#include <cstring>

#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/layout.hpp"
#include "kernels/loops/short_copy.hpp"
#include "kernels/loops/work.hpp"
#include "kernels/loops/wrap.hpp"

namespace xgrad::detail {
namespace {

/// The positions of an index along an axis of a larger shape, as few loops as possible: `step` is what one
/// step moves in it, 0 along the axis that is indexed.
struct Positions {
  int rank = 0;
  std::int64_t size[Shape::max_rank] = {}, step[Shape::max_rank] = {};

  Positions(const IndexAlong& index, const Steps& steps) {
    for (int i = 0; i < index.shape.rank(); ++i) {
      const std::int64_t n = index.shape[i], s = i == index.axis ? 0 : steps[i];
      if (n == 1) continue;
      if (rank > 0 && step[rank - 1] == n * s)
        size[rank - 1] *= n, step[rank - 1] = s;
      else
        size[rank] = n, step[rank++] = s;
    }
    if (rank == 0) size[0] = 1, step[0] = 0, rank = 1;
  }

  /// Calls f(place in the index, place in the whole, number of steps, their step) for each inner loop.
  template <class F>
  void each_inner(F f) const {
    const int last = rank - 1;
    std::int64_t loops = size[last] > 0;
    for (int i = 0; i < last; ++i) loops *= size[i];
    std::int64_t index[Shape::max_rank] = {}, at = 0;
    for (std::int64_t k = 0; k < loops; ++k) {
      f(k * size[last], at, size[last], step[last]);
      for (int i = last - 1; i >= 0; --i) {
        at += step[i];
        if (++index[i] < size[i]) break;
        at -= step[i] * size[i];
        index[i] = 0;
      }
    }
  }
};

constexpr Kernel gather = {.name = "gather"}, scatter = {.name = "scatter"},
                 scatter_add = {.name = "scatter_add"}, gather_rows_kernel = {.name = "gather_rows"},
                 add_rows_kernel = {.name = "scatter_add_rows"};

/// Of a walk over `n` indices, which moves as many elements.
Work work_of(DType dtype, std::int64_t n, std::int64_t moved) {
  return {.bytes = n * bytes_of<std::int64_t> + moved * size_of(dtype)};
}

/// y[j] = x[j s + at[j] step] for j < n; loops of their own for elements of one line and for neighbouring
/// ones.
template <class T>
void take_line(std::int64_t n, T* __restrict y, const T* x, std::int64_t s, const std::int64_t* at,
               std::int64_t step) {
  if (s == 0 && step == 1)
    for (std::int64_t j = 0; j < n; ++j) y[j] = x[at[j]];
  else if (s == 1)
    for (std::int64_t j = 0; j < n; ++j) y[j] = x[j + at[j] * step];
  else
    for (std::int64_t j = 0; j < n; ++j) y[j] = x[j * s + at[j] * step];
}

/// x[j] put at, or added to, y[j s + at[j] step], in the order of j.
template <bool add, class T>
void put_line(std::int64_t n, T* y, std::int64_t s, const T* x, const std::int64_t* at, std::int64_t step) {
  const auto put = [](T& to, T u) { to = add ? static_cast<T>(plus(to, u)) : u; };
  if (s == 0 && step == 1)
    for (std::int64_t j = 0; j < n; ++j) put(y[at[j]], x[j]);
  else
    for (std::int64_t j = 0; j < n; ++j) put(y[j * s + at[j] * step], x[j]);
}

}  // namespace

namespace {

void gather_at(DType dtype, void* y, const void* x, const Positions& positions, const std::int64_t* indices,
               std::int64_t step) {
  visit_any(dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    positions.each_inner([=, px = static_cast<const T*>(x), py = static_cast<T*>(y)](
                             std::int64_t place, std::int64_t at, std::int64_t n, std::int64_t s) {
      take_line(n, py + place, px + at, s, indices + place, step);
    });
  });
}

void scatter_at(DType dtype, void* y, const void* x, const Positions& positions, const std::int64_t* indices,
                std::int64_t step, bool add) {
  visit_any(dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    positions.each_inner([=, px = static_cast<const T*>(x), py = static_cast<T*>(y)](
                             std::int64_t place, std::int64_t at, std::int64_t n, std::int64_t s) {
      add ? put_line<true>(n, py + at, s, px + place, indices + place, step)
          : put_line<false>(n, py + at, s, px + place, indices + place, step);
    });
  });
}

}  // namespace

void gather_elements(DType dtype, void* y, const void* x, const Shape& whole, const IndexAlong& index) {
  const Steps steps(whole);
  const std::int64_t step = whole.rank() == 0 ? 1 : steps[index.axis], n = index.shape.numel();
  const Positions positions(index, steps);
  launch(gather, work_of(dtype, n, 2 * n),
         [=, at = index.at] { gather_at(dtype, y, x, positions, at, step); });
}

void scatter_elements(DType dtype, void* y, const Shape& whole, const void* x, const IndexAlong& index,
                      bool add) {
  const Steps steps(whole);
  const std::int64_t step = whole.rank() == 0 ? 1 : steps[index.axis], n = index.shape.numel();
  const Positions positions(index, steps);
  launch(add ? scatter_add : scatter, work_of(dtype, n, (2 + add) * n),
         [=, at = index.at] { scatter_at(dtype, y, x, positions, at, step, add); });
}

void gather_rows(DType dtype, void* y, const void* x, const Block& rows, const std::int64_t* at,
                 std::int64_t count) {
  const std::int64_t elements = rows.outer * count * rows.inner;
  if (elements == 0) return;
  if (longest_unheard == 0) [[unlikely]]
    return launch(gather_rows_kernel, work_of(dtype, count, 2 * elements),
                  [=] { gather_rows(dtype, y, x, rows, at, count); });
  visit_any(dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    const T* from = static_cast<const T*>(x);
    T* to = static_cast<T*>(y);
    const bool large = elements > large_work;
    const auto take = [&](std::int64_t first, std::int64_t last) {
      if (rows.inner == 1) {
        for (std::int64_t i = first; i < last; ++i) to[i] = from[at[i]];
      } else if (rows.inner * static_cast<std::int64_t>(sizeof(T)) <= longest_short_copy) {
        copy_short_rows(to + first * rows.inner, rows.inner, rows.inner, last - first,
                        [&](std::int64_t i) { return from + at[first + i] * rows.inner; });
      } else {
        for (std::int64_t i = first; i < last; ++i)
          std::memcpy(to + i * rows.inner, from + at[i] * rows.inner,
                      static_cast<std::size_t>(rows.inner) * sizeof(T));
      }
    };
    for (std::int64_t k = 0; k < rows.outer; ++k, from += rows.n * rows.inner, to += count * rows.inner)
      if (large)
        parallel_for(count, std::max<std::int64_t>(block_elements / rows.inner, 1), take);
      else
        take(0, count);
  });
}

void add_rows(DType dtype, void* y, const Block& rows, const void* x, const std::int64_t* at,
              std::int64_t count) {
  const std::int64_t elements = rows.outer * count * rows.inner;
  if (elements == 0) return;
  if (longest_unheard == 0) [[unlikely]]
    return launch(add_rows_kernel, work_of(dtype, count, 3 * elements),
                  [=] { add_rows(dtype, y, rows, x, at, count); });
  visit_number(dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    const T* from = static_cast<const T*>(x);
    T* to = static_cast<T*>(y);
    const bool large = elements > large_work;
    const auto add = [&](std::int64_t first, std::int64_t last) {  // a stripe of columns
      for (std::int64_t i = 0; i < count; ++i) {
        T* __restrict sum = to + at[i] * rows.inner;
        for (std::int64_t j = first; j < last; ++j) sum[j] = plus(sum[j], from[i * rows.inner + j]);
      }
    };
    for (std::int64_t k = 0; k < rows.outer; ++k, from += count * rows.inner, to += rows.n * rows.inner)
      if (large)
        parallel_for(rows.inner, 64, add);
      else
        add(0, rows.inner);
  });
}

}  // namespace xgrad::detail
