// durward-golden: proves on a device that it computes what was validated. It needs the engine and
// nothing else; docs/engine.md shows how to use it.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "durward/engine.h"

namespace {

constexpr int kAllEqual = 0, kCannotTell = 1, kDifferent = 3;
constexpr char kUsage[] =
    "usage: durward-golden PLAN FOLDER [--isa NAME] [--threads N] [--scrub]\n"
    "Runs the golden vectors of a bundle, FOLDER/0.input0 and so on, on its plan.fb, with no\n"
    "faster instruction set than NAME, on N threads (1), and compares every byte; with --scrub\n"
    "those of the weights in memory, too, with what they were at the beginning. Exits 0 where all\n"
    "are equal, 3 where one differs, 1 where that could not be found out.\n";

struct FileClose {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
struct AlignedDelete {
  void operator()(std::byte* memory) const {
    ::operator delete(memory, std::align_val_t{DURWARD_PLAN_ALIGNMENT});
  }
};
struct SessionDestroy {
  void operator()(durward_session* session) const { durward_session_destroy(session); }
};
using SessionHandle = std::unique_ptr<durward_session, SessionDestroy>;

// A file's bytes, where both plans and tensors may lie.
struct Bytes {
  std::unique_ptr<std::byte, AlignedDelete> memory;
  size_t size = 0;
};

bool allocate(size_t size, Bytes& bytes) {
  bytes.size = size;
  bytes.memory.reset(static_cast<std::byte*>(
      ::operator new(size + 1, std::align_val_t{DURWARD_PLAN_ALIGNMENT}, std::nothrow)));
  return bytes.memory != nullptr;
}

// Of a plan or tensor; what a folder tells of its size is more.
constexpr long kMaxFileBytes = 1L << 30;

bool read_file(const std::string& path, Bytes& bytes) {
  const std::unique_ptr<std::FILE, FileClose> file(std::fopen(path.c_str(), "rb"));
  if (file == nullptr || std::fseek(file.get(), 0, SEEK_END) != 0) return false;
  const long size = std::ftell(file.get());
  if (size < 0 || size > kMaxFileBytes || std::fseek(file.get(), 0, SEEK_SET) != 0) return false;
  return allocate(static_cast<size_t>(size), bytes) &&
         std::fread(bytes.memory.get(), 1, bytes.size, file.get()) == bytes.size;
}

int fail(const std::string& what) {
  std::fprintf(stderr, "durward-golden: %s\n", what.c_str());
  return kCannotTell;
}
int differs(const std::string& what) {
  std::printf("failed: %s\n", what.c_str());
  return kDifferent;
}

struct Arguments {
  std::string plan, folder, isa;
  uint64_t threads = 1;
  bool scrub = false;
};

bool parse(const char* text, uint64_t& number) {
  const char* end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, number);
  return error == std::errc() && stop == end;
}

bool parse(int count, char** arguments, Arguments& parsed) {
  std::vector<std::string> places;
  for (int i = 1; i < count; ++i) {
    if (std::strcmp(arguments[i], "--isa") == 0) {
      if (++i == count) return false;
      parsed.isa = arguments[i];
    } else if (std::strcmp(arguments[i], "--threads") == 0) {
      if (++i == count || !parse(arguments[i], parsed.threads)) return false;
    } else if (std::strcmp(arguments[i], "--scrub") == 0) {
      parsed.scrub = true;
    } else {
      places.emplace_back(arguments[i]);
    }
  }
  if (places.size() != 2 || places[0].rfind("--", 0) == 0) return false;
  parsed.plan = places[0];
  parsed.folder = places[1];
  return true;
}

class GoldenVectors {
 public:
  GoldenVectors(durward_session* session, std::string folder)
      : session_(session), folder_(std::move(folder)) {}

  int check_all() {
    for (Bytes first; read_file(path(vectors_, "output", 0), first); ++vectors_) {
      if (const int result = check(vectors_); result != kAllEqual) return result;
    }
    if (vectors_ == 0) return differs("there are no golden vectors in " + folder_);
    std::printf("passed: %zu golden vectors, %zu bytes of output, all equal (%s)\n", vectors_,
                bytes_, durward_session_isa(session_));
    return kAllEqual;
  }

 private:
  [[nodiscard]] std::string path(size_t vector, const char* kind, size_t port) const {
    return folder_ + "/" + std::to_string(vector) + "." + kind + std::to_string(port);
  }

  int check(size_t vector) {
    std::vector<Bytes> inputs(durward_session_input_count(session_));
    std::vector<Bytes> expected(durward_session_output_count(session_)), found(expected.size());
    std::vector<durward_input> in;
    std::vector<durward_output> out;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const std::string file = path(vector, "input", i);
      if (!read_file(file, inputs[i])) return fail("cannot read " + file);
      in.push_back({inputs[i].memory.get(), inputs[i].size});
    }
    for (size_t i = 0; i < expected.size(); ++i) {
      const std::string file = path(vector, "output", i);
      if (!read_file(file, expected[i])) return fail("cannot read " + file);
      if (!allocate(expected[i].size, found[i])) return fail("out of memory");
      out.push_back({found[i].memory.get(), found[i].size});
    }
    char text[256];
    const durward_message message{text, sizeof(text)};
    if (durward_session_run(session_, in.data(), in.size(), out.data(), out.size(), nullptr,
                            &message) != DURWARD_OK) {
      return differs("golden vector " + std::to_string(vector) + ": " + text);
    }
    return compare(vector, expected, found);
  }

  int compare(size_t vector, const std::vector<Bytes>& expected, const std::vector<Bytes>& found) {
    for (size_t port = 0; port < expected.size(); ++port) {
      for (size_t i = 0; i < expected[port].size; ++i) {
        if (expected[port].memory.get()[i] == found[port].memory.get()[i]) continue;
        return differs("golden vector " + std::to_string(vector) + ": output " +
                       std::to_string(port) + " differs from byte " + std::to_string(i) +
                       " on; this machine does not compute what was validated");
      }
      bytes_ += expected[port].size;
    }
    return kAllEqual;
  }

  durward_session* session_;
  std::string folder_;
  size_t vectors_ = 0, bytes_ = 0;
};

int scrub(durward_session* session) {
  char text[256];
  const durward_message message{text, sizeof(text)};
  if (durward_session_scrub(session, SIZE_MAX, &message) != DURWARD_OK) {
    return differs(std::string("scrub: ") + text);
  }
  std::printf("scrubbed: %zu bytes, none changed\n", durward_session_scrub_bytes(session));
  return kAllEqual;
}

}  // namespace

int main(int count, char** arguments) {
  if (count == 2 && std::strcmp(arguments[1], "--help") == 0) {
    std::fputs(kUsage, stdout);
    return 0;
  }
  Arguments parsed;
  if (!parse(count, arguments, parsed)) {
    std::fputs(kUsage, stderr);
    return kCannotTell;
  }
  Bytes plan;
  if (!read_file(parsed.plan, plan)) return fail("cannot read " + parsed.plan);
  const durward_options options{sizeof(options), parsed.isa.empty() ? nullptr : parsed.isa.c_str(),
                                0, parsed.threads, parsed.scrub ? uint64_t{1} : 0};
  char text[256];
  const durward_message message{text, sizeof(text)};
  durward_session* created = nullptr;
  if (durward_session_create(plan.memory.get(), plan.size, &options, &created, &message) !=
      DURWARD_OK) {
    return fail(parsed.plan + ": " + text);
  }
  const SessionHandle session(created);
  const int result = GoldenVectors(session.get(), parsed.folder).check_all();
  return result == kAllEqual && parsed.scrub ? scrub(session.get()) : result;
}
