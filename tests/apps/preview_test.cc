// The preview: its picture, and the window that a display gets, read from the display's memory.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <thread>

#include "preview_picture.h"
#include "preview_window.h"
#include "support/temporary_folder.h"

namespace durward {
namespace {

using ::testing::HasSubstr;

struct Colour {
  uint8_t red, green, blue;
  bool operator==(const Colour&) const = default;
};
constexpr Colour kRed = {200, 10, 20}, kBlue = {20, 30, 220};

// Its left half red, the right one blue.
Image two_halves(int width, int height) {
  Image image(width, height);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const Colour colour = x < width / 2 ? kRed : kBlue;
      uint8_t* pixel = image.rgb.data() + (y * width + x) * 3;
      pixel[0] = colour.red, pixel[1] = colour.green, pixel[2] = colour.blue;
    }
  }
  return image;
}

Colour at(const Image& image, int x, int y) {
  const uint8_t* pixel = image.pixel(x, y);
  return {pixel[0], pixel[1], pixel[2]};
}

TEST(PreviewPicture, IsAMirror) {
  const Image picture = preview_picture(two_halves(64, 48), std::nullopt, "");
  ASSERT_EQ(picture.width, 64);
  ASSERT_EQ(picture.height, 48);
  EXPECT_EQ(at(picture, 0, 0), kBlue);
  EXPECT_EQ(at(picture, 31, 47), kBlue);
  EXPECT_EQ(at(picture, 32, 0), kRed);
  EXPECT_EQ(at(picture, 63, 47), kRed);
}

TEST(PreviewPicture, HasTheFaceInAnEllipse) {
  const Image frame = two_halves(200, 100);
  const Image picture = preview_picture(frame, Box{20, 20, 40, 60}, "");
  const Image plain = preview_picture(frame, std::nullopt, "");
  // The face's middle is at (40, 50), in the mirror at (159, 50), and the ellipse 22 beside it.
  EXPECT_NE(at(picture, 159 - 22, 50), at(plain, 159 - 22, 50));
  EXPECT_NE(at(picture, 159 + 22, 50), at(plain, 159 + 22, 50));
  EXPECT_EQ(at(picture, 159, 50), at(plain, 159, 50));
  EXPECT_EQ(at(picture, 40, 50), at(plain, 40, 50));
}

TEST(PreviewPicture, HasTheWordsAtTheBottom) {
  const Image frame = two_halves(640, 480);
  const Image picture = preview_picture(frame, std::nullopt, "come closer");
  const Image plain = preview_picture(frame, std::nullopt, "");
  int white = 0, above = 0;
  for (int y = 0; y < 480; ++y) {
    for (int x = 0; x < 640; ++x) {
      if (y < 432) above += at(picture, x, y) != at(plain, x, y);
      if (y >= 432) white += at(picture, x, y) == Colour{255, 255, 255};
    }
  }
  EXPECT_EQ(above, 0);
  EXPECT_GT(white, 100);
  EXPECT_LT(at(picture, 1, 470).blue, kBlue.blue / 2);
  // Of any length, and of letters that the font lacks.
  EXPECT_EQ(preview_picture(frame, std::nullopt, std::string(500, 'w')).width, 640);
  EXPECT_EQ(preview_picture(two_halves(2, 2), Box{-5, -5, 900, 900}, "s\xc3\xa4t").height, 2);
}

// A display in memory, whose content it keeps in a file.
class PreviewWindowTest : public TemporaryFolderTest {
 protected:
  void SetUp() override {
    if (std::system("command -v Xvfb >/dev/null") != 0) GTEST_SKIP() << "there is no Xvfb";
    int number[2];
    ASSERT_EQ(::pipe(number), 0);
    server_ = ::fork();
    if (server_ == 0) {
      const int nothing = ::open("/dev/null", O_WRONLY);
      ::dup2(nothing, STDERR_FILENO);
      const std::string fd = std::to_string(number[1]);
      ::execlp("Xvfb", "Xvfb", "-displayfd", fd.c_str(), "-screen", "0", "800x600x24", "-fbdir",
               folder_.c_str(), "-nolisten", "tcp", nullptr);
      ::_exit(127);
    }
    ::close(number[1]);
    char text[16] = "";
    ASSERT_GT(::read(number[0], text, sizeof(text) - 1), 0) << "Xvfb does not start";
    ::close(number[0]);
    ::setenv("DISPLAY", (":" + std::to_string(std::atoi(text))).c_str(), 1);
  }
  ~PreviewWindowTest() override {
    ::unsetenv("DISPLAY");
    if (server_ <= 0) return;
    ::kill(server_, SIGTERM);
    ::waitpid(server_, nullptr, 0);
  }

  // So many pixels of the screen have this colour. An X window dump: its header's length first,
  // then 32 bits a pixel, blue, green, red.
  int count(const Colour& colour) const {
    std::ifstream file(folder_ / "Xvfb_screen0", std::ios::binary);
    const std::string dump{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    constexpr size_t kBytes = 800 * 600 * 4;
    if (dump.size() < kBytes) return -1;
    int found = 0;
    for (size_t i = dump.size() - kBytes; i < dump.size(); i += 4) {
      const auto byte = [&](size_t k) { return static_cast<uint8_t>(dump[i + k]); };
      found += Colour{byte(2), byte(1), byte(0)} == colour;
    }
    return found;
  }

  bool comes_to_show(const Colour& colour, int least) const {
    for (int wait = 0; wait < 500; ++wait) {
      if (count(colour) >= least) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    return false;
  }

  pid_t server_ = -1;
};

TEST_F(PreviewWindowTest, ShowsFramesAndWords) {
  auto window = open_preview_window();
  ASSERT_TRUE(window.ok()) << window.status();
  (*window)->show(two_halves(640, 480), std::nullopt);
  EXPECT_TRUE(comes_to_show(kRed, 320 * 480)) << count(kRed);
  EXPECT_EQ(count(kBlue), 320 * 480);
  (*window)->tell("come closer");
  EXPECT_TRUE(comes_to_show({255, 255, 255}, 100));
  EXPECT_EQ(count(kRed), 320 * 432);
  window->reset();
  for (int wait = 0; wait < 500 && count(kRed) != 0; ++wait) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_EQ(count(kRed), 0);
}

TEST(PreviewWindow, NeedsADisplay) {
  ::unsetenv("WAYLAND_DISPLAY");
  ::unsetenv("DISPLAY");
  const absl::Status none = open_preview_window().status();
  EXPECT_TRUE(absl::IsUnavailable(none)) << none;
  EXPECT_THAT(std::string(none.message()), HasSubstr("DISPLAY"));
  ::setenv("DISPLAY", ":4711", 1);
  const absl::Status dead = open_preview_window().status();
  EXPECT_TRUE(absl::IsUnavailable(dead)) << dead;
  EXPECT_THAT(std::string(dead.message()), HasSubstr("SDL cannot use the display"));
  ::unsetenv("DISPLAY");
}

}  // namespace
}  // namespace durward
