#pragma once

#include <algorithm>
#include <numeric>

#include "core/fuzz_calls.hpp"

// How a step of a random program is drawn.

namespace xgrad::fuzz {

/// The step that a call is on drawn operands; its code is empty where the call does not take them.
inline Step drawn(Sketch& s, const Call& call) {
  Step step;
  const std::string form = call.code;
  const int first = s.any(), axis = s.axis(first);
  for (char c : form) {
    if (c == '%') {
      step.from.push_back(step.from.empty() ? first : s.flip() ? s.any() : first);
      step.code += text("v", step.from.back());
    } else {
      step.code += c == '@' ? text(axis) : text(c);
    }
  }
  const auto run = [f = call.run, from = step.from, axis](const Tensors& v) {
    Tensors x;
    for (int i : from) x.push_back(v[static_cast<std::size_t>(i)]);
    return f(x, axis);
  };
  Tensors x;
  for (int i : step.from) x.push_back(s.at(i));
  const auto last = x.back().data<double>();
  if (!std::all_of(last.begin(), last.end(), [&](double u) { return u >= call.low && u <= call.high; }))
    return {};
  if (call.away_from_jumps && !call.away_from_jumps(x)) return {};
  step.run = run;
  return step;
}

// Ops with constants of their own: parts, indices, masks and shapes -----------------------------------------

/// A step on one value, with a call of it that takes the others by number.
template <class F>
Step on(std::vector<int> from, std::string code, F f) {
  return {std::move(code), from, [from, f](const Tensors& v) {
            Tensors x;
            for (int i : from) x.push_back(v[static_cast<std::size_t>(i)]);
            return f(x);
          }};
}

inline Step part(Sketch& s, int i, const std::string& v) {
  const int axis = s.axis(i);
  const auto n = static_cast<int>(s.size(i, axis));
  const std::int64_t start = s.between(-n, n), step = s.between(1, 2), stop = s.between(-n, n + 1);
  return on({i}, text(v, ".slice(", axis, ", ", start, ", ", stop, ", ", step, ")"),
            [=](X x) { return x[0].slice(axis, start, stop, step); });
}

inline Step repeated_rows(Sketch& s, int i, const std::string& v) {
  const int axis = s.axis(i), count = s.between(1, 4);
  const std::int64_t n = s.size(i, axis);
  const std::uint64_t seed = s.seed();
  return on({i}, text("index_select(", v, ", ", axis, ", labels(", seed, ", {", count, "}, ", n, "))"),
            [=](X x) { return index_select(x[0], axis, labels(seed, {count}, n)); });
}

inline Step gathered(Sketch& s, int i, const std::string& v) {
  const int axis = s.axis(i);
  const std::int64_t n = s.size(i, axis);
  const std::uint64_t seed = s.seed();
  const Shape shape = s.at(i).shape();
  return on({i},
            text("gather(", v, ", ", axis, ", labels(", seed, ", ", Program::braces(shape), ", ", n, "))"),
            [=](X x) { return gather(x[0], axis, labels(seed, shape, n)); });
}

inline Step scattered(Sketch& s, int i, const std::string& v) {
  const int axis = s.axis(i);
  const std::int64_t n = s.size(i, axis);
  const std::uint64_t seed = s.seed();
  const Shape shape = s.at(i).shape();
  const bool adds = s.flip();
  const int j = s.any();
  return on({i, j},
            text(adds ? "scatter_add(" : "scatter(", v, ", ", axis, ", labels(", seed, ", ",
                 Program::braces(shape), ", ", n, "), v", j, ")"),
            [=](X x) {
              const Tensor index = labels(seed, shape, n);
              return adds ? scatter_add(x[0], axis, index, x[1]) : scatter(x[0], axis, index, x[1]);
            });
}

inline Step indexed(Sketch& s, int i, const std::string& v) {
  const std::int64_t n = s.size(i, 0);
  const std::uint64_t seed = s.seed();
  if (s.flip())
    return on({i}, text(v, ".index({labels(", seed, ", {2, 2}, ", n, "), ellipsis})"), [=](X x) {
      return x[0].index({labels(seed, {2, 2}, n), ellipsis});
    });
  return on({i}, text(v, ".index({ellipsis, new_axis, Slice{.step = -1}})"), [](X x) {
    return x[0].index({ellipsis, new_axis, Slice{.step = -1}});
  });
}

inline Step put(Sketch& s, int i, const std::string& v) {
  const std::int64_t n = s.size(i, 0);
  const std::uint64_t seed = s.seed();
  const bool adds = s.flip();
  const int j = s.any();
  return on({i, j},
            text("index_put(", v, ", {labels(", seed, ", {3}, ", n, ")}, mean(v", j, "), ",
                 adds ? "true)" : "false)"),
            [=](X x) { return index_put(x[0], {labels(seed, {3}, n)}, mean(x[1]), adds); });
}

inline Step masked(Sketch& s, int i, const std::string& v) {
  const std::uint64_t seed = s.seed();
  const Shape shape = s.at(i).shape();
  const std::string m = text("mask(", seed, ", ", Program::braces(shape), ")");
  const int j = s.any();
  switch (s.below(4)) {
    case 0:
      return on({i}, text("masked_select(", v, ", ", m, ")"),
                [=](X x) { return masked_select(x[0], mask(seed, shape)); });
    case 1:
      return on({i, j}, text("masked_fill(", v, ", ", m, ", mean(v", j, "))"),
                [=](X x) { return masked_fill(x[0], mask(seed, shape), mean(x[1])); });
    case 2:
      return on({i, j}, text("where(", m, ", ", v, ", v", j, ")"),
                [=](X x) { return where(mask(seed, shape), x[0], x[1]); });
    default:
      return on({i}, text(v, ".index({", m, "})"), [=](X x) { return x[0].index({mask(seed, shape)}); });
  }
}

inline Step reshaped(Sketch& s, int i, const std::string& v) {
  std::int64_t left = s.at(i).numel();
  Shape shape;
  for (std::int64_t factor : {2, 3, 2})
    if (left % factor == 0 && s.flip()) shape.insert(s.below(shape.rank() + 1), factor), left /= factor;
  shape.insert(s.below(shape.rank() + 1), s.flip() ? left : -1);
  return on({i}, text(v, ".reshape(", Program::braces(shape), ")"), [=](X x) { return x[0].reshape(shape); });
}

inline Step permuted(Sketch& s, int i, const std::string& v) {
  std::vector<int> axes(s.at(i).shape().size());
  std::iota(axes.begin(), axes.end(), 0);
  std::string list;
  for (int k = static_cast<int>(axes.size()); k > 0; --k) {
    std::swap(axes[static_cast<std::size_t>(s.below(k))], axes[static_cast<std::size_t>(k - 1)]);
    list += (list.empty() ? "" : ", ") + std::to_string(axes[static_cast<std::size_t>(k - 1)]);
  }
  std::reverse(axes.begin(), axes.end());  // in the order of the list
  return on({i}, text("permute(", v, ", std::vector<int>{", list, "})"),
            [=](X x) { return permute(x[0], axes); });
}

inline Step expanded(Sketch& s, int i, const std::string& v) {
  Shape shape = s.at(i).shape();
  for (std::int64_t& n : shape)
    if (n == 1) n = s.between(1, 3);
  if (s.flip()) shape.insert(0, 2);
  return on({i}, text("expand(", v, ", ", Program::braces(shape), ")"),
            [=](X x) { return expand(x[0], shape); });
}

inline Step with_constant(Sketch& s, int i, const std::string& v) {
  const std::uint64_t a = s.seed(), b = s.seed();
  const Shape shape = s.at(i).shape();
  const std::string list = Program::braces(shape);
  return on({i}, text(v, " * changed(numbers(", a, ", ", list, "), numbers(", b, ", ", list, "))"),
            [=](X x) { return x[0] * changed(numbers(a, shape), numbers(b, shape)); });
}

inline Step classified(Sketch& s, int i, const std::string& v) {
  const std::uint64_t seed = s.seed();
  const std::int64_t classes = s.size(i, -1), rows = s.at(i).numel() / classes;
  const std::string call =
      text(v, ".reshape({", rows, ", ", classes, "}), labels(", seed, ", {", rows, "}, ", classes, "))");
  const auto split = [=](X x) { return x[0].reshape({rows, classes}); };
  const auto target = [=] { return labels(seed, {rows}, classes); };
  switch (s.below(3)) {
    case 0:
      return on({i}, "cross_entropy(" + call, [=](X x) { return cross_entropy(split(x), target()); });
    case 1:
      return on({i}, "nll_loss(" + call, [=](X x) { return nll_loss(split(x), target()); });
    default:
      return on({i}, "multi_margin_loss(" + call, [=](X x) { return multi_margin_loss(split(x), target()); });
  }
}

/// One more step of some kind, or an empty one where the drawn operands do not fit.
inline Step draw_step(Sketch& s) {
  const auto one_of = [&s](const std::vector<Call>& calls) {
    return drawn(s, calls[static_cast<std::size_t>(s.below(static_cast<int>(calls.size())))]);
  };
  using Special = Step (*)(Sketch&, int, const std::string&);
  static constexpr Special special[] = {part,   repeated_rows, gathered, scattered,     indexed,  put,
                                        masked, reshaped,      permuted, with_constant, expanded, classified};
  switch (s.below(5)) {
    case 0:
      return one_of(unary_calls());
    case 1:
      return one_of(broadcast_calls());
    case 2:
      return one_of(axis_calls());
    case 3:
      return one_of(matrix_calls());
    default: {
      const int i = s.any();
      return special[s.below(static_cast<int>(std::size(special)))](s, i, text("v", i));
    }
  }
}

/// The random program of a seed, of up to `most` steps.
inline Program draw(std::uint64_t seed, int most, bool on_a_grid) {
  Sketch s(seed, on_a_grid);
  for (int wanted = s.between(1, most), tries = 0; wanted > 0 && tries < 20 * most; ++tries) {
    try {
      Step step = draw_step(s);
      if (step.run && s.add(std::move(step))) --wanted;
    } catch (const Error&) {
      // the op refuses the shapes
    }
  }
  return s.finish();
}

}  // namespace xgrad::fuzz
