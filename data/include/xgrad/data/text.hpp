#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "xgrad/data/pipeline.hpp"

// Text as numbers: tokens of a text, their numbers by a Vocabulary (vocabulary.hpp) or by BytePairs
// (byte_pairs.hpp), and what a language model learns from.

namespace xgrad::data {

/// The whole of a file, plain or compressed by gzip. Throws Error where it cannot be read, and where it is
/// not UTF-8, with the line and the column of the byte.
std::string read_text(const std::string& path);

/// The characters of a text, each a token of one to four bytes. Throws Error where it is not UTF-8.
std::vector<std::string> characters(std::string_view text);

/// Its words: runs of letters, digits, and apostrophes between letters, and each other character that is no
/// white space by itself. Every character beyond ASCII counts as a letter.
std::vector<std::string> words(std::string_view text);

/// The lines of a file, one after another and without their ends, each as the one tensor that `encode` makes
/// of it. Lines without anything are left out. `batch(n, {.padding = 0})` makes batches of lines of different
/// length.
Pipeline text_source(const std::string& path, std::function<Tensor(std::string_view)> encode);

struct WindowOptions {
  std::int64_t stride = 0;  ///< from one window to the next; 0: its length, so that they do not overlap
};

/// What a language model learns from: windows of `length` tokens, and the tokens that follow each of these.
/// Row k is ids[k stride ... k stride + length) and the same one further. By index, and sharing the memory of
/// ids. Throws Error unless ids are int64 [n] with n > length.
Pipeline language_windows(const Tensor& ids, std::int64_t length, WindowOptions options = {});

}  // namespace xgrad::data
