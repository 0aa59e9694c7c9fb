#include "pipeline/export_micro.h"

#include <utility>

#include "base/file.h"
#include "bundle/bundle.h"
#include "pipeline/feature_header.h"
#include "pipeline/staged_folder.h"
#include "runtimes/replanned.h"

namespace durward {
namespace {

absl::Status write_files(const CExport& exported, const std::filesystem::path& output) {
  DURWARD_ASSIGN_OR_RETURN(StagedFolder staging, StagedFolder::create(output));
  std::vector<std::string> names;
  for (const CFile& file : exported.files) {
    DURWARD_RETURN_IF_ERROR(staging.make_folder_of(file.name));
    DURWARD_RETURN_IF_ERROR(write_file_atomic(staging.file(file.name), file.text));
    names.push_back(file.name);
  }
  return staging.publish(names);
}

}  // namespace

absl::StatusOr<CExport> export_micro(const MicroExportRequest& request) {
  DURWARD_ASSIGN_OR_RETURN(const Bundle bundle, Bundle::open(request.bundle));
  const std::string& name = request.name.empty() ? bundle.manifest().model.name : request.name;
  absl::StatusOr<ReplannedModel> model = replan_bundle(bundle, request.plan);
  if (!model.ok()) return with_context(model.status(), request.bundle.string());
  std::vector<MicroGolden> golden;
  for (ReplannedVector& vector : model->vectors) {
    golden.push_back({std::move(vector.inputs), std::move(vector.outputs)});
  }
  absl::StatusOr<CExport> exported =
      export_c(model->session->plan(), c_identifier(name), golden, request.limits);
  if (!exported.ok()) return with_context(exported.status(), request.bundle.string());
  const nlohmann::json& preprocessing = bundle.manifest().preprocessing;
  if (preprocessing.value("kind", "image") == "features") {
    DURWARD_ASSIGN_OR_RETURN(const FeatureSpec spec,
                             parse_feature_spec(preprocessing.dump(), request.bundle.string()));
    exported->files.push_back(feature_header(spec, model->session->plan(), c_identifier(name)));
  }
  DURWARD_RETURN_IF_ERROR(write_files(*exported, request.output));
  return exported;
}

}  // namespace durward
