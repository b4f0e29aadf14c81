#pragma once

/// Compares conv2d, conv_transpose2d and max_pool2d, with their gradients, with plain loops on random
/// configurations: sizes, strides, paddings, dilations and groups with 0, 1 and equal numbers among them.
void sweep_windows(int configurations, unsigned seed);
