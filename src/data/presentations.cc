#include "data/presentations.h"

#include <algorithm>
#include <map>
#include <system_error>

#include "base/file.h"
#include "data/csv_record.h"
#include "data/image_folder.h"
#include "data/text_lines.h"

namespace durward {
namespace {

namespace fs = std::filesystem;

std::optional<int32_t> species_index(std::string_view name, std::vector<std::string>& species) {
  if (name == kLive) return std::nullopt;
  const auto known = std::find(species.begin(), species.end(), name);
  const auto index = static_cast<int32_t>(known - species.begin());
  if (known == species.end()) species.emplace_back(name);
  return index;
}

// Where a column stands in a record.
absl::StatusOr<size_t> column(const TextLines& lines, const std::vector<std::string>& names,
                              std::string_view wanted) {
  const auto found = std::find(names.begin(), names.end(), wanted);
  if (found != names.end() && std::find(found + 1, names.end(), wanted) == names.end()) {
    return static_cast<size_t>(found - names.begin());
  }
  return lines.error("the first line must name the columns image and species, each once");
}

absl::StatusOr<PresentationList> read_csv_list(const fs::path& path, const fs::path& image_root) {
  DURWARD_ASSIGN_OR_RETURN(const std::string text, read_text_file(path));
  DURWARD_ASSIGN_OR_RETURN(PresentationList list, parse_presentation_csv(text));
  const fs::path root = image_root.empty() ? path.parent_path() : image_root;
  for (ListedPresentation& presentation : list.presentations) {
    presentation.image = root / presentation.image;
    std::error_code error;
    if (!fs::is_regular_file(presentation.image, error)) {
      return absl::NotFoundError(
          absl::StrCat("its picture ", presentation.image.string(), " is not there"));
    }
  }
  return list;
}

// A picture is of the subfolder that it is in; those beside the subfolders are of none.
absl::StatusOr<PresentationList> read_folder(const fs::path& folder) {
  DURWARD_ASSIGN_OR_RETURN(ImageFolder found, list_images(folder));
  PresentationList list;
  list.skipped = std::move(found.skipped);
  for (fs::path& image : found.images) {
    const fs::path inside = image.lexically_relative(folder);
    if (!inside.has_parent_path()) {
      list.skipped.push_back(std::move(image));
      continue;
    }
    const auto species = species_index(inside.begin()->string(), list.species);
    list.presentations.push_back({std::move(image), species});
  }
  if (list.presentations.empty()) {
    return absl::InvalidArgumentError(
        "expected pictures in a subfolder \"live\" and in one for each species of attack; all "
        "pictures lie beside the subfolders");
  }
  return list;
}

absl::StatusOr<PresentationList> read_any_list(const fs::path& path, const fs::path& image_root) {
  std::error_code error;
  if (fs::is_directory(path, error)) return read_folder(path);
  if (path.extension() == ".csv") return read_csv_list(path, image_root);
  return absl::InvalidArgumentError(
      "expected a .csv that names the columns image and species, or a folder with subfolders");
}

}  // namespace

absl::StatusOr<PresentationList> parse_presentation_csv(std::string_view text) {
  TextLines lines(text);
  std::vector<std::string> fields;
  size_t width = 0, image = 0, species = 0;
  std::map<std::string, int64_t> line_of;
  PresentationList list;
  for (std::string_view line;;) {
    DURWARD_ASSIGN_OR_RETURN(const bool more, lines.next(line));
    if (!more) break;
    if (!split_csv_record(line, fields)) return lines.error("a quotation mark is not closed");
    if (width == 0) {
      DURWARD_ASSIGN_OR_RETURN(image, column(lines, fields, "image"));
      DURWARD_ASSIGN_OR_RETURN(species, column(lines, fields, "species"));
      width = fields.size();
      continue;
    }
    if (fields.size() != width) {
      return lines.error(
          absl::StrCat("it has ", fields.size(), " fields, the first line has ", width));
    }
    if (fields[image].empty() || fields[species].empty()) {
      return lines.error("the image or the species is empty");
    }
    const fs::path name = fs::path(fields[image]).lexically_normal();
    const auto [earlier, added] = line_of.emplace(name.string(), lines.number());
    if (!added) {
      return lines.error(
          absl::StrCat(name.string(), " is listed already in line ", earlier->second));
    }
    list.presentations.push_back({name, species_index(fields[species], list.species)});
  }
  if (list.presentations.empty()) return absl::InvalidArgumentError("it lists no presentation");
  return list;
}

absl::StatusOr<PresentationList> read_presentations(const fs::path& path,
                                                    const fs::path& image_root) {
  absl::StatusOr<PresentationList> list = read_any_list(path, image_root);
  if (!list.ok()) return with_context(list.status(), path.string());
  return list;
}

}  // namespace durward
