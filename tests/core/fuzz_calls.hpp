#pragma once

#include "core/fuzz_elementwise.hpp"

namespace xgrad::fuzz {

/// A symmetric positive definite matrix, well-conditioned, of the rows of any tensor. Its eigenvalues differ.
inline Tensor definite(const Tensor& x) {
  const Tensor rows = tanh(x.dim() < 2 ? x.reshape({1, -1}) : x);
  return matmul(rows, transpose(rows, -2, -1)) + diag(arange(2, rows.size(-2) + 2, 1, {.dtype = float64}));
}
/// Any tensor as images [batch, channels, height, width].
inline Tensor image(const Tensor& x) {
  Shape shape = x.shape();
  while (shape.rank() < 4) shape.insert(0, 1);
  return x.reshape(shape);
}

/// Reductions, and ops along an axis.
inline const std::vector<Call>& axis_calls() {
  static const std::vector<Call> all = {
      {"sum(%)", [](X x, int) { return sum(x[0]); }},
      {"sum(%, @)", [](X x, int axis) { return sum(x[0], axis); }},
      {"sum(%, @, true)", [](X x, int axis) { return sum(x[0], axis, true); }},
      {"mean(%, @)", [](X x, int axis) { return mean(x[0], axis); }},
      {"prod(%, @)", [](X x, int axis) { return prod(x[0], axis); }},
      {"amax(%, @, true)", [](X x, int axis) { return amax(x[0], axis, true); }},
      {"amin(%)", [](X x, int) { return amin(x[0]); }},
      {"max(%, @).values", [](X x, int axis) { return max(x[0], axis).values; }},
      {"min(%, @, true).values", [](X x, int axis) { return min(x[0], axis, true).values; }},
      {"median(%)", [](X x, int) { return median(x[0]); }, -100, 100, without_ties},
      {"median(%, @).values", [](X x, int axis) { return median(x[0], axis).values; }},
      {"var(%, @, 0)", [](X x, int axis) { return var(x[0], axis, 0); }},
      {"sqrt(var(%, @, 0) + 1)", [](X x, int axis) { return sqrt(var(x[0], axis, 0) + 1); }},
      {"norm(% + 3, 3, @)", [](X x, int axis) { return norm(x[0] + 3, 3, axis); }},
      {"norm(%, 1)", [](X x, int) { return norm(x[0], 1); }},
      {"norm(%, INFINITY, @)", [](X x, int axis) { return norm(x[0], INFINITY, axis); }},
      {"logsumexp(%, @)", [](X x, int axis) { return logsumexp(x[0], axis); }},
      {"cumsum(%, @)", [](X x, int axis) { return cumsum(x[0], axis); }},
      {"cumprod(%, @)", [](X x, int axis) { return cumprod(x[0], axis); }},
      {"cummax(%, @).values", [](X x, int axis) { return cummax(x[0], axis).values; }},
      {"cummin(%, @).values", [](X x, int axis) { return cummin(x[0], axis).values; }},
      {"sort(%, @).values", [](X x, int axis) { return sort(x[0], axis).values; }},
      {"sort(%, @, true).values", [](X x, int axis) { return sort(x[0], axis, true).values; }},
      {"topk(%, 1, @).values", [](X x, int axis) { return topk(x[0], 1, axis).values; }},
      {"softmax(%, @)", [](X x, int axis) { return softmax(x[0], axis); }},
      {"softmin(%, @)", [](X x, int axis) { return softmin(x[0], axis); }},
      {"log_softmax(%, @)", [](X x, int axis) { return log_softmax(x[0], axis); }},
      {"flip(%, @)", [](X x, int axis) { return flip(x[0], axis); }},
      {"unsqueeze(%, @)", [](X x, int axis) { return unsqueeze(x[0], axis); }},
      {"squeeze(%)", [](X x, int) { return squeeze(x[0]); }},
      {"transpose(%, @, 0)", [](X x, int axis) { return transpose(x[0], axis, 0); }},
      {"movedim(%, @, 0)", [](X x, int axis) { return movedim(x[0], axis, 0); }},
      {"flatten(%)", [](X x, int) { return flatten(x[0]); }},
      {"unbind(%, @)[0]", [](X x, int axis) { return unbind(x[0], axis)[0]; }},
      {"chunk(%, 2, @).back()", [](X x, int axis) { return chunk(x[0], 2, axis).back(); }},
      {"roll(%, 2, @)", [](X x, int axis) { return roll(x[0], 2, axis); }},
      {"narrow(%, @, 0, 1)", [](X x, int axis) { return narrow(x[0], axis, 0, 1); }},
      {"select(%, @, -1)", [](X x, int axis) { return select(x[0], axis, -1); }},
      {"%.slice(@, -1, Tensor::end_of_axis, -1)",
       [](X x, int axis) { return x[0].slice(axis, -1, Tensor::end_of_axis, -1); }},
      {"%[0]", [](X x, int) { return x[0][0]; }},
      {"cat({%, %}, @)",
       [](X x, int axis) {
         return cat({x[0], x[1]}, axis);
       }},
      {"tril(%)", [](X x, int) { return tril(x[0]); }},
      {"triu(%, 1)", [](X x, int) { return triu(x[0], 1); }},
      {"diag(%.flatten())", [](X x, int) { return diag(x[0].flatten()); }, -100, 100},
      {"diagonal(%, 0, @, 0)", [](X x, int axis) { return diagonal(x[0], 0, axis, 0); }},
      {"pad(%, {1, 2})",
       [](X x, int) {
         return pad(x[0], {1, 2});
       }},
      {"pad(%, {1, 1}, PadMode::replicate)",
       [](X x, int) {
         return pad(x[0], {1, 1}, PadMode::replicate);
       }},
      {"pad(%, {1, 0}, PadMode::reflect)",
       [](X x, int) {
         return pad(x[0], {1, 0}, PadMode::reflect);
       }},
      {"pad(%, {1, 1}, PadMode::circular)",
       [](X x, int) {
         return pad(x[0], {1, 1}, PadMode::circular);
       }},
      {"tile(%, {2})", [](X x, int) { return tile(x[0], {2}); }},
      {"layer_norm(%, {%.size(-1)}, {}, {}, 0.1)",
       [](X x, int) { return layer_norm(x[0], {x[1].size(-1)}, {}, {}, 0.1); }},
      {"rms_norm(%, {%.size(-1)}, {}, 0.1)",
       [](X x, int) { return rms_norm(x[0], {x[1].size(-1)}, {}, 0.1); }},
      {"normalize(% + 3, 2, @)", [](X x, int axis) { return normalize(x[0] + 3, 2, axis); }},
  };
  return all;
}

/// Products, decompositions, layers and the like: shapes that do not fit are refused by the op itself.
inline const std::vector<Call>& matrix_calls() {
  static const std::vector<Call> all = {
      {"matmul(%, %)", [](X x, int) { return matmul(x[0], x[1]); }},
      {"matmul(%, %)", [](X x, int) { return matmul(x[0], x[1]); }},
      {"matmul(%, transpose(%, -1, -2))", [](X x, int) { return matmul(x[0], transpose(x[1], -1, -2)); }},
      {"linear(%, %)", [](X x, int) { return linear(x[0], x[1]); }},
      {"linear(%, %, %)", [](X x, int) { return linear(x[0], x[1], x[2]); }},
      {"addmm(%, %, %, 0.5, 2)", [](X x, int) { return addmm(x[0], x[1], x[2], 0.5, 2); }},
      {"outer(%.flatten(), %.flatten())", [](X x, int) { return outer(x[0].flatten(), x[1].flatten()); }},
      {"kron(%, %)", [](X x, int) { return kron(x[0], x[1]); }},
      {"einsum(\"...i,...i->...\", {%, %})",
       [](X x, int) {
         return einsum("...i,...i->...", {x[0], x[1]});
       }},
      {"einsum(\"ij,jk,kl->il\", {%, %, %})",
       [](X x, int) {
         return einsum("ij,jk,kl->il", {x[0], x[1], x[2]});
       }},
      {"trace(%)", [](X x, int) { return trace(x[0]); }},
      {"det(%)", [](X x, int) { return det(x[0]); }},
      {"inverse(definite(%))", [](X x, int) { return inverse(definite(x[0])); }},
      {"logdet(definite(%))", [](X x, int) { return logdet(definite(x[0])); }},
      {"cholesky(definite(%))", [](X x, int) { return cholesky(definite(x[0])); }},
      {"solve(definite(%), %)", [](X x, int) { return solve(definite(x[0]), x[1]); }},
      {"eigh(definite(%)).eigenvalues.sum()",
       [](X x, int) { return eigh(definite(x[0])).eigenvalues.sum(); }},
      {"square(eigh(definite(%)).eigenvectors)",
       [](X x, int) { return square(eigh(definite(x[0])).eigenvectors); }},
      {"svd(definite(%)).s", [](X x, int) { return svd(definite(x[0])).s; }},
      {"square(qr(definite(%)).r)", [](X x, int) { return square(qr(definite(x[0])).r); }},
      {"pinv(definite(%))", [](X x, int) { return pinv(definite(x[0])); }},
      {"scaled_dot_product_attention(%, %, %)",
       [](X x, int) { return scaled_dot_product_attention(x[0], x[1], x[2]); }},
      {"conv2d(image(%), image(%))", [](X x, int) { return conv2d(image(x[0]), image(x[1])); }},
      {"conv2d(image(%), image(%), {}, {.stride = 2, .padding = 1})",
       [](X x, int) { return conv2d(image(x[0]), image(x[1]), {}, {.stride = 2, .padding = 1}); }},
      {"conv_transpose2d(image(%), image(%))",
       [](X x, int) { return conv_transpose2d(image(x[0]), image(x[1])); }},
      {"max_pool2d(image(%), 2, {.stride = 1})",
       [](X x, int) { return max_pool2d(image(x[0]), 2, {.stride = 1}); }},
      {"avg_pool2d(image(%), 2, {.padding = 1})",
       [](X x, int) { return avg_pool2d(image(x[0]), 2, {.padding = 1}); }},
      {"adaptive_avg_pool2d(image(%), 2)", [](X x, int) { return adaptive_avg_pool2d(image(x[0]), 2); }},
      {"interpolate(image(%), 3, {.mode = Interpolation::bilinear})",
       [](X x, int) { return interpolate(image(x[0]), 3, {.mode = Interpolation::bilinear}); }},
      {"unfold(image(%), 2)", [](X x, int) { return unfold(image(x[0]), 2); }},
      {"batch_norm(image(%), {}, {}, {}, {}, {.training = true, .eps = 0.1})",
       [](X x, int) { return batch_norm(image(x[0]), {}, {}, {}, {}, {.training = true, .eps = 0.1}); }},
      {"dropout(%, 0.5, true, Generator(3))",
       [](X x, int) { return dropout(x[0], 0.5, true, Generator(3)); }},
      {"group_norm(image(%), 1, {}, {}, 0.1)",
       [](X x, int) { return group_norm(image(x[0]), 1, {}, {}, 0.1); }},
      {"prelu(%, mean(%).reshape({1}))", [](X x, int) { return prelu(x[0], mean(x[1]).reshape({1})); }},
  };
  return all;
}

}  // namespace xgrad::fuzz
