// Faces that move, made of one picture of a face: turned about the neck on a simple head, with the
// lids drawn over the eyes, or turned as a flat print.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <random>

#include "data/image.h"
#include "data/image_mat.h"
#include "vision/face_landmarks.h"

namespace durward {

struct HeadTurn {
  double yaw = 0, pitch = 0;  // degrees, as HeadPose has them
  bool flat = false;          // the picture is a print: nothing stands out of it
};

// The head is a cylinder of 1.25 eye distances with a nose on it, seen from far away. Each pixel is
// looked up where the head that turns shows it: its place on the unturned head is found by fixed
// point iteration, since depth depends on it.
[[nodiscard]] inline Image turn_head(const Image& image, const Landmarks& face,
                                     const HeadTurn& turn) {
  const double dx = face.left_eye.x - face.right_eye.x, dy = face.left_eye.y - face.right_eye.y;
  const double eyes = std::hypot(dx, dy), c = dx / eyes, s = dy / eyes;
  const Point middle{(face.left_eye.x + face.right_eye.x) / 2,
                     (face.left_eye.y + face.right_eye.y) / 2};
  const double yaw = turn.yaw * std::numbers::pi / 180, pitch = turn.pitch * std::numbers::pi / 180;
  const auto depth = [&](double x, double y) {  // towards the camera
    if (turn.flat) return 0.0;
    constexpr double kRadius = 1.25;
    const double nose = x * x / 0.08 + (y - 0.55) * (y - 0.55) / 0.0968;
    return std::sqrt(std::max(kRadius * kRadius - x * x, 0.05)) - kRadius -
           0.12 * (y - 0.5) * (y - 0.5) + 0.36 * std::exp(-nose);
  };
  cv::Mat xs(image.height, image.width, CV_32F), ys(image.height, image.width, CV_32F);
  for (int row = 0; row < image.height; ++row) {
    for (int column = 0; column < image.width; ++column) {
      const double right = (column - middle.x) / eyes, down = (row - middle.y) / eyes;
      const double u = c * right + s * down, v = -s * right + c * down;
      double x = u, y = v;
      for (int i = 0; i < 12; ++i) {
        const double z = depth(x, y);
        const double turned = z * std::cos(yaw) - x * std::sin(yaw);
        x = (x + (u - z * std::sin(yaw)) / std::cos(yaw)) / 2;
        y = (y + (v + turned * std::sin(pitch)) / std::cos(pitch)) / 2;
      }
      xs.at<float>(row, column) = static_cast<float>(middle.x + eyes * (c * x - s * y));
      ys.at<float>(row, column) = static_cast<float>(middle.y + eyes * (s * x + c * y));
    }
  }
  Image moved(image.width, image.height);
  cv::Mat target = as_mat(moved);
  cv::remap(as_mat(image), target, xs, ys, cv::INTER_LINEAR, cv::BORDER_REPLICATE);
  return moved;
}

// Both lids down over `shut` of the eyes' opening, 0 to 1: the skin above is stretched over it, and
// ends in a dark line of lashes.
[[nodiscard]] inline Image close_eyes(const Image& image, const FaceShape& shape, double shut) {
  if (shut <= 0) return image;
  cv::Mat xs(image.height, image.width, CV_32F), ys(image.height, image.width, CV_32F);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      xs.at<float>(y, x) = static_cast<float>(x);
      ys.at<float>(y, x) = static_cast<float>(y);
    }
  }
  cv::Mat light(image.height, image.width, CV_32F, cv::Scalar(1));
  for (const size_t eye : {size_t{36}, size_t{42}}) {
    const auto border = [&](double x, std::array<size_t, 4> points) {
      for (size_t i = 0; i + 1 < points.size(); ++i) {
        const Point &a = shape[eye + points[i]], &b = shape[eye + points[i + 1]];
        if (x <= b.x || i + 2 == points.size()) {
          const double part = std::clamp((x - a.x) / std::max(b.x - a.x, 1e-3), 0.0, 1.0);
          return a.y + part * (b.y - a.y);
        }
      }
      return shape[eye].y;
    };
    const double left = shape[eye].x, width = shape[eye + 3].x - left;
    std::vector<cv::Point> lashes;
    for (int x = static_cast<int>(left - 0.1 * width); x <= left + 1.1 * width; ++x) {
      if (x < 0 || x >= image.width) continue;
      const double upper = border(x, {0, 1, 2, 3}), lower = border(x, {0, 5, 4, 3});
      const double u = upper - 0.08 * width, l = lower + 0.05 * width, top = u - 0.22 * width;
      const double lid = u + shut * (l - u);
      for (int y = std::max(0, static_cast<int>(top)); y <= std::min<int>(image.height - 1, l);
           ++y) {
        if (y > lid) continue;
        ys.at<float>(y, x) =
            static_cast<float>(top + (y - top) * (u - top) / std::max(lid - top, 1e-3));
      }
      if (x >= left && x <= left + width) {
        lashes.emplace_back(x, static_cast<int>(std::lround(upper + shut * (lower - upper))));
      }
    }
    cv::polylines(light, lashes, false, cv::Scalar(0.45),
                  std::max(1, static_cast<int>(std::lround(0.075 * width))), cv::LINE_8);
  }
  cv::GaussianBlur(light, light, {0, 0}, 0.5);
  Image closed(image.width, image.height);
  cv::Mat target = as_mat(closed);
  cv::remap(as_mat(image), target, xs, ys, cv::INTER_LINEAR);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      for (int k = 0; k < 3; ++k) {
        uint8_t& value = target.at<cv::Vec3b>(y, x)[k];
        value = static_cast<uint8_t>(std::lround(value * light.at<float>(y, x)));
      }
    }
  }
  return closed;
}

// As a camera would take it again: moved by up to a pixel, with noise of 2 of 255.
[[nodiscard]] inline Image taken_again(const Image& image, unsigned seed) {
  std::mt19937 random(seed);
  const auto uniform = [&](double most) {
    return most *
           (static_cast<double>(random()) / static_cast<double>(std::mt19937::max()) * 2 - 1);
  };
  const cv::Matx23d matrix(1, 0, uniform(1), 0, 1, uniform(1));
  Image again(image.width, image.height);
  cv::Mat target = as_mat(again);
  cv::warpAffine(as_mat(image), target, matrix, target.size(), cv::INTER_LINEAR,
                 cv::BORDER_REPLICATE);
  for (uint8_t& value : again.rgb) {
    value = static_cast<uint8_t>(std::clamp(std::lround(value + uniform(3.5)), 0L, 255L));
  }
  return again;
}

// Pictures in which somebody looks into the camera, does each of the actions in their order, and
// looks into the camera again, at 10 pictures a second.
[[nodiscard]] inline std::vector<Image> act(const Image& image, const Landmarks& face,
                                            const FaceShape& shape,
                                            const std::vector<std::string_view>& actions,
                                            bool flat = false) {
  std::vector<Image> pictures;
  unsigned seed = 1;
  const auto show = [&](const HeadTurn& turn, double shut) {
    const bool rest = turn.yaw == 0 && turn.pitch == 0;
    const Image closed = close_eyes(image, shape, shut);
    pictures.push_back(taken_again(rest ? closed : turn_head(closed, face, turn), seed++));
  };
  const auto rest = [&](int frames) {
    for (int i = 0; i < frames; ++i) show({}, 0);
  };
  rest(6);
  for (const std::string_view action : actions) {
    for (const double part : {0.5, 1.0, 1.0, 1.0, 0.5}) {
      if (action == "blink") {
        if (part == 1) show({}, 1);
      } else if (action == "nod") {
        show({.pitch = -18 * part, .flat = flat}, 0);
      } else {
        show({.yaw = (action == "turn-left" ? 30 : -30) * part, .flat = flat}, 0);
      }
    }
    rest(5);
  }
  return pictures;
}

}  // namespace durward
