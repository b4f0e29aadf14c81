#pragma once

#include <string>

#include "xgrad/data/dataset.hpp"

// Data sets that ship with xgrad in examples/data, with their origin and licence in SOURCES.md there, and
// Fashion-MNIST. Features are [n, columns] in their original units where nothing else is said; labels are
// int64 [n], targets of regressions [n, 1]. Each throws Error when its file is not found, listing every place
// that was tried and how to get it, and when the file is not what it should be.

namespace xgrad::data {

struct SetOptions {
  std::string directory = {};  ///< look only here; empty: see directories() in directories.hpp
  DType dtype = float32;       ///< of features and of the targets of regressions
};

/// Handwritten digits: 1797 images of 8 x 8 pixels, scaled from 0 ... 16 to [0, 1]; 10 classes.
TensorDataset digits(const SetOptions& options = {});
/// Iris flowers (Fisher 1936): 150 examples, 4 measures in cm, 3 classes.
TensorDataset iris(const SetOptions& options = {});
/// Wines of three growers: 178 examples, 13 measures, 3 classes.
TensorDataset wine(const SetOptions& options = {});
/// Breast cancer, Wisconsin diagnostic: 569 examples, 30 measures, 2 classes (0 malignant, 1 benign).
TensorDataset breast_cancer(const SetOptions& options = {});
/// House prices in Boston (Harrison and Rubinfeld 1978): 506 examples, 13 measures, the price in 1000
/// dollars.
TensorDataset boston_housing(const SetOptions& options = {});
/// Diabetes (Efron et al. 2004): 442 examples, 10 measures, the progression of the disease after a year.
TensorDataset diabetes(const SetOptions& options = {});

struct FashionMnistOptions {
  bool train = true;           ///< the 60,000 images for training, or the 10,000 for testing
  std::string directory = {};  ///< look only here; empty: directories() and the Debian package's place
  DType dtype = float32;
};

/// Fashion-MNIST (Xiao et al. 2017): images of 28 x 28 pixels, scaled from 0 ... 255 to [0, 1], one a row of
/// 784; 10 classes. `x.reshape({-1, 1, 28, 28})` makes images of one channel of them and shares the memory.
///
/// Read from Debian's package dataset-fashion-mnist, or from a directory fashion-mnist in a data directory.
TensorDataset fashion_mnist(const FashionMnistOptions& options = {});

}  // namespace xgrad::data
