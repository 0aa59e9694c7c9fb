#include "door/nearest_user.h"

#include <set>

#include "gallery/gallery.h"

namespace durward {

absl::StatusOr<std::optional<NearestUser>> nearest_user(TemplateBook& book,
                                                        const TemplateModel& model,
                                                        std::span<const float> embedding,
                                                        std::string_view except) {
  DURWARD_ASSIGN_OR_RETURN(
      const std::vector<Template> templates,
      book.with_store([&](TemplateStore& store) { return store.templates_by(model); }));
  DURWARD_ASSIGN_OR_RETURN(Gallery gallery, Gallery::create(static_cast<int>(embedding.size())));
  std::vector<const std::string*> user_of_row;
  std::set<std::string_view> people;
  for (const Template& one : templates) {
    // Of another length is what another version of the same name made; it cannot be compared.
    if (one.user == except || one.embedding.size() != embedding.size()) continue;
    DURWARD_RETURN_IF_ERROR(gallery.add(one.embedding));
    user_of_row.push_back(&one.user);
    people.insert(one.user);
  }
  if (user_of_row.empty()) return std::nullopt;
  DURWARD_ASSIGN_OR_RETURN(const std::vector<Gallery::Match> found, gallery.search(embedding, 1));
  return NearestUser{*user_of_row[static_cast<size_t>(found[0].row)],
                     static_cast<double>(found[0].score), std::ssize(people)};
}

std::optional<double> score_alone_llr(const ScoreCalibration& calibration, double score) {
  if (calibration.features.size() != 1) return std::nullopt;
  return calibration.llr.llr(std::span(&score, 1));
}

}  // namespace durward
