// Lists of presentations to a presentation-attack detector: which pictures are of live faces, and
// of what species of attack the others are (ISO/IEC 30107-3).
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace durward {

// What a folder of live faces is called, and in a CSV list their species.
inline constexpr std::string_view kLive = "live";

struct ListedPresentation {
  std::filesystem::path image;
  std::optional<int32_t> species;  // index into PresentationList::species; nothing: live
};

struct PresentationList {
  std::vector<ListedPresentation> presentations;
  std::vector<std::string> species;            // "print", "replay", ...
  std::vector<std::filesystem::path> skipped;  // files of a folder that are no pictures
};

// Comma-separated values (RFC 4180, a field on one line) whose first line names the columns "image"
// and "species", others are ignored; the species "live" is none. Pictures have the list's own
// names, species the order in which they appear. InvalidArgument, naming the line: another format,
// an empty field, a picture listed twice, no presentation.
[[nodiscard]] absl::StatusOr<PresentationList> parse_presentation_csv(std::string_view text);

// Reads `path`: a file ending in .csv, or a folder with pictures in "live" and in a subfolder for
// each species, at any depth; either may be missing. A CSV list's pictures are relative to
// `image_root`, or to the list's own folder where that is empty. Every picture is there when the
// list is returned, but not yet opened. Errors: NotFound, those of parse_presentation_csv, another
// ending; each names the file.
[[nodiscard]] absl::StatusOr<PresentationList> read_presentations(
    const std::filesystem::path& path, const std::filesystem::path& image_root = {});

}  // namespace durward
