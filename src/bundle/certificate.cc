#include "bundle/certificate.h"

namespace durward {
namespace {

using nlohmann::ordered_json;

constexpr size_t kMaxEntries = 256;  // of each list

double read_far(const JsonField& field) {
  const double far = field.number();
  if (!(far > 0 && far < 1)) field.refuse("must be between 0 and 1");
  return far;
}

double read_share(const JsonField& field) {
  const double share = field.number();
  if (!(share >= 0 && share <= 1)) field.refuse("must be from 0 to 1");
  return share;
}

CertifiedPoint read_point(const JsonField& field) {
  field.expect_fields({"far", "threshold", "threshold_interval", "far_bound", "tar", "tar_bound"});
  CertifiedPoint point;
  point.far = read_far(field["far"]);
  point.threshold = field["threshold"].number();
  const JsonField interval = field["threshold_interval"];
  if (!interval.is_null()) {
    const std::vector<JsonField> ends = interval.items(2);
    if (ends.size() == 2) point.threshold_interval = {ends[0].number(), ends[1].number()};
    if (!point.threshold_interval ||
        (*point.threshold_interval)[0] > (*point.threshold_interval)[1]) {
      interval.refuse("must be null or two numbers, the lower first");
    }
  }
  point.far_bound = read_share(field["far_bound"]);
  point.tar = read_share(field["tar"]);
  point.tar_bound = read_share(field["tar_bound"]);
  return point;
}

RefusedFar read_refused(const JsonField& field) {
  field.expect_fields({"far", "reason"});
  return {read_far(field["far"]), field["reason"].text()};
}

ForeignTemplates::Loss read_loss(const JsonField& field) {
  field.expect_fields({"far", "tar_loss", "loss_bound"});
  ForeignTemplates::Loss loss{read_far(field["far"]), field["tar_loss"].number(), std::nullopt};
  if (!field["loss_bound"].is_null()) loss.loss_bound = field["loss_bound"].number();
  return loss;
}

ForeignTemplates read_templates(const JsonField& field) {
  field.expect_fields({"model_sha256", "losses"});
  ForeignTemplates templates;
  templates.model_sha256 = field["model_sha256"].sha256();
  for (const JsonField& loss : field["losses"].items(kMaxEntries)) {
    templates.losses.push_back(read_loss(loss));
  }
  return templates;
}

ordered_json to_json(const CertifiedPoint& point) {
  ordered_json interval;
  if (point.threshold_interval) interval = *point.threshold_interval;
  return {{"far", point.far},
          {"threshold", point.threshold},
          {"threshold_interval", std::move(interval)},
          {"far_bound", point.far_bound},
          {"tar", point.tar},
          {"tar_bound", point.tar_bound}};
}

ordered_json to_json(const ForeignTemplates& templates) {
  ordered_json losses = ordered_json::array();
  for (const ForeignTemplates::Loss& loss : templates.losses) {
    ordered_json bound;
    if (loss.loss_bound) bound = *loss.loss_bound;
    losses.push_back(
        {{"far", loss.far}, {"tar_loss", loss.tar_loss}, {"loss_bound", std::move(bound)}});
  }
  return {{"model_sha256", templates.model_sha256}, {"losses", std::move(losses)}};
}

}  // namespace

Certificate read_certificate(const JsonField& field) {
  constexpr int64_t kMaxTrials = int64_t{1} << 53;
  field.expect_fields({"score", "method", "trials_sha256", "people", "genuine_trials",
                       "impostor_trials", "points", "refused", "templates"});
  Certificate certificate;
  certificate.score = field["score"].text();
  certificate.method = field["method"].text();
  certificate.trials_sha256 = field["trials_sha256"].sha256();
  certificate.people = field["people"].whole(1, kMaxTrials);
  certificate.genuine_trials = field["genuine_trials"].whole(1, kMaxTrials);
  certificate.impostor_trials = field["impostor_trials"].whole(1, kMaxTrials);
  for (const JsonField& point : field["points"].items(kMaxEntries)) {
    certificate.points.push_back(read_point(point));
  }
  for (const JsonField& refused : field["refused"].items(kMaxEntries)) {
    certificate.refused.push_back(read_refused(refused));
  }
  for (const JsonField& templates : field["templates"].items(kMaxEntries)) {
    certificate.templates.push_back(read_templates(templates));
  }
  return certificate;
}

ordered_json to_json(const Certificate& certificate) {
  ordered_json document = {{"score", certificate.score},
                           {"method", certificate.method},
                           {"trials_sha256", certificate.trials_sha256},
                           {"people", certificate.people},
                           {"genuine_trials", certificate.genuine_trials},
                           {"impostor_trials", certificate.impostor_trials},
                           {"points", ordered_json::array()},
                           {"refused", ordered_json::array()},
                           {"templates", ordered_json::array()}};
  for (const CertifiedPoint& point : certificate.points) {
    document["points"].push_back(to_json(point));
  }
  for (const RefusedFar& refused : certificate.refused) {
    document["refused"].push_back({{"far", refused.far}, {"reason", refused.reason}});
  }
  for (const ForeignTemplates& templates : certificate.templates) {
    document["templates"].push_back(to_json(templates));
  }
  return document;
}

}  // namespace durward
