// Which members a bundle has, and where they stand.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace durward {

inline constexpr std::string_view kManifestPath = "manifest.json";  // the first member
inline constexpr std::string_view kPlanPath = "plan.fb";            // the second
inline constexpr std::string_view kSignaturePath = "manifest.sig";  // the last, where it is signed
// Every other member is in one of these.
inline constexpr std::string_view kGoldenFolder = "golden/";      // input and output vectors
inline constexpr std::string_view kExportsFolder = "exports/";    // the model for other runtimes
inline constexpr std::string_view kEvidenceFolder = "evidence/";  // the report and its figures

// In the order in which the writer puts them.
enum class MemberPlace : uint8_t { kPlan, kGolden, kExports, kEvidence };

// Nothing for a path that no member but the manifest and its signature has.
[[nodiscard]] inline std::optional<MemberPlace> member_place(std::string_view path) {
  if (path == kPlanPath) return MemberPlace::kPlan;
  if (path.starts_with(kGoldenFolder)) return MemberPlace::kGolden;
  if (path.starts_with(kExportsFolder)) return MemberPlace::kExports;
  if (path.starts_with(kEvidenceFolder)) return MemberPlace::kEvidence;
  return std::nullopt;
}

}  // namespace durward
