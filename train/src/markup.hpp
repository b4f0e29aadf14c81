#pragma once

#include <string>
#include <string_view>

namespace xgrad::train {

/// A text as it stands in HTML and SVG, in and between marks.
std::string escaped(std::string_view text);
/// A number with one digit behind the point, as pictures take it.
std::string place_text(double value);
/// Colours of curves, which people who confuse red and green can tell apart (Okabe and Ito, 2008).
const char* colour(std::size_t i);

}  // namespace xgrad::train
