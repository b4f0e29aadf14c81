#include "core/misuse.hpp"

using namespace xgrad;
using test::Misuse;

TEST_CASE_FIXTURE(Misuse, "misuse: sizes that no tensor has") {
  says([&] { zeros({big}); },
       "zeros: too many elements: the shape is [9223372036854775807]; a tensor holds at most 2^45 elements");
  says([&] { zeros({low}); }, "zeros: sizes must not be negative: the shape is [-9223372036854775808]");
  says([&] { eye(big); },
       "eye: too many elements: the shape is [9223372036854775807, 9223372036854775807]; a tensor holds at "
       "most 2^45 elements");
  says([&] { eye(-1); }, "eye: sizes must not be negative: the shape is [-1, -1]");
  says([&] { arange(1e300); },
       "arange: too many elements: from 0 to 1e+300 by 1; a tensor holds at most 2^45 elements");
  says([&] { arange(0, nan); }, "arange: needs finite limits and a step that is not 0: from 0 to nan by 1");
  says([&] { arange(big, low, -1); },
       "arange: too many elements: from 9223372036854775808 to -9223372036854775808 by -1; a tensor holds at "
       "most 2^45 "
       "elements");
  says([&] { linspace(0, 1, -1); }, "linspace: sizes must not be negative: the shape is [-1]");
  says([&] { linspace(0, 1, big); },
       "linspace: too many elements: the shape is [9223372036854775807]; a tensor holds at most 2^45 "
       "elements");
  says(
      [&] {
        zeros({0, 1ll << 62});
      },
      "zeros: too many elements: the shape is [0, 4611686018427387904]; a tensor holds at most 2^45 "
      "elements");
  says([&] { full({2}, nan, {.dtype = int64}); },
       "full: no integer of the wanted type holds the number: it is nan; use a floating type, or a number in "
       "range");
  says([&] { randn({-1}); }, "randn: sizes must not be negative: the shape is [-1]");
  says(
      [&] {
        randn({big, 2});
      },
      "randn: too many elements: the shape is [9223372036854775807, 2]; a tensor holds at most 2^45 "
      "elements");
}

TEST_CASE_FIXTURE(Misuse, "misuse: shapes, joins and repetitions") {
  says(
      [&] {
        reshape(x, {-1, -1});
      },
      "reshape: sizes must not be negative, apart from one -1: the shape is [-1, -1]");
  says(
      [&] {
        reshape(x, {0, -1});
      },
      "reshape: the size for -1 is not determined beside a size of 0: x is f32[2, 3], the shape is [0, -1]; "
      "write the size out");
  says([&] { reshape(x, {big}); },
       "reshape: the numbers of elements differ: x is f32[2, 3] with 6 elements, the shape is "
       "[9223372036854775807]; its sizes must have the product 6");
  says([&] { view(x, {4}); },
       "view: the numbers of elements differ: x is f32[2, 3] with 6 elements, the shape is [4]; its sizes "
       "must have the product 6");
  says([&] { flatten(x, 1, 0); },
       "flatten: the last axis must not be before the first: axes 1 to 0, x is f32[2, 3]");
  says([&] { flatten(x, ibig, 0); },
       "flatten: axis 2147483647 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says(
      [&] {
        unflatten(x, 1, {2, -1});
      },
      "unflatten: the numbers of elements differ: x is f32[2, 3] with 3 elements, the shape is [2, -1]; its "
      "sizes must have the product 3");
  says([&] { unflatten(x, ilow, {3}); },
       "unflatten: axis -2147483648 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says(
      [&] {
        unflatten(x, 1, {-1, -1});
      },
      "unflatten: sizes must not be negative, apart from one -1: the shape is [-1, -1]");
  says([&] { unsqueeze(x, 3); }, "unsqueeze: axis 3 is out of range: x is f32[2, 3]; axes are -3 to 2");
  says([&] { permute(x, {0}); }, "permute: 1 axes for a tensor of 2: x is f32[2, 3]; name every axis once");
  says([&] { permute(x, {0, 0}); }, "permute: axis 0 is named twice: x is f32[2, 3]; name each axis once");
  says(
      [&] {
        movedim(x, {0, 1}, {0});
      },
      "movedim: needs a destination for each source: there are 2 sources and 1 destinations");
  says(
      [&] {
        movedim(x, {0, 0}, {0, 1});
      },
      "movedim: axis 0 is named twice: x is f32[2, 3]; name each axis once");
  says([&] { flip(x, {0, 0}); }, "flip: axis 0 is named twice: x is f32[2, 3]; name each axis once");
  says([&] { roll(x, {1, 2}, {0}); }, "roll: needs one shift for each axis: there are 2 shifts and 1 axes");
  says([&] { expand(x, {2}); },
       "expand: x does not broadcast to the shape: x is f32[2, 3], the shape is [2]; sizes are matched from "
       "the right, and must agree where x's is not 1");
  says(
      [&] {
        expand(x, {big, 2, 3});
      },
      "expand: too many elements: the shape is [9223372036854775807, 2, 3]; a tensor holds at most 2^45 "
      "elements");
  says(
      [&] {
        broadcast_to(x, {3, 3});
      },
      "broadcast_to: x does not broadcast to the shape: x is f32[2, 3], the shape is [3, 3]; sizes are "
      "matched from the right, and must agree where x's is not 1");
  says([&] { repeat(x, {2}); }, "repeat: needs a repeat for each axis: x is f32[2, 3], the repeats are [2]");
  says([&] { repeat(x, {-1, 2}); }, "repeat: repeats must not be negative: they are [-1, 2]");
  says(
      [&] {
        repeat(x, {big, big});
      },
      "repeat: too many elements: x is f32[2, 3], the repeats are [9223372036854775807, "
      "9223372036854775807]; a tensor holds at most 2^45 elements");
  says([&] { repeat(e, {big}); },
       "repeat: too many elements: the shape is [9223372036854775807, 0]; a tensor holds at most 2^45 "
       "elements");
  says([&] { tile(x, {-1}); }, "tile: repeats must not be negative: they are [1, -1]");
  says([&] { cat({}); }, "cat: needs at least one tensor: the list is empty");
  says(
      [&] {
        cat({x, v});
      },
      "cat: dtypes and all sizes but those of axis 0 must agree: a is f32[2, 3], b is f32[3]");
  says(
      [&] {
        cat({x, u});
      },
      "cat: a tensor is undefined: default-constructed, or a gradient that is not there; give it a value");
  says(
      [&] {
        cat({x, i});
      },
      "cat: dtypes and all sizes but those of axis 0 must agree: a is f32[2, 3], b is i64[2]");
  says([&] { stack({}); }, "stack: needs at least one tensor: the list is empty");
  says([&] { stack({x, y}); }, "stack: dtypes and shapes must agree: a is f32[2, 3], b is f32[3, 2]");
  says([&] { split(x, 0); }, "split: the size of the parts must be positive: it is 0");
  says(
      [&] {
        split(x, std::vector<std::int64_t>{1, 2});
      },
      "split: the sizes must sum to the size of axis 0: they sum to 3, x is f32[2, 3]");
  says(
      [&] {
        split(x, std::vector<std::int64_t>{-1, 3});
      },
      "split: sizes must not be negative: they are [-1, 3]");
  says([&] { chunk(x, 0); }, "chunk: needs at least one chunk: asked for 0");
  says([&] { meshgrid({x}); }, "meshgrid: needs vectors: one of the tensors is f32[2, 3]");
}

TEST_CASE_FIXTURE(Misuse, "misuse: parts, pads and diagonals") {
  says([&] { slice(x, 0, 0, big, 0); }, "slice: the step must not be 0: x is f32[2, 3]");
  says([&] { slice(x, ilow, 0); },
       "slice: axis -2147483648 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { select(x, 0, 2); },
       "select: index 2 is out of range along axis 0: x is f32[2, 3]; indices are -2 to 1");
  says([&] { select(x, ilow, 0); },
       "select: axis -2147483648 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { narrow(x, 0, 0, 3); },
       "narrow: 3 entries from 0 on are not all there along axis 0: x is f32[2, 3]; the axis has 2 entries");
  says([&] { narrow(s, 0, 0, 1); },
       "narrow: axis 0 is out of range: x is f32[]; a number has no axes, give it one by reshape");
  says([&] { pad(x, {1}); },
       "pad: needs two numbers an axis, for 2 axes at most: there are 1, x is f32[2, 3]");
  says(
      [&] {
        pad(x, {big, big});
      },
      "pad: too many elements: the pads are 9223372036854775807 and 9223372036854775807, x is f32[2, 3]; a "
      "tensor holds at most 2^45 elements");
  says(
      [&] {
        pad(x, {-2, -2});
      },
      "pad: more is cut off than axis 1 has: the pads are -2 and -2, x is f32[2, 3]; cut off 3 at most");
  says(
      [&] {
        pad(x, {3, 0}, PadMode::reflect);
      },
      "pad: 3 is more than the 2 entries that axis 1 has to pad with in this mode: x is f32[2, 3]; pad by 2 "
      "at most");
  says(
      [&] {
        pad(i, {1, 1}, PadMode::constant, nan);
      },
      "pad: no integer of the wanted type holds the number: it is nan; use a floating type, or a number in "
      "range");
  says([&] { diag(s); }, "diag: needs a vector or a matrix: x is f32[]");
  says(
      [&] { diag(v, ibig); },
      "diag: too many elements: the shape is [2147483650, 2147483650]; a tensor holds at most 2^45 elements");
  says([&] { diagonal(x, 0, 0, 0); }, "diagonal: needs two different axes: both are 0, x is f32[2, 3]");
  says([&] { diag_embed(s); }, "diag_embed: needs at least one axis: x is f32[]");
  says([&] { diag_embed(v, ibig); },
       "diag_embed: too many elements: the shape is [2147483650, 2147483650]; a tensor holds at most 2^45 "
       "elements");
  says([&] { diag_embed(v, 0, 0, 0); }, "diag_embed: needs two different axes: both are 0, x is f32[3]");
  says([&] { tril(v); }, "tril: needs at least two axes: x is f32[3]");
  says([&] { triu(s); }, "triu: needs at least two axes: x is f32[]");
}

TEST_CASE_FIXTURE(Misuse, "misuse: indices and masks") {
  says([&] { x.index({2}); },
       "index: index 2 is out of range on axis 0: x is f32[2, 3]; indices are -2 to 1");
  says(
      [&] {
        x.index({0, 0, 0});
      },
      "index: there are more indices than axes: x is f32[2, 3]; give 2 at most");
  says(
      [&] {
        x.index({ellipsis, ellipsis});
      },
      "index: an index must have one ellipsis at most: there are 2, x is f32[2, 3]");
  says([&] { x.index({tensor({5})}); },
       "index: index 5 in an array is out of range on axis 0: x is f32[2, 3], the array is i64[1]; indices "
       "are -2 to 1");
  says([&] { x.index({tensor({0.5})}); },
       "index: arrays in an index must be int64 or boolean: one is f32[1], x is f32[2, 3]");
  says([&] { x.index({u}); },
       "index: a tensor is undefined: default-constructed, or a gradient that is not there; give it a value");
  says([&] { x.index({v > 0}); },
       "index: a boolean array must have the sizes of the axes that it indexes, from axis 0 on: x is f32[2, "
       "3], the array is bool[3]");
  says(
      [&] {
        x.index({i, tensor({0, 1, 2})});
      },
      "index: shapes do not broadcast: i64[2] and i64[3] differ in axis -1; sizes must agree, or one of them "
      "be 1");
  says([&] { x.index({Slice{.step = 0}}); }, "index: the step of a slice must not be 0: x is f32[2, 3]");
  says([&] { index_put(x, {0}, randn({2})); },
       "index_put: shapes do not broadcast: f32[2] and f32[3] differ in axis -1; sizes must agree, or one of "
       "them be 1");
  says([&] { index_put(x, {7}, s); },
       "index_put: index 7 is out of range on axis 0: x is f32[2, 3]; indices are -2 to 1");
  says([&] { index_put(x, {0}, d[0]); },
       "index_put: x and the values must have one dtype: x is f32[2, 3], the values are f64[3]; convert one "
       "with .to()");
  says(
      [&] {
        index_put(x, {tensor({0, 9})}, s);
      },
      "index_put: index 9 in an array is out of range on axis 0: x is f32[2, 3], the array is i64[2]; "
      "indices are -2 to 1");
  says([&] { masked_fill(x, x, 1); },
       "masked_fill: the mask must be boolean: it is f32[2, 3]; compare it, as in x > 0");
  says(
      [&] {
        masked_fill(x, b, v.reshape({3, 1}));
      },
      "masked_fill: the value must be a number of x's dtype: x is f32[2, 3], the value is f32[3, 1]");
  says(
      [&] {
        masked_fill(x, tensor({true, false}), 1);
      },
      "masked_fill: shapes do not broadcast: f32[2, 3] and bool[2] differ in axis -1; sizes must agree, or "
      "one of them be 1");
  says([&] { masked_select(x, x); },
       "masked_select: the mask must be boolean: it is f32[2, 3]; compare it, as in x > 0");
  says(
      [&] {
        masked_select(x, tensor({true, false}));
      },
      "masked_select: shapes do not broadcast: f32[2, 3] and bool[2] differ in axis -1; sizes must agree, or "
      "one of them be 1");
  says([&] { index_select(x, 0, v); },
       "index_select: indices must be int64: index is f32[3]; convert it with index.to(int64)");
  says([&] { index_select(x, 0, tensor({2})); },
       "index_select: index 2 at place 0 is out of range for a size of 2: the index is i64[1]; indices are 0 "
       "to 1");
  says([&] { index_select(x, 5, i); },
       "index_select: axis 5 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { index_select(s, 0, i); },
       "index_select: a number has one element, which takes one index: x is f32[], the index is i64[2]; use "
       "expand for copies");
  says([&] { gather(x, 0, i); },
       "gather: the index must have the rank of x, and no larger sizes apart from axis 0: x is f32[2, 3], "
       "the index is i64[2]");
  says([&] { gather(x, 0, x); },
       "gather: indices must be int64: index is f32[2, 3]; convert it with index.to(int64)");
  says([&] { gather(x, 0, idx + 5); },
       "gather: index 5 at place 0 is out of range for a size of 2: the index is i64[2, 3]; indices are 0 to "
       "1");
  says([&] { gather(x, ilow, idx); },
       "gather: axis -2147483648 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { take_along_dim(x, i, 0); },
       "take_along_dim: the index must have the rank of x: x is f32[2, 3], the index is i64[2]");
  says([&] { take_along_dim(x, tensor({99})); },
       "take_along_dim: index 99 at place 0 is out of range for a size of 6: the index is i64[1]; indices "
       "are 0 to 5");
  says([&] { take_along_dim(x, x, 0); },
       "take_along_dim: indices must be int64: index is f32[2, 3]; convert it with index.to(int64)");
  says([&] { scatter(x, 0, idx, v); },
       "scatter: the source must have the rank of the index, and sizes that are not smaller: the source is "
       "f32[3], the index has shape [2, 3]");
  says([&] { scatter(x, 0, idx, d); },
       "scatter: x and the source must have one dtype: x is f32[2, 3], the source is f64[2, 3]");
  says([&] { scatter(x, 0, idx + 9, x); },
       "scatter: index 9 at place 0 is out of range for a size of 2: the index is i64[2, 3]; indices are 0 "
       "to 1");
  says([&] { scatter(x, 0, x, x); },
       "scatter: indices must be int64: index is f32[2, 3]; convert it with index.to(int64)");
  says([&] { scatter(i, 0, tensor({0}), nan); },
       "scatter: no integer of the wanted type holds the number: it is nan; use a floating type, or a number "
       "in range");
  says([&] { scatter_add(x, 0, idx, v); },
       "scatter_add: the source must have the rank of the index, and sizes that are not smaller: the source "
       "is f32[3], the index has shape [2, 3]");
  says([&] { scatter_add(x, 0, idx, i); },
       "scatter_add: x and the source must have one dtype: x is f32[2, 3], the source is i64[2]");
  says([&] { scatter_add(x, 9, idx, x); },
       "scatter_add: axis 9 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { embedding(x, x); },
       "embedding: indices must be int64: input is f32[2, 3]; convert it with input.to(int64)");
  says([&] { embedding(i, v); }, "embedding: the weight must be a matrix: it is f32[3]");
  says([&] { embedding(tensor({2}), x); },
       "embedding: index 2 at place 0 is out of range for a size of 2: the index is i64[1]; indices are 0 to "
       "1");
  says([&] { embedding(i, x, 5); },
       "embedding: padding_idx 5 is out of range: the weight is f32[2, 3]; rows are -2 to 1");
  says([&] { one_hot(v); }, "one_hot: indices must be int64: x is f32[3]; convert it with x.to(int64)");
  says(
      [&] { one_hot(i, 1); },
      "one_hot: index 1 at place 1 is out of range for a size of 1: the index is i64[2]; indices are 0 to 0");
  says([&] { one_hot(i, big); },
       "one_hot: too many elements: the shape is [2, 9223372036854775807]; a tensor holds at most 2^45 "
       "elements");
  says([&] { one_hot(zeros({0}, {.dtype = int64})); },
       "one_hot: the number of classes must be given for an empty tensor: x is i64[0]");
}
