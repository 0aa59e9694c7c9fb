// How the report looks on screen and on paper.
#pragma once

#include <string_view>

#include "report/html.h"

namespace durward {

// The style sheet. Light, no web fonts, colours of Okabe and Ito (told apart by colour-blind
// readers) and never alone: lines differ in dashes, bars in hatching, markers in shape.
[[nodiscard]] std::string_view report_style();

// The hatchings that the style sheet fills shapes with; once per document.
[[nodiscard]] Html svg_patterns();

}  // namespace durward
