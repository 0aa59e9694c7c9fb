#include <algorithm>
#include <charconv>
#include <cstdio>
#include <string>
#include <vector>

#include "data/text_lines.h"
#include "data/trial_row.h"

namespace durward {
namespace {

constexpr int kMaxPicture = 999'999;

std::vector<std::string_view> split_fields(std::string_view line) {
  const std::string_view separators = line.find('\t') != std::string_view::npos ? "\t" : " ";
  std::vector<std::string_view> fields;
  while (!line.empty()) {
    const size_t end = line.find_first_of(separators);
    if (end != 0) fields.push_back(line.substr(0, end));
    line.remove_prefix(end == std::string_view::npos ? line.size() : end + 1);
  }
  return fields;
}

// A picture's number within its person, from 1; 0 where the text is none.
int picture_number(std::string_view text) {
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && number >= 1 && number <= kMaxPicture ? number : 0;
}

// A name is one folder's name: it cannot lead out of the folder of pictures.
bool is_folder_name(std::string_view name) {
  return name != "." && name != ".." && name.find('/') == std::string_view::npos;
}

std::string picture_path(std::string_view name, int number) {
  char digits[8];
  std::snprintf(digits, sizeof digits, "%04d", number);
  return absl::StrCat(std::string(name), "/", std::string(name), "_", digits);
}

bool is_header(const std::vector<std::string_view>& fields) {
  return fields.size() <= 2 &&
         std::all_of(fields.begin(), fields.end(),
                     [](std::string_view field) { return picture_number(field) > 0; });
}

}  // namespace

absl::Status parse_lfw_pairs(std::string_view text, const TrialRowSink& sink) {
  TextLines lines(text);
  bool first = true;
  for (std::string_view line;;) {
    DURWARD_ASSIGN_OR_RETURN(const bool more, lines.next(line));
    if (!more) return absl::OkStatus();
    const std::vector<std::string_view> fields = split_fields(line);
    if (std::exchange(first, false) && is_header(fields)) continue;
    if (fields.size() != 3 && fields.size() != 4) {
      return lines.error(absl::StrCat("expected \"name i j\" or \"name i name j\", found ",
                                      fields.size(), " fields"));
    }
    const std::string_view person_enrol = fields[0];
    const std::string_view person_probe = fields.size() == 4 ? fields[2] : fields[0];
    const int enrol = picture_number(fields[1]), probe = picture_number(fields.back());
    if (enrol == 0 || probe == 0) {
      return lines.error(absl::StrCat("a picture's number must be 1 to ", kMaxPicture));
    }
    if (!is_folder_name(person_enrol) || !is_folder_name(person_probe)) {
      return lines.error("a name must not be a path");
    }
    const std::string enrol_path = picture_path(person_enrol, enrol);
    const std::string probe_path = picture_path(person_probe, probe);
    DURWARD_RETURN_IF_ERROR(sink({.enrol = enrol_path,
                                  .probe = probe_path,
                                  .same_person = person_enrol == person_probe,
                                  .person_enrol = person_enrol,
                                  .person_probe = person_probe,
                                  .line = lines.number()}));
  }
}

}  // namespace durward
