#include "kernels/loops/part_walk.hpp"

#include <cstring>

#include "kernels/loops/dispatch.hpp"
#include "kernels/loops/wrap.hpp"
#include "xgrad/core/launch.hpp"

namespace xgrad::detail {

void PartLayout::axis(std::int64_t n, std::int64_t s) {
  if (n == 1) return;
  if (rank > 0 && rank - 1 != listed && step[rank - 1] == n * s) {
    size[rank - 1] *= n, step[rank - 1] = s;
    return;
  }
  size[rank] = n, step[rank++] = s;
}

void PartLayout::axis_of_offsets(std::int64_t n) {
  listed = rank;
  size[rank] = n, step[rank++] = 0;
}

namespace {

constexpr Kernel index_kernel = {.name = "index"};
constexpr Kernel index_put_kernel = {.name = "index_put"};
constexpr Kernel index_add_kernel = {.name = "index_add"};

/// Calls f(place in the part, place in the whole, number of elements, their step, or their offsets where
/// these are not null) for each inner loop.
template <class F>
void each_inner(const PartLayout& part, const std::int64_t* offsets, F f) {
  if (part.rank == 0) return f(0, part.first, 1, 1, nullptr);
  const int last = part.rank - 1;
  const std::int64_t* inner_offsets = last == part.listed ? offsets : nullptr;
  std::int64_t index[Shape::max_rank + 1] = {}, at = part.first, place = 0;
  for (int i = 0; i < part.rank; ++i)
    if (part.size[i] == 0) return;
  if (part.listed >= 0 && part.listed != last) at += offsets[0];
  for (;;) {
    f(place, at, part.size[last], part.step[last], inner_offsets);
    place += part.size[last];
    int i = last - 1;
    for (; i >= 0; --i) {
      const bool more = ++index[i] < part.size[i];
      if (i == part.listed)
        at += offsets[more ? index[i] : 0] - offsets[index[i] - 1];
      else
        at += more ? part.step[i] : -part.step[i] * (part.size[i] - 1);
      if (more) break;
      index[i] = 0;
    }
    if (i < 0) return;
  }
}

/// Of a walk that reads and writes each element of the part so many times in all.
Work work_of(DType dtype, const PartLayout& part, std::int64_t times) {
  std::int64_t n = times;
  for (int i = 0; i < part.rank; ++i) n *= part.size[i];
  return {.bytes = n * size_of(dtype)};
}

/// With zeros in the axes that there are not, for a closure.
PartLayout settled(PartLayout part) {
  for (int i = part.rank; i <= Shape::max_rank; ++i) part.size[i] = part.step[i] = 0;
  return part;
}

}  // namespace

void take_part(DType dtype, void* y, const void* x, const PartLayout& part, const std::int64_t* offsets) {
  if (longest_unheard == 0) [[unlikely]]
    return launch(index_kernel, work_of(dtype, part, 2),
                  [=, part = settled(part)] { take_part(dtype, y, x, part, offsets); });
  visit_any(dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    each_inner(part, offsets,
               [px = static_cast<const T*>(x), py = static_cast<T*>(y)](std::int64_t place, std::int64_t at,
                                                                        std::int64_t n, std::int64_t step,
                                                                        const std::int64_t* listed) {
                 T* to = py + place;
                 const T* from = px + at;
                 if (listed) {
                   for (std::int64_t j = 0; j < n; ++j) to[j] = from[listed[j]];
                 } else if (step == 1) {
                   std::memcpy(to, from, static_cast<std::size_t>(n) * sizeof(T));
                 } else {
                   for (std::int64_t j = 0; j < n; ++j) to[j] = from[j * step];
                 }
               });
  });
}

void put_part(DType dtype, void* x, const void* y, const PartLayout& part, const std::int64_t* offsets,
              bool add) {
  if (longest_unheard == 0) [[unlikely]]
    return launch(add ? index_add_kernel : index_put_kernel, work_of(dtype, part, 2 + add),
                  [=, part = settled(part)] { put_part(dtype, x, y, part, offsets, add); });
  visit_any(dtype, [&](auto t) {
    using T = type_of<decltype(t)>;
    each_inner(part, offsets,
               [add, px = static_cast<T*>(x), py = static_cast<const T*>(y)](
                   std::int64_t place, std::int64_t at, std::int64_t n, std::int64_t step,
                   const std::int64_t* listed) {
                 const T* from = py + place;
                 T* to = px + at;
                 for (std::int64_t j = 0; j < n; ++j) {
                   T& e = to[listed ? listed[j] : j * step];
                   e = add ? static_cast<T>(plus(e, from[j])) : from[j];
                 }
               });
  });
}

}  // namespace xgrad::detail
