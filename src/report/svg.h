// Inline SVG, drawn by hand: shapes with CSS classes of style.cc, coordinates in CSS pixels.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "report/html.h"

namespace durward {

struct SvgPoint {
  double x = 0, y = 0;
};

enum class Anchor : uint8_t { kStart, kMiddle, kEnd };
enum class Marker : uint8_t { kCircle, kSquare };

class Svg {
 public:
  // `description` is what a screen reader says instead of the picture.
  Svg(double width, double height, std::string_view description);

  void line(SvgPoint from, SvgPoint to, std::string_view css_class);
  void rectangle(SvgPoint corner, double width, double height, std::string_view css_class);
  void polyline(const std::vector<SvgPoint>& points, std::string_view css_class);
  void marker(Marker shape, SvgPoint centre, std::string_view css_class);
  void text(SvgPoint at, std::string_view text, Anchor anchor, std::string_view css_class = "tick");
  // Reads from bottom to top.
  void vertical_text(SvgPoint at, std::string_view text);

  [[nodiscard]] Html finish() const;

 private:
  std::string open_;
  Html body_;
};

// A linear axis of pixels for values.
struct Scale {
  double from_value = 0, to_value = 1;
  double from_pixel = 0, to_pixel = 1;

  [[nodiscard]] double operator()(double value) const {
    return from_pixel + (value - from_value) / (to_value - from_value) * (to_pixel - from_pixel);
  }
};

// Round values from 0 to at least `most`, about `count` steps of 1, 2 or 5 times a power of ten.
[[nodiscard]] std::vector<double> round_ticks(double most, int count);

// The shortest text of a tick: "0", "2.5", "40".
[[nodiscard]] std::string tick_text(double value);

// The css class of the n-th of several lines or bars: colour and dashes, so that print without
// colour still tells them apart.
[[nodiscard]] std::string series_class(size_t index);

// <figure> with a drawing, a legend (may be empty) and a caption.
[[nodiscard]] Html figure(const Html& drawing, const Html& legend, std::string_view caption);

struct LegendEntry {
  std::string name;
  Html swatch;
};
[[nodiscard]] Html legend(const std::vector<LegendEntry>& entries);
// What stands before a name in the legend: a piece of the line, or a marker, or a filled box.
[[nodiscard]] Html line_swatch(std::string_view css_class);
[[nodiscard]] Html marker_swatch(Marker shape, std::string_view css_class);
[[nodiscard]] Html box_swatch(std::string_view css_class);

}  // namespace durward
