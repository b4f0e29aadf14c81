#pragma once

#include <cstddef>

/// y = tanh x, an element at a time.
void tanh_loop(const float* x, float* y, std::size_t n);

/// A convolution of x [channels, size, size] by w [channels, channels, 3, 3], without padding.
void convolution_loop(const float* x, const float* w, float* y, std::size_t channels, std::size_t size);
