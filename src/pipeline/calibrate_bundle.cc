#include "pipeline/calibrate_bundle.h"

#include <algorithm>

#include "bundle/bundle_writer.h"
#include "pipeline/certificate.h"
#include "pipeline/score_calibration.h"

namespace durward {
namespace {

absl::StatusOr<ForeignTemplates> judge_enroller(const TrialSet& set,
                                                const std::filesystem::path& enroller,
                                                const System& system,
                                                const EvaluateOptions& options) {
  DURWARD_ASSIGN_OR_RETURN(const Bundle bundle, Bundle::open(enroller));
  const Variant variant{enroller.filename().string(), RuntimeKind::kEngine, enroller};
  DURWARD_ASSIGN_OR_RETURN(const System before, evaluate_file(set, variant, options));
  if (before.embeddings.dims() != system.embeddings.dims()) {
    return absl::FailedPreconditionError(
        absl::StrCat(enroller.string(), ": its embeddings have ", before.embeddings.dims(),
                     " values, the bundle's ", system.embeddings.dims(),
                     ": no template of one can be compared with the other"));
  }
  DURWARD_ASSIGN_OR_RETURN(const Comparison comparison,
                           compare_systems(set, before, system, options));
  return foreign_templates(plan_sha256(bundle.manifest()), comparison);
}

}  // namespace

std::string plan_sha256(const Manifest& manifest) {
  const auto plan = std::find_if(manifest.members.begin(), manifest.members.end(),
                                 [](const ManifestMember& one) { return one.path == kPlanPath; });
  return plan == manifest.members.end() ? "" : plan->sha256;
}

absl::StatusOr<Manifest> calibrate_bundle(const TrialSet& set, const CalibrateRequest& request) {
  DURWARD_ASSIGN_OR_RETURN(const Bundle bundle, Bundle::open(request.bundle));
  Manifest manifest = bundle.manifest();
  if (!request.enrollers.empty() && !manifest.certificate) {
    return absl::FailedPreconditionError(
        absl::StrCat(request.bundle.string(),
                     ": it has no certificate, which is where templates of other models stand; "
                     "make it with durward compress --evaluate"));
  }
  const Variant variant{request.bundle.filename().string(), RuntimeKind::kEngine, request.bundle};
  DURWARD_ASSIGN_OR_RETURN(const System system, evaluate_file(set, variant, request.evaluation));
  DURWARD_ASSIGN_OR_RETURN(manifest.score_calibration,
                           calibrate_scores(set, system.embeddings,
                                            {.seed = request.evaluation.figures.bootstrap.seed}));
  for (const std::filesystem::path& enroller : request.enrollers) {
    DURWARD_ASSIGN_OR_RETURN(ForeignTemplates templates,
                             judge_enroller(set, enroller, system, request.evaluation));
    std::erase_if(manifest.certificate->templates, [&](const ForeignTemplates& one) {
      return one.model_sha256 == templates.model_sha256;
    });
    manifest.certificate->templates.push_back(std::move(templates));
  }
  DURWARD_RETURN_IF_ERROR(replace_manifest(bundle, manifest, request.output, request.key));
  return manifest;
}

}  // namespace durward
