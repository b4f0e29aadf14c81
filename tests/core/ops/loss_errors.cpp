#include <doctest/doctest.h>

#include "core/ops/rows.hpp"

using namespace xgrad;
using test::message_of;

TEST_CASE("losses reject a target of another shape, since it would broadcast") {
  CHECK(message_of([] {
          mse_loss(zeros({3, 1}), zeros({3}));
        }) ==
        "mse_loss: input and target differ in shape: input is f32[3, 1], target is f32[3]; reshape or expand "
        "one of "
        "them");
  CHECK(message_of([] { l1_loss(zeros({3}), zeros({3}, {.dtype = float64})); }) ==
        "l1_loss: input and target mix float32 and float64: input is f32[3], target is f64[3]; convert one "
        "with "
        ".to(float64)");
}

TEST_CASE("a label out of range is named with its row and the number of classes, and nothing has changed") {
  const Tensor x = zeros({2, 10}, {.requires_grad = true});

  CHECK(message_of([&] {
          cross_entropy(x, tensor({3, 12}));
        }) ==
        "cross_entropy: the label in row 1 is 12, but there are 10 classes: input is f32[2, 10], target is "
        "i64[2]; "
        "labels go from 0 to 9, and rows labelled ignore_index = -100 are left out");
  CHECK(
      message_of([&] {
        nll_loss(x, tensor({-1, 2}));
      }) ==
      "nll_loss: the label in row 0 is -1, but there are 10 classes: input is f32[2, 10], target is i64[2]; "
      "labels go from 0 to 9, and rows labelled ignore_index = -100 are left out");
  CHECK(equal(x.detach(), zeros({2, 10})));
  CHECK(!x.grad().defined());
}

TEST_CASE("losses of labels say what shape and dtype they need") {
  const Tensor x = zeros({4, 3});

  CHECK(
      message_of([&] {
        cross_entropy(x, tensor({0, 1}));
      }) ==
      "cross_entropy: the labels must have the shape of the input without its axis of classes, [4]: input is "
      "f32[4, 3], target is i64[2]");
  CHECK(message_of([&] { cross_entropy(x, zeros({4})); }) ==
        "cross_entropy: the target must be int64 labels, or floating probabilities of the input's shape: "
        "input is "
        "f32[4, 3], target is f32[4]; convert labels with .to(int64)");
  CHECK(message_of([&] {
          cross_entropy(tensor({{1, 2}}), tensor({0}));
        }) == "cross_entropy: needs a floating tensor: x is i64[1, 2]; convert it with x.to(float32)");
  CHECK(message_of([&] { nll_loss(x, zeros({4})); }) ==
        "nll_loss: labels must be int64: input is f32[4, 3], target is f32[4]; convert them with .to(int64)");
  CHECK(message_of([&] { cross_entropy(zeros({}), tensor(0)); }) ==
        "cross_entropy: the input needs an axis of classes: input is f32[], target is i64[]");
  CHECK(message_of([&] { nll_loss(zeros({}), tensor(0)); }) ==
        "nll_loss: the input needs an axis of classes: input is f32[], target is i64[]");
  CHECK(message_of([&] {
          cross_entropy(x, tensor({0, 1, 2, 0}), {.weight = ones({2})});
        }) ==
        "cross_entropy: the weight needs one factor for each class, in the dtype of the input: input is "
        "f32[4, 3], "
        "weight is f32[2]");
  CHECK(message_of([&] {
          cross_entropy(x, tensor({0, 1, 2, 0}), {.label_smoothing = 1.5});
        }) == "cross_entropy: label_smoothing must be in [0, 1]: it is 1.5");
  CHECK(message_of([&] { multi_margin_loss(x, zeros({4})); }) ==
        "multi_margin_loss: needs an input [rows, classes] and int64 labels [rows], or [classes] and []: "
        "input is "
        "f32[4, 3], target is f32[4]");
  CHECK(message_of([&] {
          multi_margin_loss(x, tensor({0, 1, 2, 0}), {.p = 3});
        }) == "multi_margin_loss: p must be 1 or 2: it is 3");
}

TEST_CASE("losses of probabilities and distributions say which element is wrong") {
  CHECK(message_of([] {
          binary_cross_entropy(tensor({0.5, 1.5}), tensor({0.0, 1.0}));
        }) ==
        "binary_cross_entropy: element 1 of the input is 1.5, which is not a probability: input is "
        "f32[2]; "
        "apply sigmoid to it, or use binary_cross_entropy_with_logits");
  CHECK(
      message_of([] { binary_cross_entropy(tensor({0.5}), tensor({0.0}), {.pos_weight = tensor({1.0})}); }) ==
      "binary_cross_entropy: pos_weight is an option of binary_cross_entropy_with_logits only: it is f32[1]; "
      "call that op, or leave it out");
  CHECK(message_of([] {
          gaussian_nll_loss(zeros({2}), zeros({2}), tensor({1.0, -1.0}));
        }) == "gaussian_nll_loss: var must not be negative: element 1 of f32[2] is -1");
  CHECK(message_of([] {
          gaussian_nll_loss(zeros({2, 3}), zeros({2, 3}), ones({3}));
        }) ==
        "gaussian_nll_loss: var needs the shape of the input, without its last axis or with size 1 there: "
        "input is "
        "f32[2, 3], var is f32[3]");
  CHECK(message_of([] { huber_loss(zeros({2}), zeros({2}), {.delta = 0}); }) ==
        "huber_loss: delta must be positive: it is 0");
  CHECK(message_of([] { smooth_l1_loss(zeros({2}), zeros({2}), {.beta = -1}); }) ==
        "smooth_l1_loss: beta must not be negative: it is -1");
  CHECK(message_of([] {
          cosine_embedding_loss(zeros({2, 3}), zeros({2, 3}), ones({3}));
        }) ==
        "cosine_embedding_loss: needs inputs [rows, size] and a target [rows], or [size] and []: input1 is "
        "f32[2, 3], target is f32[3]");
}
