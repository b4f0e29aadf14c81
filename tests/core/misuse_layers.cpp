#include "core/misuse.hpp"

using namespace xgrad;
using test::Misuse;

TEST_CASE_FIXTURE(Misuse, "misuse: convolution and pooling") {
  says([&] { conv2d(x, w); },
       "conv2d: needs x[batch, channels, height, width] and a weight of 4 axes: x is f32[2, 3], weight is "
       "f32[2, 2, 3, 3]");
  says([&] { conv2d(im, x); },
       "conv2d: needs a weight [out, in / groups, height, width]: x is f32[1, 2, 4, 4], weight is f32[2, 3]");
  says([&] { conv2d(im, w, {}, {.stride = 0}); }, "conv2d: the stride must be at least 1: it is 0");
  says([&] { conv2d(im, w, {}, {.padding = -1}); }, "conv2d: the padding must be at least 0: it is -1");
  says([&] { conv2d(im, w, {}, {.dilation = 0}); }, "conv2d: the dilation must be at least 1: it is 0");
  says([&] { conv2d(im, w, {}, {.groups = 0}); }, "conv2d: groups must be at least 1: it is 0");
  says([&] { conv2d(im, w, {}, {.groups = 3}); },
       "conv2d: the weight's first size must be a multiple of the 3 groups: x is f32[1, 2, 4, 4], weight is "
       "f32[2, 2, 3, 3]");
  says([&] { conv2d(im, w, {}, {.padding = ibig}); },
       "conv2d: the padding must be at most 32767: it is 2147483647");
  says([&] { conv2d(im, w, {}, {.dilation = ibig}); },
       "conv2d: the dilation must be at most 32767: it is 2147483647");
  says([&] { conv2d(im, w, {}, {.stride = ibig}); },
       "conv2d: the stride must be at most 32767: it is 2147483647");
  says([&] { conv2d(im, randn({2, 2, 0, 0})); }, "conv2d: the kernel must be at least 1: it is 0");
  says(
      [&] {
        conv2d(im, randn({2, 2, 9, 9}));
      },
      "conv2d: the kernel is larger than the padded image: x is f32[1, 2, 4, 4], weight is f32[2, 2, 9, 9]; "
      "take a smaller kernel, or more padding");
  says([&] { conv2d(im, w, randn({9})); },
       "conv2d: the bias must have the 2 output channels: x is f32[1, 2, 4, 4], weight is f32[2, 2, 3, 3], "
       "bias is f32[9]");
  says([&] { conv2d(im, w.to(float64)); },
       "conv2d: operands differ in dtype: x is f32[1, 2, 4, 4], weight is f64[2, 2, 3, 3]; convert one with "
       ".to()");
  says([&] { conv2d(im, w, zeros({2}, {.dtype = float64})); },
       "conv2d: operands differ in dtype: x is f32[1, 2, 4, 4], weight is f32[2, 2, 3, 3], bias is f64[2]; "
       "convert one with .to()");
  says([&] { conv2d(im.to(int64), w); },
       "conv2d: needs a floating tensor: x is i64[1, 2, 4, 4]; convert it with x.to(float32)");
  says(
      [&] { conv2d(u, w); },
      "conv2d: a tensor is undefined: default-constructed, or a gradient that is not there; give it a value");
  says([&] { conv_transpose2d(im, w, {}, {.stride = 0}); },
       "conv_transpose2d: the stride must be at least 1: it is 0");
  says([&] { conv_transpose2d(im, w, {}, {.output_padding = 5}); },
       "conv_transpose2d: output_padding must be below stride or dilation, and the result's sizes be at "
       "least 1: they would be 11 and 11, x is f32[1, 2, 4, 4], weight is f32[2, 2, 3, 3]");
  says([&] { conv_transpose2d(im, w, {}, {.padding = ibig}); },
       "conv_transpose2d: the padding must be at most 32767: it is 2147483647");
  says([&] { conv_transpose2d(im, w, {}, {.stride = ibig}); },
       "conv_transpose2d: the stride must be at most 32767: it is 2147483647");
  says([&] { conv_transpose2d(im, w, {}, {.groups = 0}); },
       "conv_transpose2d: groups must be at least 1: it is 0");
  says([&] { conv_transpose2d(im, w, {}, {.dilation = ibig}); },
       "conv_transpose2d: the dilation must be at most 32767: it is 2147483647");
  says([&] { conv_transpose2d(im, x); },
       "conv_transpose2d: needs a weight [in, out / groups, height, width]: x is f32[1, 2, 4, 4], weight is "
       "f32[2, 3]");
  says([&] { unfold(x, 2); }, "unfold: needs x[batch, channels, height, width]: x is f32[2, 3]");
  says([&] { unfold(im, 0); }, "unfold: the kernel must be at least 1: it is 0");
  says([&] { unfold(im, 9); },
       "unfold: the kernel is larger than the padded image: x is f32[1, 2, 4, 4]; take a smaller kernel, or "
       "more padding");
  says([&] { unfold(im, ibig); }, "unfold: the kernel must be at most 32767: it is 2147483647");
  says([&] { unfold(im, 2, {.stride = 0}); }, "unfold: the stride must be at least 1: it is 0");
  says([&] { unfold(im, 2, {.padding = ibig}); },
       "unfold: the padding must be at most 32767: it is 2147483647");
  says([&] { unfold(im, 2, {.dilation = 0}); }, "unfold: the dilation must be at least 1: it is 0");
  says([&] { fold(x, 2, 2); }, "fold: needs x[batch, channels kh kw, positions]: x is f32[2, 3]");
  says([&] { fold(randn({1, 8, 9}), 4, 0); }, "fold: the kernel must be at least 1: it is 0");
  says(
      [&] {
        fold(randn({1, 8, 9}), 0, 2);
      },
      "fold: the kernel is larger than the padded image: x is f32[1, 8, 9]; take a smaller kernel, or more "
      "padding");
  says(
      [&] {
        fold(randn({1, 8, 8}), 4, 2);
      },
      "fold: the image needs a multiple of 4 rows, and 9 positions: x is f32[1, 8, 8]");
  says([&] { fold(randn({1, 8, 9}), 4, 2, {.stride = 0}); }, "fold: the stride must be at least 1: it is 0");
  says([&] { max_pool2d(x, 2); }, "max_pool2d: needs x[batch, channels, height, width]: x is f32[2, 3]");
  says([&] { max_pool2d(im, 0); },
       "max_pool2d: kernel, stride and dilation must lie between 1 and 32767: they are [0, 0], [0, 0] and "
       "[1, 1], x is f32[1, 2, 4, 4]");
  says([&] { max_pool2d(im, 5); },
       "max_pool2d: the kernel is larger than the padded image: x is f32[1, 2, 4, 4], the kernel is [5, 5]; "
       "take a smaller kernel, or more padding");
  says([&] { max_pool2d(im, 2, {.padding = 2}); },
       "max_pool2d: the padding must lie between 0 and half the kernel: they are [2, 2] and [2, 2], x is "
       "f32[1, 2, 4, 4]");
  says([&] { max_pool2d(im.to(int64), 2); },
       "max_pool2d: needs a floating tensor: x is i64[1, 2, 4, 4]; convert it with x.to(float32)");
  says([&] { avg_pool2d(im, 0); },
       "avg_pool2d: kernel, stride and dilation must lie between 1 and 32767: they are [0, 0], [0, 0] and "
       "[1, 1], x is f32[1, 2, 4, 4]");
  says([&] { avg_pool2d(im, 2, {.padding = 9}); },
       "avg_pool2d: the padding must lie between 0 and half the kernel: they are [9, 9] and [2, 2], x is "
       "f32[1, 2, 4, 4]");
  says(
      [&] {
        avg_pool2d(zeros({1, 1, 0, 0}), 1);
      },
      "avg_pool2d: the kernel is larger than the padded image: x is f32[1, 1, 0, 0], the kernel is [1, 1]; "
      "take a smaller kernel, or more padding");
  says([&] { adaptive_avg_pool2d(im, 0); },
       "adaptive_avg_pool2d: sizes must be at least 1: x is f32[1, 2, 4, 4], the result would be 0 by 0");
  says([&] { adaptive_avg_pool2d(im, ibig); },
       "adaptive_avg_pool2d: too many elements: the shape is [1, 2, 2147483647, 2147483647]; a tensor holds "
       "at most 2^45 elements");
  says([&] { adaptive_avg_pool2d(x, 1); },
       "adaptive_avg_pool2d: needs x[batch, channels, height, width]: x is f32[2, 3]");
  says([&] { interpolate(im, 0); },
       "interpolate: sizes must be at least 1: x is f32[1, 2, 4, 4], the result would be 0 by 0");
  says([&] { interpolate(im, ibig); },
       "interpolate: too many elements: the shape is [1, 2, 2147483647, 2147483647]; a tensor holds at most "
       "2^45 elements");
  says([&] { interpolate(x, 2); }, "interpolate: needs x[batch, channels, height, width]: x is f32[2, 3]");
}

TEST_CASE_FIXTURE(Misuse, "misuse: normalization, dropout and attention") {
  says([&] { layer_norm(x, {2}); }, "layer_norm: x must end in the normalized shape [2]: x is f32[2, 3]");
  says([&] { layer_norm(x, {3}, randn({2})); }, "layer_norm: weight must have shape [3]: it is f32[2]");
  says([&] { layer_norm(x, {3}, {}, randn({2})); }, "layer_norm: bias must have shape [3]: it is f32[2]");
  says([&] { layer_norm(x, {3}, {}, {}, nan); }, "layer_norm: eps must not be negative: it is nan");
  says([&] { layer_norm(i, {2}); },
       "layer_norm: needs a floating tensor: x is i64[2]; convert it with x.to(float32)");
  says([&] { layer_norm(u, {2}); },
       "layer_norm: a tensor is undefined: default-constructed, or a gradient that is not there; give it a "
       "value");
  says([&] { group_norm(x, 2); },
       "group_norm: needs x[batch, channels, ...] whose channels divide into 2 groups: x is f32[2, 3]");
  says([&] { instance_norm(x); }, "instance_norm: needs x[batch, channels, ...]: x is f32[2, 3]");
  says(
      [&] {
        instance_norm(zeros({1, 0, 2}));
      },
      "instance_norm: needs x[batch, channels, ...] whose channels divide into 0 groups: x is f32[1, 0, 2]");
  says([&] { rms_norm(x, {2}); }, "rms_norm: x must end in the normalized shape [2]: x is f32[2, 3]");
  says([&] { rms_norm(x, {3}, randn({2})); }, "rms_norm: weight must have shape [3]: it is f32[2]");
  says([&] { rms_norm(x, {3}, {}, nan); }, "rms_norm: eps must not be negative: it is nan");
  says([&] { batch_norm(x, {}, {}); },
       "batch_norm: outside training the running statistics are needed: x is f32[2, 3]; pass both, or "
       "{.training = true}");
  says([&] { batch_norm(v, {}, {}, {}, {}, {.training = true}); },
       "batch_norm: needs x[batch, channels, ...]: x is f32[3]");
  says(
      [&] {
        batch_norm(randn({1, 3}), {}, {}, {}, {}, {.training = true});
      },
      "batch_norm: training needs more than one value for each channel: x is f32[1, 3]");
  says([&] { batch_norm(x, randn({2}), {}, {}, {}, {.training = true}); },
       "batch_norm: running_mean must have shape [3]: it is f32[2]");
  says([&] { batch_norm(x, zeros({3}), ones({3}), {}, {}, {.training = true, .momentum = nan}); },
       "batch_norm: the momentum must lie in [0, 1]: it is nan");
  says([&] { batch_norm(x, zeros({3}), ones({3}), {}, {}, {.eps = -1}); },
       "batch_norm: eps must not be negative: it is -1");
  says([&] { dropout(x, 1.5); }, "dropout: the probability must lie in [0, 1]: it is 1.5");
  says([&] { dropout(i); }, "dropout: needs a floating tensor: x is i64[2]; convert it with x.to(float32)");
  says([&] { scaled_dot_product_attention(x, y, x); },
       "scaled_dot_product_attention: needs q[..., L, d], k[..., S, d], v[..., S, e]: q is f32[2, 3], k is "
       "f32[3, 2], v is f32[2, 3]");
  says(
      [&] {
        scaled_dot_product_attention(x, x, x, {.mask = zeros({5, 5})});
      },
      "scaled_dot_product_attention: the mask must broadcast to the scores [2, 2]: it is f32[5, 5]; q is "
      "f32[2, 3], k is f32[2, 3], v is f32[2, 3]");
  says([&] { scaled_dot_product_attention(x, x, x, {.mask = i}); },
       "scaled_dot_product_attention: the mask must be boolean, or of the operands' dtype: it is i64[2]; q "
       "is f32[2, 3], k is f32[2, 3], v is f32[2, 3]");
  says([&] { scaled_dot_product_attention(x, x, x, {.dropout_p = 2}); },
       "scaled_dot_product_attention: the probability dropout_p must lie in [0, 1]: it is 2");
  says(
      [&] {
        scaled_dot_product_attention(zeros({2, 2, 3}), zeros({3, 2, 3}), x);
      },
      "scaled_dot_product_attention: the batches do not broadcast: a is f32[2, 2, 3], b is f32[3, 2, 3] "
      "differ in axis -3; sizes must agree, or one of them be 1");
  says([&] { scaled_dot_product_attention(x, d, x); },
       "scaled_dot_product_attention: operands differ in dtype: a is f32[2, 3], b is f64[2, 3]; convert one "
       "with .to()");
  says(
      [&] {
        scaled_dot_product_attention(i.reshape({1, 2}), i.reshape({1, 2}), i.reshape({1, 2}));
      },
      "scaled_dot_product_attention: needs a floating tensor: x is i64[1, 2]; convert it with x.to(float32)");
  says([&] { cosine_similarity(x, y); },
       "cosine_similarity: shapes do not broadcast: f32[2, 3] and f32[3, 2] differ in axis -2; sizes must "
       "agree, or one of them be 1");
  says([&] { cosine_similarity(x, x, 4); },
       "cosine_similarity: axis 4 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { cosine_similarity(x, d); },
       "cosine_similarity: operands differ in dtype: a is f32[2, 3], b is f64[2, 3]; convert one with .to()");
  says([&] { pairwise_distance(x, y); },
       "pairwise_distance: shapes do not broadcast: f32[2, 3] and f32[3, 2] differ in axis -2; sizes must "
       "agree, or one of them be 1");
  says([&] { pairwise_distance(x, x, nan); }, "pairwise_distance: the order p must be a number: it is nan");
  says([&] { normalize(x, 2, 4); }, "normalize: axis 4 is out of range: x is f32[2, 3]; axes are -2 to 1");
  says([&] { normalize(v); }, "normalize: axis 1 is out of range: x is f32[3]; axes are -1 to 0");
  says([&] { normalize(i); },
       "normalize: needs a floating tensor: x is i64[2]; convert it with x.to(float32)");
}

TEST_CASE_FIXTURE(Misuse, "misuse: losses") {
  says([&] { mse_loss(x, v); },
       "mse_loss: input and target differ in shape: input is f32[2, 3], target is f32[3]; reshape or expand "
       "one of them");
  says([&] { mse_loss(x, d); },
       "mse_loss: input and target mix float32 and float64: input is f32[2, 3], target is f64[2, 3]; convert "
       "one with .to(float64)");
  says([&] { mse_loss(x, u); },
       "mse_loss: a tensor is undefined: default-constructed, or a gradient that is not there; give it a "
       "value");
  says([&] { smooth_l1_loss(x, x, {.beta = -1}); }, "smooth_l1_loss: beta must not be negative: it is -1");
  says([&] { huber_loss(x, x, {.delta = 0}); }, "huber_loss: delta must be positive: it is 0");
  says([&] { binary_cross_entropy(full({2}, nan), zeros({2})); },
       "binary_cross_entropy: element 0 of the input is nan, which is not a probability: input is f32[2]; "
       "apply sigmoid to it, or use binary_cross_entropy_with_logits");
  says([&] { binary_cross_entropy(sigmoid(x), x, {.weight = randn({5})}); },
       "binary_cross_entropy: shapes do not broadcast: f32[2, 3] and f32[5] differ in axis -1; sizes must "
       "agree, or one of them be 1");
  says(
      [&] {
        cross_entropy(x, tensor({0, 3}));
      },
      "cross_entropy: the label in row 1 is 3, but there are 3 classes: input is f32[2, 3], target is "
      "i64[2]; labels go from 0 to 2, and rows labelled ignore_index = -100 are left out");
  says([&] { cross_entropy(x, tensor({0})); },
       "cross_entropy: the labels must have the shape of the input without its axis of classes, [2]: input "
       "is f32[2, 3], target is i64[1]");
  says([&] { cross_entropy(x, b); },
       "cross_entropy: the target must be int64 labels, or floating probabilities of the input's shape: "
       "input is f32[2, 3], target is bool[2, 3]; convert labels with .to(int64)");
  says([&] { cross_entropy(x, v); },
       "cross_entropy: the target must be int64 labels, or floating probabilities of the input's shape: "
       "input is f32[2, 3], target is f32[3]; convert labels with .to(int64)");
  says([&] { cross_entropy(s, tensor(0)); },
       "cross_entropy: the input needs an axis of classes: input is f32[], target is i64[]");
  says([&] { cross_entropy(x, i, {.weight = randn({2})}); },
       "cross_entropy: the weight needs one factor for each class, in the dtype of the input: input is "
       "f32[2, 3], weight is f32[2]");
  says([&] { cross_entropy(x, i, {.label_smoothing = 2}); },
       "cross_entropy: label_smoothing must be in [0, 1]: it is 2");
  says([&] { cross_entropy(x, d); },
       "cross_entropy: input and target mix float32 and float64: input is f32[2, 3], target is f64[2, 3]; "
       "convert one with .to(float64)");
  says(
      [&] {
        nll_loss(x, tensor({0, 3}));
      },
      "nll_loss: the label in row 1 is 3, but there are 3 classes: input is f32[2, 3], target is i64[2]; "
      "labels go from 0 to 2, and rows labelled ignore_index = -100 are left out");
  says([&] { nll_loss(v, i); },
       "nll_loss: the labels must have the shape of the input without its axis of classes, []: input is "
       "f32[3], target is i64[2]");
  says([&] { nll_loss(x, x); },
       "nll_loss: labels must be int64: input is f32[2, 3], target is f32[2, 3]; convert them with "
       ".to(int64)");
  says(
      [&] {
        multi_margin_loss(x, tensor({0, 3}));
      },
      "multi_margin_loss: the label in row 1 is 3, but there are 3 classes: input is f32[2, 3], target is "
      "i64[2]; labels go from 0 to 2");
  says([&] { multi_margin_loss(x, i, {.p = 3}); }, "multi_margin_loss: p must be 1 or 2: it is 3");
  says([&] { kl_div(x, y); },
       "kl_div: input and target differ in shape: input is f32[2, 3], target is f32[3, 2]; reshape or expand "
       "one of them");
  says([&] { poisson_nll_loss(x, y); },
       "poisson_nll_loss: input and target differ in shape: input is f32[2, 3], target is f32[3, 2]; reshape "
       "or expand one of them");
  says(
      [&] {
        gaussian_nll_loss(x, x, -ones({2, 3}));
      },
      "gaussian_nll_loss: var must not be negative: element 0 of f32[2, 3] is -1");
  says([&] { gaussian_nll_loss(x, x, randn({4})); },
       "gaussian_nll_loss: var needs the shape of the input, without its last axis or with size 1 there: "
       "input is f32[2, 3], var is f32[4]");
  says([&] { soft_margin_loss(x, y); },
       "soft_margin_loss: input and target differ in shape: input is f32[2, 3], target is f32[3, 2]; reshape "
       "or expand one of them");
  says([&] { hinge_embedding_loss(x, v); },
       "hinge_embedding_loss: input and target differ in shape: input is f32[2, 3], target is f32[3]; "
       "reshape or expand one of them");
  says([&] { margin_ranking_loss(x, x, v); },
       "margin_ranking_loss: input and target differ in shape: input is f32[2, 3], target is f32[3]; reshape "
       "or expand one of them");
  says([&] { triplet_margin_loss(x, x, y); },
       "triplet_margin_loss: input and target differ in shape: input is f32[2, 3], target is f32[3, 2]; "
       "reshape or expand one of them");
  says([&] { triplet_margin_loss(x, x, x, {.p = nan}); },
       "triplet_margin_loss: the order p must be a number: it is nan");
  says([&] { cosine_embedding_loss(x, x, v); },
       "cosine_embedding_loss: needs inputs [rows, size] and a target [rows], or [size] and []: input1 is "
       "f32[2, 3], target is f32[3]");
  says([&] { cosine_embedding_loss(x, y, i); },
       "cosine_embedding_loss: input and target differ in shape: input is f32[2, 3], target is f32[3, 2]; "
       "reshape or expand one of them");
  says([&] { cosine_embedding_loss(im, im, i); },
       "cosine_embedding_loss: needs inputs [rows, size] and a target [rows], or [size] and []: input1 is "
       "f32[1, 2, 4, 4], target is i64[2]");
  says(
      [&] {
        ctc_loss(lp, tg, tensor({5, 4}), tl);
      },
      "ctc_loss: the input length of sequence 0 is 5, but there are 4 steps: log_probs is f32[4, 2, 3], "
      "targets is i64[2, 2], input_lengths is i64[2], target_lengths is i64[2]; lengths must be 0 to 4");
  says(
      [&] {
        ctc_loss(lp, tg, il, tensor({3, 2}));
      },
      "ctc_loss: the target length of sequence 0 is 3, but there are 2 labels for it: log_probs is f32[4, 2, "
      "3], targets is i64[2, 2], input_lengths is i64[2], target_lengths is i64[2]; its length must be 0 to "
      "2");
  says([&] { ctc_loss(lp, tg, il, tl, {.blank = 3}); },
       "ctc_loss: blank 3 must be one of the 3 classes: log_probs is f32[4, 2, 3], targets is i64[2, 2], "
       "input_lengths is i64[2], target_lengths is i64[2]");
  says([&] { ctc_loss(lp, tg + 5, il, tl); },
       "ctc_loss: label 0 of sequence 0 is 6, which is not one of the 3 classes other than blank 0: "
       "log_probs is f32[4, 2, 3], targets is i64[2, 2], input_lengths is i64[2], target_lengths is i64[2]; "
       "labels must be 0 to 2");
  says([&] { ctc_loss(lp, tg.to(float32), il, tl); },
       "ctc_loss: targets and lengths must be int64: log_probs is f32[4, 2, 3], targets is f32[2, 2], "
       "input_lengths is i64[2], target_lengths is i64[2]");
  says([&] { ctc_loss(lp, tg, tensor({4}), tl); },
       "ctc_loss: there must be one length for each of the batch: log_probs is f32[4, 2, 3], targets is "
       "i64[2, 2], input_lengths is i64[1], target_lengths is i64[2]");
  says([&] { ctc_loss(s, tg, il, tl); },
       "ctc_loss: log_probs needs the axes [steps, batch, classes] or [steps, classes]: log_probs is f32[], "
       "targets is i64[2, 2], input_lengths is i64[2], target_lengths is i64[2]");
}
