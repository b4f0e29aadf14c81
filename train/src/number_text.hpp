#pragma once

#include <cstdint>
#include <string>

namespace xgrad::train {

/// Four digits behind the point, or three after the first one where the number is small or large.
std::string short_text(double value);
/// The shortest text that gives the same number again.
std::string exact_text(double value);
/// "0.3 s", "12 s", "3:07", "1:02:03".
std::string duration_text(double seconds);

}  // namespace xgrad::train
