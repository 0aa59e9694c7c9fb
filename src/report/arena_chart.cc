#include <algorithm>

#include "report/charts.h"
#include "report/format.h"
#include "report/svg.h"

namespace durward {
namespace {

constexpr double kWidth = 860, kHeight = 380;
constexpr double kLeft = 70, kRight = 850, kTop = 14, kBottom = 326;
constexpr double kLetter = 6.6, kLine = 14;  // pixels

// As much of a name as fits into a rectangle; nothing where that says nothing.
std::string fitting(const std::string& name, double width, double height) {
  const auto letters = static_cast<size_t>(std::max(width, 0.0) / kLetter);
  if (height < kLine || letters < 4) return "";
  return name.size() <= letters ? name : name.substr(0, letters - 1) + "\xE2\x80\xA6";
}

}  // namespace

Html arena_chart(const std::vector<ArenaBar>& tensors, double bytes, double steps) {
  if (tensors.empty() || bytes < 1 || steps < 1) return {};
  const std::vector<double> ticks = round_ticks(bytes / 1024, 5);
  const Scale x{0, steps, kLeft, kRight}, y{0, ticks.back() * 1024, kBottom, kTop};
  Svg svg(kWidth, kHeight,
          "Where " + std::to_string(tensors.size()) + " tensors lie in an arena of " +
              bytes_text(bytes) + " over " + count_text(steps) + " steps.");
  for (const double tick : ticks) {
    svg.line({kLeft, y(tick * 1024)}, {kRight, y(tick * 1024)}, "grid");
    svg.text({kLeft - 8, y(tick * 1024) + 4}, tick_text(tick), Anchor::kEnd);
  }
  for (const ArenaBar& tensor : tensors) {
    const double left = x(tensor.first_step), top = y(tensor.offset + tensor.bytes);
    const double width = x(tensor.last_step + 1) - left, height = y(tensor.offset) - top;
    svg.rectangle({left, top}, width, height, "memory");
    const std::string name = fitting(tensor.name, width, height);
    if (!name.empty()) svg.text({left + 3, top + 11}, name, Anchor::kStart);
  }
  svg.line({kLeft, kBottom}, {kRight, kBottom}, "axis-line");
  for (const double tick : round_ticks(steps, 8)) {
    if (tick <= steps) svg.text({x(tick), kBottom + 16}, tick_text(tick), Anchor::kMiddle);
  }
  svg.text({(kLeft + kRight) / 2, kBottom + 38}, "Steps in the order in which they run",
           Anchor::kMiddle, "axis");
  svg.vertical_text({14, (kTop + kBottom) / 2}, "Place in the arena, KB");
  return figure(svg.finish(), Html(),
                "The arena over one run: each tensor from the first step that touches it to the "
                "last, from its first byte to its last. What is free at one place is where later "
                "tensors lie; tensors of a few rows last as long as their layers run in bands.");
}

}  // namespace durward
