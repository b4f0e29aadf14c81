#include "core/misuse.hpp"

using namespace xgrad;
using test::Misuse;

TEST_CASE_FIXTURE(Misuse, "misuse: elements, changes in place and literals") {
  says([&] { x.item(); },
       "item: needs a tensor with one element: x is f32[2, 3]; take one by x.at({...}), or all by "
       "to_vector()");
  says([&] { u.item(); },
       "item: a tensor is undefined: default-constructed, or a gradient that is not there; give it a value");
  says([&] { x.at({0}); }, "at: needs one index for each axis: there are 1, x is f32[2, 3]");
  says([&] { x.at({0, 3}); }, "at: index 3 is out of range on axis 1: x is f32[2, 3]; indices are -3 to 2");
  says([&] { x.size(2); }, "size: axis 2 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { Tensor(m).sub_(d); },
       "sub_: operands mix float32 and float64: a is f32[2, 3], b is f64[2, 3]; convert one with "
       ".to(float64)");
  says([&] { x.data<double>(); },
       "data: the elements are not f64: x is f32[2, 3]; ask for float, or convert x with x.to(float64)");
  says([&] { Tensor(m).mutable_data<double>(); },
       "mutable_data: the elements are not f64: x is f32[2, 3]; ask for float, or convert x with "
       "x.to(float64)");
  says([&] { Tensor(i).fill_(nan); },
       "fill_: no integer of the wanted type holds the number: it is nan; use a floating type, or a number "
       "in range");
  says([&] { Tensor(i).fill_(1e300); },
       "fill_: no integer of the wanted type holds the number: it is 1e+300; use a floating type, or a "
       "number in range");
  says([&] { Tensor(m).copy_(y); },
       "copy_: shapes do not broadcast: f32[2, 3] and f32[3, 2] differ in axis -2; sizes must agree, or one "
       "of them be 1");
  says([&] { Tensor(m).add_(y); },
       "add_: shapes do not broadcast: f32[2, 3] and f32[3, 2] differ in axis -2; sizes must agree, or one "
       "of them be 1");
  says([&] { Tensor(m).add_(d); },
       "add_: operands mix float32 and float64: a is f32[2, 3], b is f64[2, 3]; convert one with "
       ".to(float64)");
  says([&] { Tensor(i).add_(v); },
       "add_: the result would not fit the tensor that is changed: x is i64[2], the operand is f32[3]; "
       "convert the tensor with .to() first");
  says([&] { Tensor(i).add_(i, 0.5); }, "add_: alpha must be an integer for an integer tensor: x is i64[2]");
  says([&] { Tensor(b).add_(b); },
       "add_: the result would not fit the tensor that is changed: x is bool[2, 3], the operand is bool[2, "
       "3]; convert the tensor with .to() first");
  says([&] { Tensor(i).div_(i); },
       "div_: needs a floating tensor: x is i64[2]; convert it with x.to(float32)");
  says([&] { Tensor(m).index_put_({9}, s); },
       "index_put_: index 9 is out of range on axis 0: x is f32[2, 3]; indices are -2 to 1");
  says([&] { Tensor(m).index_put_({0}, d[0]); },
       "index_put_: x and the values must have one dtype: x is f32[2, 3], the values are f64[3]; convert one "
       "with .to()");
  says([&] { Tensor(m).index_put_({0}, randn({7})); },
       "index_put_: shapes do not broadcast: f32[7] and f32[3] differ in axis -1; sizes must agree, or one "
       "of them be 1");
  says([&] { Tensor(m).set_grad(v); },
       "set_grad: the gradient must have the tensor's shape and dtype: the tensor is f32[2, 3], the gradient "
       "is f32[3]");
  says(
      [&] {
        tensor({{1, 2}, {3}});
      },
      "tensor: rows differ in length: 1 and 2 on axis 1; give all rows one length");
  says(
      [&] {
        tensor({{1, 2}, 3});
      },
      "tensor: nested braces differ in depth; each row must hold the same number of rows or numbers");
  says(
      [&] {
        tensor(std::vector<float>{1, 2, 3}, {2, 2});
      },
      "tensor: the shape needs 4 values: it is [2, 2], and there are 3");
  says([&] { tensor({1.5}, {.dtype = int64, .requires_grad = true}); },
       "tensor: only floating tensors have gradients: x is i64[1]; convert it with x.to(float32)");
  says(
      [&] {
        logical_and(zeros({1 << 23, 1}, {.dtype = boolean}), zeros({1, 1 << 23}, {.dtype = boolean}));
      },
      "logical_and: too many elements: the shape is [8388608, 8388608]; a tensor holds at most 2^45 "
      "elements");
  says(
      [&] {
        matmul(zeros({big, 0}), zeros({big, 0}));
      },
      "zeros: too many elements: the shape is [9223372036854775807, 0]; a tensor holds at most 2^45 "
      "elements");
}

TEST_CASE_FIXTURE(Misuse,
                  "misuse: backward, hooks, checkpoints, functional derivatives, custom ops and gradcheck") {
  const auto twice = [](NoState&, const Tensor& t) { return t * 2; };
  const auto mine = [&](auto vjp) { return custom_op("mine", twice, vjp); };
  says([&] { x.backward(); },
       "backward: nothing to differentiate: the output f32[2, 3] requires no gradient; call requires_grad_() "
       "on a leaf, compute outside NoGrad, and take gradients that "
       "are to be differentiated with create_graph");
  says([&] { (l * l).backward(); },
       "backward: the output must have one element: it is f32[2, 3]; reduce it by sum() or mean(), or pass a "
       "cotangent of its shape");
  says([&] { z.backward(ones({2})); },
       "backward: the cotangent must have the output's shape and dtype: the output is f32[], the cotangent "
       "is f32[2]");
  says([&] { grad(z, {x}); },
       "grad: input 0 requires no gradient: it is f32[2, 3]; call requires_grad_() on it before the outputs "
       "are computed");
  says([&] { grad(z, {u}); },
       "grad: a tensor is undefined: default-constructed, or a gradient that is not there; give it a value");
  says([&] { grad({z, z}, {l}, {s}); }, "grad: 2 outputs need as many cotangents: there are 1");
  says([&] { register_hook(x, [](const Tensor& g) { return g; }); },
       "register_hook: the tensor requires no gradient, so the hook would never run: x is f32[2, 3]; call "
       "requires_grad_() on it first");
  says([&] { register_hook(l, nullptr); },
       "register_hook: the hook is empty; pass a function of the gradient: x is f32[2, 3]");
  says([&] { retain_grad(x); },
       "retain_grad: the tensor requires no gradient, so there is none to keep: x is f32[2, 3]; call "
       "requires_grad_() on it first");
  says(
      [&] {
        Tensor q = randn({2}, {.requires_grad = true});
        register_hook(q, [](const Tensor&) { return zeros({5}); });
        sum(q * q).backward();
      },
      "register_hook: the hook must return a gradient of the same shape and dtype: it took f32[2] and "
      "returned f32[5]");
  says([&] { checkpoint([](const Tensor& t) { return t * t; }, std::vector<Tensor>{}); },
       "checkpoint: the function takes another number of tensors: there are 0; give one for each of its "
       "parameters");
  says(
      [&] {
        checkpoint([](const std::vector<Tensor>& t) { return t; }, std::vector<Tensor>{l, l});
      },
      "checkpoint: the function must return one tensor: it returned 2");
  says([&] { jacobian([](const Tensor& t) { return t * 2; }, i); },
       "jacobian: needs a floating tensor: x is i64[2]; convert it with x.to(float32)");
  says([&] { jacobian([](const Tensor& t) { return t > 0; }, x); },
       "jacobian: needs a floating tensor: x is bool[2, 3]; convert it with x.to(float32)");
  says([&] { hessian([](const Tensor& t) { return t; }, x); },
       "hessian: the function must return one element: it returned f32[2, 3]");
  says([&] { vjp([](const Tensor& t) { return t; }, x, v); },
       "vjp: v must have the shape and dtype of f(x): v is f32[3], f(x) is f32[2, 3]");
  says([&] { jvp([](const Tensor& t) { return t; }, x, v); },
       "jvp: v must have the shape and dtype of x: v is f32[3], x is f32[2, 3]");
  says([&] { hvp([](const Tensor& t) { return sum(t * t); }, x, v); },
       "hvp: v must have the shape and dtype of x: v is f32[3], x is f32[2, 3]");
  says([&] { hvp([](const Tensor& t) { return t; }, x, x); },
       "hvp: the function must return one element: it returned f32[2, 3]");
  says([&] { sum(mine([](const CustomCall<NoState>&, const Tensor&) { return zeros({7}); })(l)).backward(); },
       "mine: its rule must return a gradient that sums to the input's shape: the gradient is f32[7], the "
       "input has shape [2, 3]");
  says(
      [&] {
        sum(mine([](const CustomCall<NoState>&, const Tensor& g) { return g.to(float64); })(l)).backward();
      },
      "mine: the rule of input 0 returned f64[2, 3] for an input of dtype f32; a rule must return the "
      "input's dtype, see to()");
  says(
      [&] {
        sum(mine([](const CustomCall<NoState>&, const Tensor& g) {
          return std::vector<Tensor>{g, g};
        })(l))
            .backward();
      },
      "mine: its vjp must return a gradient for each of 1 inputs (an undefined one for none): it returned 2");
  says(
      [&] {
        custom_op(
            "mine", [](NoState&, const Tensor&) { return Tensor(); },
            [](const CustomCall<NoState>&, const Tensor& g) { return g; })(l);
      },
      "mine: its forward must return a tensor that is defined: it returned an undefined one");
  says(
      [&] {
        sum(mine([](const CustomCall<NoState>& c, const Tensor& g) { return g * c.x(5); })(l)).backward();
      },
      "mine: there is no input 5 to read: it has 1; count from 0");
  says(
      [&] {
        implicit_root([](const Tensor& a, const Tensor& p) { return (a - p) * 0; },
                      [](const Tensor& p) { return p.detach(); }, std::vector<Tensor>{l})
            .sum()
            .backward();
      },
      "implicit_root: the residual's derivative by the root must have an inverse: solve: the matrix is "
      "singular: a is f32[6, 6]; add a small multiple of the identity, or use pinv or lstsq");
  says([&] { gradcheck([](const Tensor& t) { return t; }, {}); },
       "gradcheck: there is nothing to differentiate: none of the 0 inputs is floating; pass one of float64");
  says([&] { gradcheck([](const Tensor&) { return Tensor(); }, {d}); },
       "gradcheck: there is nothing to differentiate: f returns no floating tensor; return one");
  says([&] { gradcheck([](const Tensor& t) { return t; }, {d}, {.rtol = nan}); },
       "gradcheck: rtol must lie between 0 and 1: it is nan");
  says([&] { gradcheck([](const Tensor& t) { return t; }, {d}, {.order = 0}); },
       "gradcheck: order must be 1 or more: it is 0");
  says([&] { randint(5, 2, {3}); }, "randint: low must be below high: 5 and 2");
  says([&] { bernoulli(nan, {2}); }, "bernoulli: the probability must lie in [0, 1]: it is nan");
  says([&] { rand({-1}); }, "rand: sizes must not be negative: the shape is [-1]");
  says([&] { randperm(-1); }, "randperm: sizes must not be negative: the shape is [-1]");
  says([&] { randperm(big); },
       "randperm: too many elements: the shape is [9223372036854775807]; a tensor holds at most 2^45 "
       "elements");
}
