#include "report/svg.h"

#include <absl/strings/str_cat.h>
#include <absl/strings/str_format.h>

#include <cmath>

namespace durward {
namespace {

absl::string_view view(std::string_view text) { return {text.data(), text.size()}; }

Html swatch(const Html& shape) {
  return Html::markup("<svg class=\"swatch\" viewBox=\"0 0 30 14\" aria-hidden=\"true\">") + shape +
         Html::markup("</svg>");
}

Html marker_shape(Marker shape, SvgPoint centre, std::string_view css_class) {
  if (shape == Marker::kCircle) {
    return Html::markup(absl::StrFormat("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" class=\"%s\"/>",
                                        centre.x, centre.y, view(css_class)));
  }
  return Html::markup(
      absl::StrFormat("<rect x=\"%.1f\" y=\"%.1f\" width=\"9\" height=\"9\" class=\"%s\"/>",
                      centre.x - 4.5, centre.y - 4.5, view(css_class)));
}

const char* anchor_name(Anchor anchor) {
  return anchor == Anchor::kStart ? "start" : anchor == Anchor::kMiddle ? "middle" : "end";
}

}  // namespace

Svg::Svg(double width, double height, std::string_view description)
    : open_(
          absl::StrFormat("<svg viewBox=\"0 0 %.0f %.0f\" style=\"max-width:%.0fpx\" role=\"img\" "
                          "preserveAspectRatio=\"xMinYMin meet\" "
                          "aria-label=\"%s\">",
                          width, height, width, Html::text(description).string())) {}

void Svg::line(SvgPoint from, SvgPoint to, std::string_view css_class) {
  body_ += Html::markup(
      absl::StrFormat("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" class=\"%s\"/>\n",
                      from.x, from.y, to.x, to.y, view(css_class)));
}

void Svg::rectangle(SvgPoint corner, double width, double height, std::string_view css_class) {
  body_ += Html::markup(absl::StrFormat(
      "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" class=\"%s\"/>\n", corner.x,
      corner.y, std::max(width, 0.0), std::max(height, 0.0), view(css_class)));
}

void Svg::polyline(const std::vector<SvgPoint>& points, std::string_view css_class) {
  std::string list;
  for (const SvgPoint& point : points) absl::StrAppendFormat(&list, "%.1f,%.1f ", point.x, point.y);
  body_ += Html::markup(
      absl::StrFormat("<polyline points=\"%s\" class=\"%s\"/>\n", list, view(css_class)));
}

void Svg::marker(Marker shape, SvgPoint centre, std::string_view css_class) {
  body_ += marker_shape(shape, centre, css_class);
}

void Svg::text(SvgPoint at, std::string_view text, Anchor anchor, std::string_view css_class) {
  body_ +=
      Html::markup(absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">",
                                   at.x, at.y, anchor_name(anchor), view(css_class))) +
      Html::text(text) + Html::markup("</text>\n");
}

void Svg::vertical_text(SvgPoint at, std::string_view text) {
  body_ += Html::markup(absl::StrFormat(
               "<text transform=\"translate(%.1f %.1f) rotate(-90)\" text-anchor=\"middle\" "
               "class=\"axis\">",
               at.x, at.y)) +
           Html::text(text) + Html::markup("</text>\n");
}

Html Svg::finish() const { return Html::markup(open_) + body_ + Html::markup("</svg>\n"); }

std::vector<double> round_ticks(double most, int count) {
  if (!(most > 0) || !std::isfinite(most)) most = 1;
  const double rough = most / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks = {0};
  while (ticks.back() < most) ticks.push_back(static_cast<double>(ticks.size()) * step);
  return ticks;
}

std::string tick_text(double value) { return absl::StrFormat("%.6g", value); }

std::string series_class(size_t index) { return absl::StrCat("s", index % 6); }

Html figure(const Html& drawing, const Html& legend, std::string_view caption) {
  return element("figure", drawing + legend + element("figcaption", caption));
}

Html legend(const std::vector<LegendEntry>& entries) {
  Html list;
  for (const LegendEntry& entry : entries) {
    list += element("li", entry.swatch + Html::text(entry.name));
  }
  return element("ul", list, "class=\"legend\"");
}

Html line_swatch(std::string_view css_class) {
  return swatch(Html::markup(absl::StrFormat(
      "<line x1=\"0\" y1=\"7\" x2=\"30\" y2=\"7\" class=\"curve %s\"/>", view(css_class))));
}

Html marker_swatch(Marker shape, std::string_view css_class) {
  return swatch(marker_shape(shape, {15, 7}, css_class));
}

Html box_swatch(std::string_view css_class) {
  return swatch(Html::markup(absl::StrFormat(
      "<rect x=\"4\" y=\"1\" width=\"22\" height=\"12\" class=\"%s\"/>", view(css_class))));
}

}  // namespace durward
