// The module: a preview by SDL, in a thread of its own, since SDL wants all calls from one.
#include <SDL.h>

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

#include "preview_picture.h"
#include "preview_window.h"

namespace durward {
namespace {

constexpr std::chrono::milliseconds kLookForEvents{50};

absl::Status sdl_error(const char* what) {
  return absl::UnavailableError(
      absl::StrCat("no preview: SDL cannot ", what, ": ", SDL_GetError()));
}

// Everything that is SDL's; made, used and destroyed by one thread.
class SdlWindow {
 public:
  SdlWindow() = default;
  SdlWindow(const SdlWindow&) = delete;
  SdlWindow& operator=(const SdlWindow&) = delete;
  ~SdlWindow() {
    SDL_DestroyTexture(texture_);
    SDL_DestroyRenderer(renderer_);
    SDL_DestroyWindow(window_);
    SDL_QuitSubSystem(SDL_INIT_VIDEO);
  }

  absl::Status open() {
    // Ctrl-C is the program's.
    SDL_SetHint(SDL_HINT_NO_SIGNAL_HANDLERS, "1");
    // No other: SDL also has drivers that show nothing to anybody.
    SDL_SetHint(SDL_HINT_VIDEODRIVER, std::getenv("DISPLAY") != nullptr ? "x11" : "wayland");
    SDL_SetHint(SDL_HINT_VIDEO_X11_NET_WM_BYPASS_COMPOSITOR, "0");
    if (SDL_InitSubSystem(SDL_INIT_VIDEO) != 0) return sdl_error("use the display");
    window_ = SDL_CreateWindow("Durward", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, 640, 480,
                               SDL_WINDOW_RESIZABLE);
    if (window_ == nullptr) return sdl_error("open a window");
    renderer_ = SDL_CreateRenderer(window_, -1, SDL_RENDERER_SOFTWARE);
    if (renderer_ == nullptr) return sdl_error("draw");
    return absl::OkStatus();
  }

  // False once the person has closed it.
  bool look_for_events() {
    for (SDL_Event event; SDL_PollEvent(&event) != 0;) {
      if (event.type == SDL_QUIT) {
        SDL_HideWindow(window_);
        return false;
      }
    }
    return true;
  }

  // What cannot be drawn is left out: a preview stops no door.
  void draw(const Image& picture) {
    if (texture_ == nullptr || width_ != picture.width || height_ != picture.height) {
      SDL_DestroyTexture(texture_);
      width_ = picture.width, height_ = picture.height;
      texture_ = SDL_CreateTexture(renderer_, SDL_PIXELFORMAT_RGB24, SDL_TEXTUREACCESS_STREAMING,
                                   width_, height_);
      SDL_RenderSetLogicalSize(renderer_, width_, height_);
    }
    if (texture_ == nullptr) return;
    SDL_UpdateTexture(texture_, nullptr, picture.rgb.data(), width_ * 3);
    SDL_RenderClear(renderer_);
    SDL_RenderCopy(renderer_, texture_, nullptr, nullptr);
    SDL_RenderPresent(renderer_);
  }

 private:
  SDL_Window* window_ = nullptr;
  SDL_Renderer* renderer_ = nullptr;
  SDL_Texture* texture_ = nullptr;
  int width_ = 0, height_ = 0;
};

class SdlPreview final : public PreviewWindow {
 public:
  absl::Status open() {
    std::promise<absl::Status> opened;
    std::future<absl::Status> answer = opened.get_future();
    thread_ = std::thread([this, &opened] { run(opened); });
    return answer.get();
  }
  ~SdlPreview() override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
    }
    changed_.notify_one();
    if (thread_.joinable()) thread_.join();
  }

  void show(const Image& frame, const std::optional<Box>& face) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (closed_) return;
    frame_ = frame;
    face_ = face;
    fresh_ = true;
    changed_.notify_one();
  }
  void tell(std::string_view words) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    words_ = words;
    fresh_ = frame_.width > 0;
    changed_.notify_one();
  }

 private:
  void run(std::promise<absl::Status>& opened) {
    SdlWindow window;
    const absl::Status status = window.open();
    opened.set_value(status);
    if (!status.ok()) return;
    std::unique_lock<std::mutex> lock(mutex_);
    while (!ended_) {
      changed_.wait_for(lock, kLookForEvents, [&] { return fresh_ || ended_; });
      const bool fresh = std::exchange(fresh_, false);
      const Image frame = fresh ? frame_ : Image();
      const std::optional<Box> face = face_;
      const std::string words = words_;
      lock.unlock();
      if (fresh) window.draw(preview_picture(frame, face, words));
      const bool open = window.look_for_events();
      lock.lock();
      if (open) continue;
      closed_ = true;
      frame_ = {};
      changed_.wait(lock, [&] { return ended_; });
    }
  }

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Image frame_;  // the last one
  std::optional<Box> face_;
  std::string words_;
  bool fresh_ = false, closed_ = false, ended_ = false;
};

absl::StatusOr<std::unique_ptr<PreviewWindow>> open_sdl_preview() {
  auto preview = std::make_unique<SdlPreview>();
  DURWARD_RETURN_IF_ERROR(preview->open());
  return preview;
}

}  // namespace
}  // namespace durward

extern "C" void durward_open_preview(
    absl::StatusOr<std::unique_ptr<durward::PreviewWindow>>* preview) {
  *preview = durward::open_sdl_preview();
}
