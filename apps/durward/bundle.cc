#include "bundle/bundle.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "bundle/bundle_writer.h"
#include "bundle/key_file.h"
#include "bundle_text.h"
#include "commands.h"
#include "report/result_json.h"
#include "runtimes/golden.h"
#include "terminal.h"

namespace durward {
namespace {

using nlohmann::json;

struct BundleCommand {
  std::string file, secret, output, isa;
  std::vector<std::string> keys;
};

// What is to be looked at or signed may be unsigned, or have a signature that is bad.
constexpr auto kAnySignature = BundleOptions::Require::kNothing;

absl::StatusOr<ExitCode> show(const BundleCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const Bundle bundle,
                           Bundle::open(options.file, {.require = kAnySignature}));
  std::cout << (line.json ? result_text(bundle_json(bundle)) : printable(bundle_text(bundle)));
  return kExitOk;
}

struct Verdict {
  std::string name, reason;
  bool passed = false;
};

Verdict verdict_of(const Bundle& bundle, bool wants_trust) {
  const std::string intact =
      absl::StrCat("all ", bundle.manifest().members.size(), " members are as the manifest says; ");
  switch (bundle.signature_state()) {
    case SignatureState::kUnsigned:
      return {"unsigned", intact + "nobody signed it", !wants_trust};
    case SignatureState::kUnknownKey:
      return {"unknown key",
              intact + "it is signed by " + signer_text(bundle) +
                  (wants_trust ? ", which is none of those given" : "; no trusted key was given"),
              !wants_trust};
    case SignatureState::kTrusted:
      return {"trusted", intact + "it is signed by " + signer_text(bundle), true};
    case SignatureState::kBad:
      break;
  }
  return {"bad signature",
          "the signature, which names " + signer_text(bundle) + ", is not one of this manifest",
          false};
}

// What is wrong with the file itself, or nothing where it could not be looked at.
std::optional<Verdict> verdict_of(const absl::Status& status) {
  const std::string reason(status.message());
  if (absl::IsDataLoss(status)) return Verdict{"damaged", reason};
  if (absl::IsUnimplemented(status)) return Verdict{"unsupported", reason};
  return std::nullopt;
}

absl::StatusOr<Verdict> judge(const BundleCommand& options) {
  BundleOptions settings;
  settings.require = kAnySignature;
  for (const std::string& path : options.keys) {
    DURWARD_ASSIGN_OR_RETURN(const PublicKey key, read_public_key(path));
    settings.trusted_keys.push_back(key);
  }
  const absl::StatusOr<Bundle> bundle = Bundle::open(options.file, settings);
  const absl::Status status = bundle.ok() ? bundle->check_members() : bundle.status();
  if (status.ok()) return verdict_of(*bundle, !options.keys.empty());
  if (const auto verdict = verdict_of(status)) return *verdict;
  return status;
}

absl::StatusOr<ExitCode> verify(const BundleCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const Verdict verdict, judge(options));
  if (line.json) {
    std::cout << result_text({{"file", options.file},
                              {"verdict", verdict.name},
                              {"passed", verdict.passed},
                              {"reason", verdict.reason}});
  } else {
    std::cout << printable((verdict.passed ? "passed: " : "failed: ") + verdict.name + ": " +
                           verdict.reason)
              << "\n";
  }
  return verdict.passed ? kExitOk : kExitGateFailed;
}

absl::StatusOr<ExitCode> golden(const BundleCommand& options, const CommandLine& line) {
  DURWARD_ASSIGN_OR_RETURN(const std::optional<Isa> isa, parse_isa(options.isa));
  DURWARD_ASSIGN_OR_RETURN(const Bundle bundle, Bundle::open(options.file));
  const absl::StatusOr<GoldenResult> result = check_golden(bundle, isa);
  if (!result.ok() && !absl::IsDataLoss(result.status())) return result.status();
  const bool passed = result.ok() && result->vectors > 0;
  const std::string reason = !result.ok() ? std::string(result.status().message())
                             : passed     ? absl::StrCat(result->vectors, " golden vectors, ",
                                                         result->bytes, " bytes of output, all equal")
                                          : "it has no golden vectors";
  if (line.json) {
    std::cout << result_text({{"file", options.file}, {"passed", passed}, {"reason", reason}});
  } else {
    std::cout << printable((passed ? "passed: " : "failed: ") + reason) << "\n";
  }
  return passed ? kExitOk : kExitGateFailed;
}

absl::StatusOr<ExitCode> sign(const BundleCommand& options, const CommandLine& line) {
  const std::string& output = options.output.empty() ? options.file : options.output;
  DURWARD_ASSIGN_OR_RETURN(const SecretKey key, read_secret_key(options.secret));
  DURWARD_ASSIGN_OR_RETURN(const Bundle bundle,
                           Bundle::open(options.file, {.require = kAnySignature}));
  DURWARD_RETURN_IF_ERROR(sign_bundle(bundle, key, output));
  const std::string id = key_id(key.public_key());
  if (line.json) {
    std::cout << result_text({{"file", output}, {"key_id", id}});
  } else {
    std::cout << printable("wrote " + output) << ", signed by key " << id << "\n";
  }
  return kExitOk;
}

absl::StatusOr<ExitCode> keygen(const BundleCommand& options, const CommandLine& line) {
  const std::string secret_path = options.output + ".key", public_path = options.output + ".pub";
  const SecretKey key = SecretKey::generate();
  DURWARD_RETURN_IF_ERROR(write_public_key(public_path, key.public_key()));
  if (absl::Status status = write_secret_key(secret_path, key); !status.ok()) {
    // A public key whose secret is nowhere is of no use.
    std::error_code ignored;
    std::filesystem::remove(public_path, ignored);
    return status;
  }
  const std::string id = key_id(key.public_key());
  if (line.json) {
    std::cout << result_text(
        {{"secret_key", secret_path}, {"public_key", public_path}, {"key_id", id}});
  } else {
    std::cout << printable("wrote " + secret_path + ": keep it secret, it signs bundles\nwrote " +
                           public_path + ": for those who verify them")
              << "\nkey " << id << "\n";
  }
  return kExitOk;
}

using Action = absl::StatusOr<ExitCode> (*)(const BundleCommand&, const CommandLine&);

CLI::App* add_part(CLI::App& parent, CommandLine& line,
                   const std::shared_ptr<BundleCommand>& options, const std::string& name,
                   const std::string& help, Action action) {
  CLI::App* command = parent.add_subcommand(name, help);
  command->callback([options, &line, action] {
    line.run = [options, &line, action] { return action(*options, line); };
  });
  return command;
}

}  // namespace

void add_bundle(CLI::App& app, CommandLine& line) {
  auto options = std::make_shared<BundleCommand>();
  CLI::App* bundle = app.add_subcommand("bundle", "Look into bundles, verify, try and sign them");
  // None at all is refused after the parse: CLI11 would speak of a missing one where it is
  // mistyped.
  bundle->require_subcommand(0, 1);
  bundle->callback([bundle] {
    if (bundle->get_subcommands().empty()) {
      throw CLI::RequiredError("A subcommand (show, verify, golden, sign or keygen)");
    }
  });
  bundle->footer(
      "Examples:\n"
      "  durward bundle show face.bundle\n"
      "  durward bundle verify face.bundle --key release.pub\n"
      "docs/bundle.md describes the file.");

  CLI::App* command = add_part(*bundle, line, options, "show",
                               "What is in a bundle: model, preprocessing, certificate, members, "
                               "signature",
                               show);
  command->add_option("FILE", options->file, "the bundle")->required();
  command->footer(
      "Examples:\n"
      "  durward bundle show face.bundle\n"
      "  durward bundle show face.bundle --json");

  command =
      add_part(*bundle, line, options, "verify",
               "Check every member and the signature; exits 3 where something is wrong", verify);
  command->add_option("FILE", options->file, "the bundle")->required();
  command
      ->add_option("--key", options->keys,
                   "a public key to trust (PEM, may be given several times): passes only what "
                   "one of them signed. Without: whatever is intact, told apart")
      ->type_name("PUB")
      ->allow_extra_args(false);
  command->footer(
      "Verdicts: trusted, unknown key, unsigned, bad signature, damaged, unsupported (a later "
      "schema).\n"
      "Examples:\n"
      "  durward bundle verify face.bundle --key release.pub\n"
      "  durward bundle verify face.bundle --key old.pub --key new.pub --json");

  command =
      add_part(*bundle, line, options, "golden",
               "Run the golden vectors on this machine: every bit has to be as validated", golden);
  command->add_option("FILE", options->file, "the bundle")->required();
  command->add_option("--isa", options->isa,
                      "use no faster instruction set than this (portable, avx2, avx-vnni, "
                      "avx512-vnni, amx; neon, neon-dotprod, neon-i8mm)");
  command->footer(
      "Exits 3 where a bit differs.\n"
      "Examples:\n"
      "  durward bundle golden face.bundle\n"
      "  durward bundle golden face.bundle --isa avx2");

  command = add_part(*bundle, line, options, "sign",
                     "Sign a bundle, in the place of a signature that it may have", sign);
  command->add_option("FILE", options->file, "the bundle")->required();
  command->add_option("--key", options->secret, "the secret key (PEM, Ed25519)")
      ->type_name("SECRET")
      ->required();
  command->add_option("--out", options->output, "write to this file instead of replacing FILE");
  command->footer(
      "Examples:\n"
      "  durward bundle sign face.bundle --key release.key\n"
      "  durward bundle sign face.bundle --key release.key --out face.signed.bundle");

  command =
      add_part(*bundle, line, options, "keygen", "Make a key pair that signs bundles", keygen);
  command->add_option("--out", options->output, "writes PREFIX.key (the secret) and PREFIX.pub")
      ->type_name("PREFIX")
      ->required();
  command->footer(
      "Examples:\n"
      "  durward bundle keygen --out release");
}

}  // namespace durward
