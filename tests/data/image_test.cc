#include "data/image.h"

#include <gmock/gmock.h>

#include <cstring>
#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include "data/image_header.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

// Left half red, right half blue; the bottom row of pixels green.
Image flag(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      uint8_t* pixel = image.rgb.data() + (static_cast<size_t>(y) * width + x) * 3;
      pixel[y + 1 == height ? 1 : (x < width / 2 ? 0 : 2)] = 255;
    }
  }
  return image;
}

// The encoders of OpenCV are given BGR by hand here: as_mat and cvtColor stay out of it.
std::vector<std::byte> encode(const Image& image, const std::string& ending,
                              const std::vector<int>& options = {}) {
  cv::Mat bgr(image.height, image.width, CV_8UC3);
  for (int y = 0; y < image.height; ++y) {
    for (int x = 0; x < image.width; ++x) {
      const uint8_t* p = image.pixel(x, y);
      bgr.at<cv::Vec3b>(y, x) = {p[2], p[1], p[0]};
    }
  }
  std::vector<uchar> bytes;
  EXPECT_TRUE(cv::imencode(ending, bgr, bytes, options));
  const auto view = std::as_bytes(std::span(bytes));
  return {view.begin(), view.end()};
}

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto view = std::as_bytes(std::span(text.data(), text.size()));
  return {view.begin(), view.end()};
}

TEST(DecodeImage, LosslessFormatsGiveBackEveryPixelAsRgb) {
  const Image image = flag(17, 9);
  for (const char* ending : {".png", ".bmp"}) {
    const auto decoded = decode_image(encode(image, ending), ending);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    EXPECT_EQ(*decoded, image) << ending;
  }
  // A quality above 100 is OpenCV's word for lossless WebP.
  const auto webp = decode_image(encode(image, ".webp", {cv::IMWRITE_WEBP_QUALITY, 101}), "webp");
  ASSERT_TRUE(webp.ok()) << webp.status();
  EXPECT_EQ(*webp, image);
}

TEST(DecodeImage, AJpegKeepsItsColours) {
  const auto decoded = decode_image(encode(flag(64, 64), ".jpg"), "jpg");
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  const uint8_t* left = decoded->pixel(8, 20);
  const uint8_t* right = decoded->pixel(56, 20);
  EXPECT_GT(left[0], 240);
  EXPECT_LT(left[2], 20);
  EXPECT_GT(right[2], 240);
  EXPECT_LT(right[0], 20);
}

// An APP1 segment with one EXIF entry, the orientation (TIFF 6.0; Exif 2.3, 4.6.4), put in after
// the start-of-image marker. 6: the 0th row is the right side, so viewers turn it clockwise.
TEST(DecodeImage, TheExifOrientationIsApplied) {
  std::vector<std::byte> jpeg = encode(flag(64, 32), ".jpg");
  const std::string exif(
      "\xff\xe1\x00\x22"
      "Exif\0\0"
      "II\x2a\0\x08\0\0\0"
      "\x01\0"
      "\x12\x01\x03\0\x01\0\0\0\x06\0\0\0"
      "\0\0\0\0",
      36);
  const auto segment = bytes_of(exif);
  jpeg.insert(jpeg.begin() + 2, segment.begin(), segment.end());
  const auto decoded = decode_image(jpeg, "turned");
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(decoded->width, 32);
  EXPECT_EQ(decoded->height, 64);
  EXPECT_GT(decoded->pixel(16, 8)[0], 240) << "the left side, red, is at the top now";
  EXPECT_GT(decoded->pixel(16, 56)[2], 240) << "the right side, blue, is at the bottom now";
}

TEST(DecodeImage, WhatIsNoPictureSaysSo) {
  for (const std::string_view text : {std::string_view("name\tperson\n"), std::string_view("BMW"),
                                      std::string_view(""), std::string_view("\xff\xd8", 2)}) {
    const auto decoded = decode_image(bytes_of(text), "notes.jpg");
    EXPECT_TRUE(absl::IsInvalidArgument(decoded.status())) << decoded.status();
    EXPECT_THAT(std::string(decoded.status().message()), HasSubstr("notes.jpg"));
    EXPECT_THAT(std::string(decoded.status().message()), HasSubstr("not a JPEG"));
  }
}

TEST(DecodeImage, ATruncatedPictureIsAnErrorWhereverItIsCut) {
  for (const char* ending : {".jpg", ".png", ".bmp", ".webp"}) {
    const auto whole = encode(flag(40, 30), ending);
    ASSERT_TRUE(decode_image(whole, ending).ok()) << ending;
    for (size_t size = kImageSignatureBytes; size < whole.size(); ++size) {
      const auto part = std::span(whole).first(size);
      EXPECT_TRUE(absl::IsDataLoss(decode_image(part, ending).status()))
          << ending << " cut to " << size << " of " << whole.size();
    }
  }
}

// The bytes between the file's size and the offset of its pixels are the writer's own.
TEST(DecodeImage, TheReservedBytesOfABmpMayBeAnything) {
  auto bmp = encode(flag(40, 30), ".bmp");
  std::fill_n(bmp.begin() + 6, 4, std::byte{0x77});
  const auto decoded = decode_image(bmp, "bmp");
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(*decoded, flag(40, 30));
}

TEST(DecodeImage, BytesAfterTheEndDoNotMatter) {
  auto jpeg = encode(flag(40, 30), ".jpg");
  jpeg.insert(jpeg.end(), 100, std::byte{0x55});
  EXPECT_TRUE(decode_image(jpeg, "jpg").ok());
}

TEST(DecodeImage, DamageIsAnErrorAndNotACrash) {
  auto png = encode(flag(40, 30), ".png");
  for (size_t i = 50; i < png.size() - 20; ++i) png[i] = std::byte{0xaa};
  EXPECT_FALSE(decode_image(png, "png").ok());
}

// The size stands in the header: a picture of 100,000 x 100,000 is refused, not allocated.
TEST(DecodeImage, TooManyPixelsAreRefusedBeforeDecoding) {
  auto png = encode(flag(40, 30), ".png");
  const std::string side("\x00\x01\x86\xa0", 4);
  std::memcpy(png.data() + 16, side.data(), 4);
  std::memcpy(png.data() + 20, side.data(), 4);
  const auto decoded = decode_image(png, "huge.png");
  EXPECT_TRUE(absl::IsResourceExhausted(decoded.status())) << decoded.status();
  EXPECT_THAT(std::string(decoded.status().message()), HasSubstr("100000 x 100000"));

  const auto jpeg = encode(flag(40, 30), ".jpg");
  EXPECT_TRUE(
      absl::IsResourceExhausted(decode_image(jpeg, "jpg", {.max_pixels = 40 * 30 - 1}).status()));
  EXPECT_TRUE(decode_image(jpeg, "jpg", {.max_pixels = 40 * 30}).ok());
}

TEST(ReadImageHeader, KnowsFormatAndSize) {
  const std::pair<const char*, ImageFormat> formats[] = {{".jpg", ImageFormat::kJpeg},
                                                         {".png", ImageFormat::kPng},
                                                         {".bmp", ImageFormat::kBmp},
                                                         {".webp", ImageFormat::kWebp}};
  for (const auto& [ending, format] : formats) {
    const auto header = read_image_header(encode(flag(301, 77), ending));
    ASSERT_TRUE(header.ok()) << ending << header.status();
    EXPECT_EQ(header->format, format);
    EXPECT_EQ(header->width, 301) << ending;
    EXPECT_EQ(header->height, 77) << ending;
  }
}

using ImageFile = TemporaryFolderTest;

TEST_F(ImageFile, AWrittenJpegIsReadBackNearly) {
  const Image image = flag(64, 64);
  ASSERT_TRUE(write_jpeg(folder_ / "a.jpg", image, 95).ok());
  const auto decoded = read_image(folder_ / "a.jpg");
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  double difference = 0;
  for (size_t i = 0; i < image.rgb.size(); ++i) {
    difference += std::abs(int{image.rgb[i]} - int{decoded->rgb[i]});
  }
  EXPECT_LT(difference / static_cast<double>(image.rgb.size()), 6);
}

TEST_F(ImageFile, ErrorsNameTheFile) {
  EXPECT_TRUE(absl::IsNotFound(read_image(folder_ / "absent.jpg").status()));
  const auto path = write("text.png", "these are words");
  EXPECT_THAT(std::string(read_image(path).status().message()), HasSubstr("text.png"));
  EXPECT_TRUE(absl::IsInvalidArgument(write_jpeg(folder_ / "empty.jpg", Image())));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "empty.jpg"));
}

}  // namespace
}  // namespace durward
